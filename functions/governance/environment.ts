// Configuration of a service: its environment, read once at start through a zod schema.
import * as z from "zod";

/** A person's mistake in the deployment: shown without a stack. */
export class ConfigurationError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ConfigurationError";
  }
}

/** The environment as the schema sees it. Throws one ConfigurationError that names every variable that is missing or wrong; values are never shown. */
export function readEnvironment<Schema extends z.ZodType>(
  schema: Schema,
  source: Readonly<Record<string, string | undefined>>,
): z.infer<Schema> {
  const result = schema.safeParse(source);
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => `- ${issue.path.join(".")}: ${issue.message}`);
  throw new ConfigurationError(`The environment of this service is not complete:\n${lines.join("\n")}`);
}

/** An https or http origin, without a path. */
export const origin = z.url().transform((value) => new URL(value).origin);

export const pem = z.string().regex(/-----BEGIN [A-Z ]+-----/, "must be a PEM document");

/** A region's database, as the service's own user. */
export const databaseEnvironment = {
  /** Folder of the Unix socket. */
  DATABASE_SOCKET: z.string().min(1),
  DATABASE_NAME: z.string().min(1),
  /** An IAM user: the service account's e-mail without `.gserviceaccount.com`. */
  DATABASE_USER: z.string().min(1),
};

/** Who a service is, and whom it answers. */
export const serviceEnvironment = {
  ...databaseEnvironment,
  PORT: z.coerce.number().int().min(0).max(65535),
  REGION: z.string().min(1),
  /** Verifies that a request came through the region's edge. */
  EDGE_PUBLIC_KEY: pem,
  /** Own https origin, which the edge's tokens name. */
  AUDIENCE: origin,
  /** Release, for the Server-Version header. */
  VERSION: z.string().min(1),
  /** Set by the platform (cloud.google.com/run/docs/container-contract#services-env-vars). */
  K_REVISION: z.string().optional(),
};

/** Where a service's telemetry goes. */
export const telemetryEnvironment = {
  /** Signs the requests to the collectors. */
  TELEMETRY_KEY: pem,
  /** https origins of the collectors. */
  COLLECTOR_GCP: origin,
  COLLECTOR_AWS: origin,
  /** What may wait for one path, in bytes; beyond it the oldest bulk goes. */
  TELEMETRY_LIMIT_BYTES: z.coerce.number().int().positive(),
};
