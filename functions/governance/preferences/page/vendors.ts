// Who receives data, for which purpose, and as what. Data that a brand replaces by its own; checked when it is read.
import * as z from "zod";
import { type Purpose, purposes } from "../../../shared/consent.ts";

const vendor = z.strictObject({
  name: z.string().min(1).max(100),
  /** `processor`: on our instructions only (GDPR Art. 28). `third-party`: decides itself what it does with the data (Art. 4(10)). */
  role: z.enum(["processor", "third-party"]),
  /** Where it is established: ISO 3166-1 alpha-2. */
  country: z.string().regex(/^[A-Z]{2}$/, "must be two capital letters, as ISO 3166-1 has them"),
  purposes: z.array(z.enum(purposes)).min(1),
});
export type Vendor = z.infer<typeof vendor>;

/** Reads a list of vendors that came from outside. Throws a zod error that names every wrong member. */
export const parseVendors = (value: unknown): readonly Vendor[] => z.array(vendor).parse(value);

/** The vendors of the made-up tea house: its clouds, and two that do not exist. */
export const vendors: readonly Vendor[] = parseVendors([
  { name: "Google Cloud", role: "processor", country: "IE", purposes: [...purposes] },
  { name: "Cloudflare", role: "processor", country: "US", purposes: ["personalisation"] },
  { name: "Amazon Web Services", role: "processor", country: "LU", purposes: ["analytics"] },
  { name: "Pigeon Post", role: "processor", country: "NL", purposes: ["email-marketing"] },
  { name: "Shop Window Network", role: "third-party", country: "US", purposes: ["advertising"] },
]);

export const vendorsOf = (all: readonly Vendor[], purpose: Purpose): readonly Vendor[] =>
  all.filter(({ purposes }) => purposes.includes(purpose));
