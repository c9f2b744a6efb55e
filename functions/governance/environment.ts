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
