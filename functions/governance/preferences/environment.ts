// What the preferences service is configured with.
import { fileURLToPath } from "node:url";
import * as z from "zod";
import { origin, pem, serviceEnvironment, telemetryEnvironment } from "../environment.ts";
import { serviceClients } from "./service-clients.ts";

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
  /** The version of the log's key in Cloud KMS, `projects/.../cryptoKeyVersions/1`. */
  LOG_KEY_KMS: z
    .string()
    .regex(
      /^projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+\/cryptoKeys\/[^/]+\/cryptoKeyVersions\/\d+$/,
      "must be a key version's full name",
    ),
  /** The log's name, and its public address without a scheme: `eu.brand.example/v1/log`. */
  LOG_ORIGIN: z.string().regex(/^[^\s+/]+\/v1\/log$/, "must be a host name and /v1/log"),
  /** The bucket of Cloud Storage that the log is published to. */
  LOG_BUCKET: z.string().min(1),
  /** The audit vault that the log is published to: bucket, location, the writer's role and the audience of its identity token. */
  VAULT_BUCKET: z.string().min(1),
  VAULT_LOCATION: z.string().min(1),
  VAULT_ROLE: z.string().startsWith("arn:"),
  VAULT_AUDIENCE: z.string().min(1),
  /** The log of another region that this one watches, as that is named; absent where nobody's is watched. */
  WATCHED_LOG: z.string().optional(),
  /** Its key, `<name>+<id>+<base64>`. Absent: the key that it shows at first sight is the one for ever. */
  WATCHED_LOG_KEY: z.string().optional(),
  /** Where it is asked. Default: its name, by https. */
  WATCHED_LOG_URL: z.url().optional(),
  STORAGE_ORIGIN: origin.default("https://storage.googleapis.com"),
  /** Where Amazon's APIs are asked, as its own libraries have it (docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html). */
  AWS_ENDPOINT_URL: origin.optional(),
  AWS_ENDPOINT_URL_S3: origin.optional(),
  /** The services of the brand that may call: `[{"name", "key", "scopes"}]`. */
  SERVICE_CLIENTS: serviceClients.default([]),
  /** Phase of a rollout: in phase 1 nothing may be permitted. */
  PHASE: z.enum(["1", "2"]).optional(),
  DECISION_TABLE: z.string().default(fileURLToPath(new URL("./decision-table.json", import.meta.url))),
});
export type PreferencesEnvironment = z.infer<typeof preferencesEnvironment>;
