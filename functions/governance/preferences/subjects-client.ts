// Tells the Worker that owns the subjects' Durable Objects what a subject has said.
import { type ConsentRecord, parseConsentRecord } from "../../shared/consent.ts";
import { identityToken } from "../metadata-server.ts";

/** `accepted`: this record, or the same one before, now holds there. `refused`: `held` does, and knows something that this one does not. */
export type Delivery = { readonly outcome: "accepted" } | { readonly outcome: "refused"; readonly held: ConsentRecord };

/** Throws when the Worker cannot be reached or does not take it. `origin`: the Worker's own https origin. */
export async function deliver(origin: string, subject: string, record: ConsentRecord): Promise<Delivery> {
  const response = await fetch(`${origin}/v1/subjects/${subject}/consent`, {
    method: "PUT",
    headers: { authorization: `Bearer ${await identityToken(origin)}`, "content-type": "application/json" },
    body: JSON.stringify(record),
    signal: AbortSignal.timeout(5000),
  });
  const body = await response.text();
  if (response.ok) return { outcome: "accepted" };
  if (response.status === 409) return { outcome: "refused", held: parseConsentRecord((JSON.parse(body) as { held: unknown }).held) };
  throw new Error(`The subjects' Worker answered ${response.status}: ${body.slice(0, 200)}`);
}
