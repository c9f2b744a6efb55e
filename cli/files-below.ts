import { readdirSync } from "node:fs";
import { join } from "node:path";

/** Paths of all files in a folder and those within it, in an order that is the same everywhere. */
export function filesBelow(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
