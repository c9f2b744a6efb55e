// Preconditions of the JSON API: cloud.google.com/storage/docs/request-preconditions
import { conditionNotMet, GcsError, invalid } from "./errors.ts";

/** Generation and metageneration that a request asks for; 0 as a generation stands for "no live object". */
export interface Conditions {
  readonly generationMatch?: number;
  readonly generationNotMatch?: number;
  readonly metagenerationMatch?: number;
  readonly metagenerationNotMatch?: number;
}

/** @param prefix `if`, or `ifSource` for the source of a copy */
export function conditionsOf(query: URLSearchParams, prefix = "if"): Conditions {
  const number = (name: string) => {
    const text = query.get(`${prefix}${name}`);
    if (text === null) return undefined;
    if (!/^\d+$/.test(text)) throw invalid(`Invalid value for ${prefix}${name}: "${text}", expected a number`);
    return Number(text);
  };
  return {
    generationMatch: number("GenerationMatch"),
    generationNotMatch: number("GenerationNotMatch"),
    metagenerationMatch: number("MetagenerationMatch"),
    metagenerationNotMatch: number("MetagenerationNotMatch"),
  };
}

/**
 * @param current undefined when there is no live object
 * @throws GcsError 412; for a read whose `NotMatch` does not hold 304
 */
export function requireConditions(
  conditions: Conditions,
  current: { readonly generation?: number; readonly metageneration: number } | undefined,
  reading = false,
): void {
  const generation = current?.generation ?? 0;
  const metageneration = current?.metageneration ?? 0;
  const { generationMatch, generationNotMatch, metagenerationMatch, metagenerationNotMatch } = conditions;
  if (generationMatch !== undefined && generationMatch !== generation) throw conditionNotMet();
  if (metagenerationMatch !== undefined && metagenerationMatch !== metageneration) throw conditionNotMet();
  if (generationNotMatch === generation || metagenerationNotMatch === metageneration) {
    throw reading ? new GcsError(304, "notModified", "Not Modified") : conditionNotMet();
  }
}
