// One request to the API, past its credentials.

export interface Call {
  readonly request: Request;
  readonly url: URL;
  readonly query: URLSearchParams;
  /**
   * Refuses the caller who may not.
   * @param resource `b/BUCKET` or `projects/PROJECT`
   * @throws GcsError 401 or 403
   */
  demand(permission: string, resource: string): void;
}

export function json(body: object): Response {
  return new Response(JSON.stringify(body), { headers: { "content-type": "application/json; charset=UTF-8" } });
}
