// What the preferences service and its migration job are configured with.
import { fileURLToPath } from "node:url";
import * as z from "zod";
import { origin, pem } from "../environment.ts";

const database = {
  /** Folder of the Unix socket. */
  DATABASE_SOCKET: z.string().min(1),
  DATABASE_NAME: z.string().min(1),
  /** An IAM user: the service account's e-mail without `.gserviceaccount.com`. */
  DATABASE_USER: z.string().min(1),
};

export const serviceEnvironment = z.object({
  ...database,
  PORT: z.coerce.number().int().min(0).max(65535),
  REGION: z.string().min(1),
  JURISDICTION: z.string().min(1),
  /** Verifies that a request came through the region's edge. */
  EDGE_PUBLIC_KEY: pem,
  /** Signs subject tokens. */
  SUBJECT_TOKEN_PRIVATE_KEY: pem,
  /** Own https origin, which the edge's tokens name. */
  AUDIENCE: origin,
  /** Origin of the Worker that owns the subjects; absent where the edge keeps no state. */
  SUBJECTS_URL: origin.optional(),
  DECISION_TABLE: z.string().default(fileURLToPath(new URL("./decision-table.json", import.meta.url))),
  /** Release, for the Server-Version header. */
  VERSION: z.string().min(1),
  /** Set by the platform (cloud.google.com/run/docs/container-contract#services-env-vars). */
  K_REVISION: z.string().optional(),
});
export type ServiceEnvironment = z.infer<typeof serviceEnvironment>;

export const migrationEnvironment = z.object({
  ...database,
  /** Users that get what a service may do, comma-separated. */
  SERVICE_USERS: z.string().transform((list) =>
    list
      .split(",")
      .map((user) => user.trim())
      .filter(Boolean),
  ),
});
