// The services of the brand that may call, each with its own key and its own scopes. Data of the stack's configuration.
import { createMiddleware } from "hono/factory";
import * as z from "zod";
import { ProblemError } from "../../shared/problem.ts";
import { claimedService, type ServiceScope, serviceScopes, verifyServiceToken } from "../../shared/service-token.ts";
import { bearer } from "../../shared/tokens.ts";
import { pem } from "../environment.ts";
import type { CallingService, Variables } from "../through-the-edge.ts";

const client = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{1,62}$/, "must be lower-case letters, digits and hyphens"),
  /** Ed25519, SPKI PEM. */
  key: pem,
  /** The most that it may ask for. */
  scopes: z.array(z.enum(serviceScopes)).min(1),
});

export const serviceClients = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue("must be JSON");
      return z.NEVER;
    }
  })
  .pipe(z.array(client).refine((all) => new Set(all.map(({ name }) => name)).size === all.length, "must name each service once"));
export type ServiceClients = z.infer<typeof serviceClients>;

/** Finds out whether a service calls. A token that says so and does not prove it ends the request with 401; any other is for others to judge. */
export function throughAService(clients: ServiceClients, region: string) {
  return createMiddleware<{ Variables: Variables }>(async (c, next) => {
    const token = bearer(c.req.header("authorization"));
    const name = token === undefined ? undefined : claimedService(token);
    if (token !== undefined && name !== undefined) c.set("service", await proven(clients, name, token, region));
    await next();
  });
}

async function proven(clients: ServiceClients, name: string, token: string, region: string): Promise<CallingService> {
  const known = clients.find((each) => each.name === name);
  // One answer for both: who may call is nobody's business.
  const asked = known && (await verifyServiceToken(known.key, token, name, region).catch(() => undefined));
  if (!asked)
    throw new ProblemError({
      status: 401,
      kind: "unknown-service",
      title: "Which service?",
      detail: `The token is of no service that is configured for region "${region}", was signed by another key, or is older than five minutes.`,
      headers: { "www-authenticate": 'Bearer error="invalid_token"' },
    });
  return { name, scopes: new Set(known.scopes.filter((scope) => asked.has(scope))) };
}

/** Throws unless the service may do this. RFC 6750 section 3.1. */
export function requireScope({ name, scopes }: CallingService, scope: ServiceScope): void {
  if (scopes.has(scope)) return;
  throw new ProblemError({
    status: 403,
    kind: "insufficient-scope",
    title: "Not allowed",
    detail: `The service "${name}" did not ask for the scope "${scope}" in its token, or may not have it. The stack's configuration says which it may have.`,
    headers: { "www-authenticate": `Bearer error="insufficient_scope", scope="${scope}"` },
  });
}
