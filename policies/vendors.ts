// The vendor register: whom outside our own stacks data may be sent to, where that vendor keeps it, and what was agreed.
import { join } from "node:path";
import * as z from "zod";
import { dataClasses, type Jurisdiction, jurisdictions } from "../stacks/residency.ts";
import { glob } from "./glob.ts";
import { readList } from "./yaml-list.ts";

const host = z
  .string()
  .regex(/^(\*\.)?([a-z0-9-]+\.)+[a-z]{2,}$/, "must be a host name in lower case, or one behind `*.`, such as *.ingest.vendor.example");
const sentence = z.string().min(10, "must say it in a sentence");

const entry = z.strictObject({
  /** What rules and people call it. The clouds that stacks run on are `aws`, `gcp` and `cloudflare`. */
  name: z.string().regex(/^[a-z][a-z0-9-]*$/, "must be lower-case letters, digits and hyphens"),
  /** Hosts at which it takes data. None for a cloud: its own addresses are known. */
  endpoints: z.array(host),
  /** Jurisdiction -> where the vendor keeps the data of that jurisdiction. One that is missing gets nothing. */
  regions: z.partialRecord(z.enum(jurisdictions as [Jurisdiction, ...Jurisdiction[]]), z.string().min(2)),
  dataClasses: z.array(z.enum(dataClasses)),
  /** What it promises, and where that is written. */
  sla: sentence.optional(),
  /** In which form everything can be taken away again (Data Act, Art. 25; DORA, Art. 28(8)). */
  exportFormat: z.string().min(3).optional(),
  /** The longest that it keeps what it got, and the clause that says so. */
  retention: z.strictObject({ days: z.int().min(1), clause: sentence }).optional(),
  /** Who of the vendor may see the data, and the clause that says so. */
  access: sentence.optional(),
  /** Where all this was read, and the day on which a person read it. */
  evidence: z.strictObject({ url: z.httpUrl().startsWith("https://", "must be an https address"), date: z.iso.date() }).optional(),
});

export type Vendor = z.infer<typeof entry>;

export interface Vendors {
  /** The vendor that takes data at a host. The first that matches counts. */
  readonly at: (hostname: string) => Vendor | undefined;
  readonly named: (name: string) => Vendor | undefined;
}

export function vendorsOf(list: readonly Vendor[]): Vendors {
  const all = list.map((vendor) => ({ vendor, matchers: vendor.endpoints.map(glob) }));
  return {
    at: (hostname) => all.find(({ matchers }) => matchers.some((matches) => matches(hostname.toLowerCase())))?.vendor,
    named: (name) => list.find((vendor) => vendor.name === name),
  };
}

/**
 * @param dir folder of `vendors.yaml`
 * @throws Error listing every wrong entry, or a name that stands there twice
 */
export function loadVendors(dir: string, text?: string): Vendors {
  const list = readList(join(dir, "vendors.yaml"), entry, text);
  const twice = list.map(({ name }) => name).filter((name, index, names) => names.indexOf(name) !== index);
  if (twice.length > 0) throw new Error(`vendors.yaml cannot be used:\n  listed twice: ${[...new Set(twice)].join(", ")}`);
  return vendorsOf(list);
}
