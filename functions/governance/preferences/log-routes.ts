// What proves that nobody rewrites what was said: receipts and proofs for whose they are, and the log's own word for everybody.
// Checkpoints and proofs are hashes over hashes; entries are never shown.
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { ProblemError } from "../../shared/problem.ts";
import type { LogKey } from "../audit/sequencer.ts";
import type { ShownHead, ShownLog } from "../audit/shown-log.ts";
import { publicPem, verifierKey } from "../audit/signed-note.ts";
import type { CallingService, Variables } from "../through-the-edge.ts";
import { type Keys, ownSubject } from "./authentication.ts";
import type { Entry } from "./ledger/ledger.ts";
import { receiptOf, receiptType } from "./receipt.ts";
import { json, problems } from "./routes.ts";
import { requireScope } from "./service-clients.ts";
import type { PreferencesStore } from "./store.ts";

export interface LogParts {
  readonly log: ShownLog;
  readonly signer: () => Promise<LogKey>;
  /** Vouches for the log of another region. */
  readonly cosigner: () => Promise<LogKey>;
  /** Who keeps the records: the region's own host name. */
  readonly publisher: string;
}

/** A publication is a minute away at most, while the stores outside are there. */
const retrySeconds = 15;

const hash = z.string().openapi({ description: "32 bytes in base64url", example: "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU" });
const note = z.string().openapi({ description: "A signed checkpoint (c2sp.org/tlog-checkpoint)" });
const eventId = z.object({ id: z.uuid().openapi({ example: "0b54b3a5-6c0e-4c37-9f5e-6d1c1e0a9b52" }) });
const text = (description: string) => ({ description, content: { "text/plain": { schema: z.string() } } });

const forWhom = "For the person's own token, and for the service that reported it, with the scope `consent-events:write`.";
const receipt = createRoute({
  method: "get",
  path: "/v1/consent-events/{id}/receipt",
  summary: "The receipt of something that one has said or reported oneself",
  description: `${forWhom} ISO/IEC TS 27560:2023 in terms of the Data Privacy Vocabulary. The same event has the same bytes for ever.`,
  request: { params: eventId },
  responses: {
    200: { description: "JSON-LD", content: { [receiptType]: { schema: z.object({ commitment: hash }).loose().openapi("Receipt") } } },
    ...problems,
  },
});

const proof = createRoute({
  method: "get",
  path: "/v1/consent-events/{id}/proof",
  summary: "The proof that something that one has said or reported oneself is in the log",
  description: forWhom,
  request: { params: eventId },
  responses: {
    200: json(
      z
        .object({ event: z.uuid(), commitment: hash, index: z.int(), size: z.int(), hashes: z.array(hash), checkpoint: note })
        .openapi("Proof", { description: "Verifies as RFC 9162 section 2.1.3.2 says, on the entry of the commitment" }),
      "The place in the log, and the inclusion proof for the checkpoint",
    ),
    202: json(z.object({ event: z.uuid(), status: z.literal("pending") }).openapi("PendingProof"), "Not in the log yet: see Retry-After"),
    ...problems,
  },
});

const checkpoint = createRoute({
  method: "get",
  path: "/v1/log/checkpoint",
  summary: "The log's signed word on its size and root",
  security: [],
  responses: { 200: text("A checkpoint as a signed note (c2sp.org/tlog-checkpoint)"), ...problems },
});

const size = (example: number) => z.coerce.number().int().min(0).openapi({ type: "integer", example });
const consistency = createRoute({
  method: "get",
  path: "/v1/log/consistency",
  summary: "The proof that the log of one size began as the log of a smaller one",
  security: [],
  request: { query: z.object({ from: size(1), to: size(3) }) },
  responses: {
    200: json(
      z.object({ from: z.int(), to: z.int(), hashes: z.array(hash) }).openapi("Consistency", {
        description: "Verifies as RFC 9162 section 2.1.4.2 says",
      }),
      "The consistency proof",
    ),
    ...problems,
  },
});

