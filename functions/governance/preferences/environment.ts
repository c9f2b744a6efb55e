// What the preferences service is configured with.
import { fileURLToPath } from "node:url";
import * as z from "zod";
import { origin, pem, serviceEnvironment, telemetryEnvironment } from "../environment.ts";

export const preferencesEnvironment = z.object({
  ...serviceEnvironment,
  ...telemetryEnvironment,
  JURISDICTION: z.string().min(1),
  /** Signs subject tokens. */
  SUBJECT_TOKEN_PRIVATE_KEY: pem,
  /** Origin of the Worker that owns the subjects; absent where the edge keeps no state. */
  SUBJECTS_URL: origin.optional(),
  /** The region's key in Cloud KMS, `projects/.../cryptoKeys/...`: it wraps what wraps the subjects' keys. */
  SUBJECT_KEYS_KMS: z
    .string()
    .regex(/^projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+\/cryptoKeys\/[^/]+$/, "must be a key's full name"),
  /** Origin of the KMS API. A regional endpoint keeps the calls in their place as well. */
  KMS_ORIGIN: origin.default("https://cloudkms.googleapis.com"),
  DECISION_TABLE: z.string().default(fileURLToPath(new URL("./decision-table.json", import.meta.url))),
});
export type PreferencesEnvironment = z.infer<typeof preferencesEnvironment>;
