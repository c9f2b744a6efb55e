// The residency register: the data class, and where needed the jurisdiction, of what can carry neither tag nor label.
import { join } from "node:path";
import * as z from "zod";
import { type DataClass, dataClasses, type Jurisdiction, jurisdictions } from "../stacks/residency.ts";
import { glob } from "./glob.ts";
import { readList } from "./yaml-list.ts";

const entry = z.strictObject({
  /** Glob over URNs. */
  match: z
    .string()
    .startsWith("urn:pulumi:", "must be a URN or a glob over URNs, such as urn:pulumi:eu::*::cloudflare:index/queue:Queue::*"),
  dataClass: z.enum(dataClasses),
  jurisdiction: z.enum(jurisdictions as [Jurisdiction, ...Jurisdiction[]]).optional(),
  /** The path of telemetry that ends in it, and those that wait in it: what the tags `telemetry-path` and `telemetry-spool` say. */
  telemetryPath: z.string().optional(),
  telemetrySpool: z.array(z.string()).optional(),
  /** Who would ask, and what the answer is. */
  why: z.string().min(10, "must say in a sentence why this class is right"),
});

export interface Entry {
  readonly dataClass: DataClass;
  readonly jurisdiction?: Jurisdiction;
  readonly telemetryPath?: string;
  readonly telemetrySpool?: readonly string[];
}

/** Finds the entry of a URN. The first that matches counts, so the more precise ones stand first. */
export type Register = (urn: string) => Entry | undefined;

/**
 * @param dir folder of `register.yaml`
 * @throws Error listing every wrong entry
 */
export function loadRegister(dir: string, text?: string): Register {
  const entries = readList(join(dir, "register.yaml"), entry, text).map((item) => ({ ...item, matches: glob(item.match) }));
  // Many rules ask about the same resource.
  const known = new Map<string, Entry | undefined>();
  return (urn) => {
    if (!known.has(urn))
      known.set(
        urn,
        entries.find(({ matches }) => matches(urn)),
      );
    return known.get(urn);
  };
}