const key = createRoute({
  method: "get",
  path: "/v1/log/key",
  summary: "The log's public key",
  security: [],
  description: "Compare it with what you have from elsewhere: a log that brings its own key proves nothing to whoever does not know it.",
  responses: {
    200: json(
      z
        .object({
          origin: z.string(),
          verifierKey: z.string().openapi({ description: "`<name>+<id>+<base64>` (c2sp.org/signed-note)" }),
          monitorKey: z
            .string()
            .openapi({ description: "The key with which this region vouches for another's log (c2sp.org/tlog-cosignature)" }),
          pem: z.string().openapi({ description: "The same key as SPKI PEM, which also signs manifests of evidence" }),
        })
        .openapi("LogKey"),
      "The key",
    ),
    ...problems,
  },
});

const watched = createRoute({
  method: "get",
  path: "/v1/log/watched",
  summary: "The newest checkpoint that this region has seen of the log that it watches, with its cosignature",
  security: [],
  responses: { 200: text("A checkpoint as a signed note"), ...problems },
});

export function addLogRoutes(
  app: OpenAPIHono<{ Variables: Variables }>,
  { log, signer, cosigner, publisher }: LogParts,
  store: PreferencesStore,
  keys: Keys,
): void {
  app.openapi(receipt, async (c) => {
    const { event, commitment } = await ownEvent(c, c.req.valid("param").id);
    return c.body(receiptOf(event, commitment, publisher), 200, { "content-type": receiptType }) as never;
  });

  app.openapi(proof, async (c) => {
    const { event, commitment } = await ownEvent(c, c.req.valid("param").id);
    const [head, indices] = await Promise.all([log.head(), log.indices([event.id])]);
    const index = indices.get(event.id);
    if (!head || index === undefined || index >= head.size)
      return c.json({ event: event.id, status: "pending" as const }, 202, { "retry-after": String(retrySeconds) });
    const hashes = (await log.inclusion(index, head.size)).map(base64url);
    return c.json({ event: event.id, commitment: base64url(commitment), index, size: head.size, hashes, checkpoint: head.checkpoint }, 200);
  });

  app.openapi(checkpoint, async (c) => c.text((await shown()).checkpoint, 200));

  app.openapi(consistency, async (c) => {
    const { from, to } = c.req.valid("query");
    const { size } = await shown();
    if (from > to || to > size)
      throw new ProblemError({
        status: 404,
        kind: "no-such-tree",
        title: "The log never had this size",
        detail: `There is no proof from size ${from} to ${to}: from must not be larger than to, and the log has ${size} entries.`,
      });
    return c.json({ from, to, hashes: (await log.consistency(from, to)).map(base64url) }, 200);
  });

  app.openapi(key, async (c) => {
    const [{ key }, monitor] = await Promise.all([signer(), cosigner()]);
    return c.json({ origin: key.name, verifierKey: verifierKey(key), monitorKey: verifierKey(monitor.key), pem: publicPem(key) }, 200);
  });

  app.openapi(watched, async (c) => {
    const note = await log.watched();
    if (note !== undefined) return c.text(note, 200);
    throw new ProblemError({
      status: 404,
      kind: "nothing-watched",
      title: "No log was seen",
      detail: "This region watches no other's log, or has not seen it yet.",
    });
  });

  type Asking = { readonly req: { readonly raw: Request }; get(name: "service"): CallingService | undefined };

  async function ownEvent(c: Asking, id: string): Promise<Entry> {
    const service = c.get("service");
    if (service) requireScope(service, "consent-events:write");
    const entry = service ? await store.reported(service.name, id) : await store.event(await ownSubject(c.req.raw.headers, keys), id);
    if (entry) return entry;
    // One answer for what is another's and for what is not there.
    throw new ProblemError({
      status: 404,
      kind: "unknown-event",
      title: "No such event",
      detail: service
        ? "You have reported nothing with this id that is still there. POST /v1/consent-events answers with the ids of what you report."
        : "You have said nothing with this id. GET /v1/subjects/{sid}/consent-events lists what you have said.",
    });
  }

  async function shown(): Promise<ShownHead> {
    const head = await log.head();
    if (head) return head;
    throw new ProblemError({
      status: 404,
      kind: "no-checkpoint",
      title: "Nothing is published yet",
      detail: "The log has published no checkpoint. Ask again in a minute.",
      headers: { "retry-after": String(retrySeconds) },
    });
  }
}

const base64url = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url");
