// Structured log lines as Cloud Logging reads them: one JSON object a line (cloud.google.com/logging/docs/structured-logging).
// Never a subject, a token or a body.

type Severity = "INFO" | "WARNING" | "ERROR";

export function log(severity: Severity, message: string, fields: Readonly<Record<string, unknown>> = {}): void {
  console.log(JSON.stringify({ severity, message, ...fields }));
}

/** What may be told of an error in a log. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
