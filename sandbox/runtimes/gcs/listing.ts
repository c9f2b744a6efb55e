// One page of a bucket's objects. Source: cloud.google.com/storage/docs/json_api/v1/objects/list
import { invalid } from "./errors.ts";
import type { StoredObject } from "./model.ts";

export interface ListOptions {
  readonly prefix: string;
  readonly delimiter?: string;
  /** Also list an object whose name ends in the delimiter beside its prefix. */
  readonly includeTrailingDelimiter: boolean;
  /** First name, inclusive. */
  readonly startOffset?: string;
  /** Last name, exclusive. */
  readonly endOffset?: string;
  readonly maxResults: number;
  readonly pageToken?: string;
}

export interface Page {
  readonly items: readonly StoredObject[];
  readonly prefixes: readonly string[];
  readonly nextPageToken?: string;
}

export function listOptions(query: URLSearchParams): ListOptions {
  const maxResults = Number(query.get("maxResults") ?? 1000);
  if (!Number.isInteger(maxResults) || maxResults < 1) throw invalid(`Invalid value for maxResults: "${query.get("maxResults")}"`);
  const text = (name: string) => query.get(name) || undefined;
  return {
    prefix: query.get("prefix") ?? "",
    delimiter: text("delimiter"),
    includeTrailingDelimiter: query.get("includeTrailingDelimiter") === "true",
    startOffset: text("startOffset"),
    endOffset: text("endOffset"),
    maxResults: Math.min(maxResults, 1000),
    pageToken: text("pageToken"),
  };
}

/** @param objects those that begin with the prefix, by name, then generation */
export function page(objects: readonly StoredObject[], options: ListOptions): Page {
  const after = options.pageToken === undefined ? undefined : decode(options.pageToken);
  const items: StoredObject[] = [];
  const prefixes: string[] = [];
  let last = "";
  for (const object of objects) {
    const { name } = object;
    if ((options.startOffset !== undefined && name < options.startOffset) || (options.endOffset !== undefined && name >= options.endOffset))
      continue;
    const folder = folderOf(name, options);
    const position = folder ?? positionOf(object);
    if (after !== undefined && position <= after) continue;
    const known = folder !== undefined && prefixes.at(-1) === folder;
    if (!known && items.length + prefixes.length === options.maxResults) return { items, prefixes, nextPageToken: encode(last) };
    if (folder !== undefined && !known) prefixes.push(folder);
    if (folder === undefined || (options.includeTrailingDelimiter && name === folder)) items.push(object);
    last = position;
  }
  return { items, prefixes };
}

function folderOf(name: string, { prefix, delimiter }: ListOptions): string | undefined {
  if (delimiter === undefined) return undefined;
  const end = name.indexOf(delimiter, prefix.length);
  return end < 0 ? undefined : name.slice(0, end + delimiter.length);
}

/** Sorts as name, then generation: generations have sixteen digits. */
const positionOf = ({ name, generation }: StoredObject) => `${name}\0${String(generation).padStart(20, "0")}`;
const encode = (position: string) => Buffer.from(position).toString("base64url");
const decode = (token: string) => Buffer.from(token, "base64url").toString();
