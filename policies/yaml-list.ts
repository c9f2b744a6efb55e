// Reads a YAML file that holds one list, and says everything that is wrong with it at once.
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import * as z from "zod";

/**
 * @param file absolute path
 * @param text for tests; default: the file's content
 * @throws Error naming the file, each entry (counted from 1), each field and what is allowed
 */
export function readList<T>(file: string, entry: z.ZodType<T>, text = readFileSync(file, "utf8")): T[] {
  const name = file.split("/").at(-1);
  let content: unknown;
  try {
    content = parse(text) ?? [];
  } catch (error) {
    throw new Error(`${name} is not YAML: ${(error as Error).message}`);
  }
  const result = z.array(entry).safeParse(content);
  if (result.success) return result.data;
  const lines = result.error.issues.map(({ path, message }) => {
    const [index, ...field] = path;
    const where = typeof index === "number" ? `entry ${index + 1}${field.length > 0 ? `, ${field.join(".")}` : ""}` : "the file";
    return `  ${where}: ${message}`;
  });
  throw new Error(`${name} cannot be used:\n${lines.join("\n")}`);
}
