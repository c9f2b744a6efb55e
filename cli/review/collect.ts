// Reviews from files that nobody trusts: what a pull request's own workflow left behind. Nothing of them is executed, and no word of them
// gets out unless the schema lets it through and a renderer escapes it.
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PersonError } from "../errors.ts";
import { type Review, reviewSchema, reviewVersion } from "./model.ts";

const most = { files: 50, bytes: 16 * 1_048_576 } as const;

/**
 * @param paths files, or folders with files below them
 * @throws PersonError, without a word of what stands in the files, when one of them is no review or two are of one stack
 */
export function collect(paths: readonly string[]): Review {
  const files = paths.flatMap((path) => (lstatSync(path).isDirectory() ? below(path) : [path]));
  if (files.length > most.files) throw refusal(`there are ${files.length} files; at most ${most.files} are read`);
  const stacks = files.flatMap((file, i) => readOne(file, `file ${i + 1} of ${files.length}`).stacks);
  if (new Set(stacks.map(({ stack }) => stack)).size < stacks.length) throw refusal("two of them are of one stack");
  return {
    version: reviewVersion,
    stacks: stacks.sort((a, b) => Number(b.stack === "global") - Number(a.stack === "global") || a.stack.localeCompare(b.stack)),
  };
}

const below = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".json"))
    .map((file) => join(folder, file));

function readOne(file: string, which: string): Review {
  const { size, isFile } = about(file);
  if (!isFile) throw refusal(`${which} is no regular file`);
  if (size > most.bytes) throw refusal(`${which} is larger than ${most.bytes} bytes`);
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    throw refusal(`${which} is no JSON`);
  }
  const { success, data } = reviewSchema.safeParse(json);
  if (!success) throw refusal(`${which} is not what version ${reviewVersion} of a report is`);
  return data;
}

function about(file: string): { readonly size: number; readonly isFile: boolean } {
  // A link may lead anywhere.
  const found = lstatSync(file);
  return { size: found.size, isFile: found.isFile() };
}

const refusal = (problem: string) =>
  new PersonError(
    `The previews cannot be reported: ${problem}.`,
    "Write them with ./bailiwick preview <stack> --report json --out <file>, at the same commit.",
  );
