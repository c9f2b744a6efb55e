// The resources of stacks as their programs would make them. In a process of its own: a program's run leaves traces in Pulumi's SDK.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { ProgramResource } from "./graph.ts";

/** By stack, in the order given. @throws Error with what the program said, when it does not run */
export function stackPrograms(stacks: readonly string[]): Map<string, readonly ProgramResource[]> {
  const text = execFileSync(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", join(import.meta.dirname, "program.ts"), ...stacks],
    {
      encoding: "utf8",
      maxBuffer: 256 * 1024 * 1024,
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  return new Map(Object.entries(JSON.parse(text) as Record<string, ProgramResource[]>));
}
