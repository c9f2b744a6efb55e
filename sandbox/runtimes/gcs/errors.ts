// Errors of the Cloud Storage JSON API: cloud.google.com/storage/docs/json_api/v1/status-codes

/** An error that the API answers with, and that a deployment shows as it is. */
export class GcsError extends Error {
  readonly status: number;
  readonly reason: string;
  constructor(status: number, reason: string, message: string) {
    super(message);
    this.name = "GcsError";
    this.status = status;
    this.reason = reason;
  }
}

export const notFound = (what: string) => new GcsError(404, "notFound", what);
export const invalid = (message: string) => new GcsError(400, "invalid", message);
export const conditionNotMet = () => new GcsError(412, "conditionNotMet", "At least one of the pre-conditions you specified did not hold.");

export function respond({ status, reason, message }: GcsError): Response {
  if (status === 304) return new Response(null, { status });
  const body = { error: { code: status, message, errors: [{ message, domain: "global", reason }] } };
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json; charset=UTF-8" } });
}
