// A log with events of several people, and the evidence on one of them: what the tests make bundles of.
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { cosign, signCheckpoint } from "../../../../../functions/governance/audit/checkpoint.ts";
import type { Evidence, HiddenEvent, LoggedEvent, ShownEvent } from "../../../../../functions/governance/audit/evidence/bundle.ts";
import { commitmentTo, leafOf } from "../../../../../functions/governance/audit/leaf.ts";
import { append, headOf, proveConsistency, proveInclusion } from "../../../../../functions/governance/audit/log.ts";
import { MemoryTiles } from "../../../../../functions/governance/audit/memory-tiles.ts";
import { emptyEdge } from "../../../../../functions/governance/audit/tiles.ts";
import { logSigner, monitorSigner, type Signer } from "../keys.ts";

export const subject = "7b0c2f4e-0000-4000-8000-000000000001";
const notices = ["Notice, version 1\n", "Notice, version 2: now with \u00e9\n"].map((text) => Buffer.from(text));
const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
export const noticePath = (i: number) => `notices/${digest(notices[i] as Buffer)}`;

/** The log has 300 entries; the events of the subject are those at these positions. */
const size = 300;
export const positions = [3, 64, 65, 130, 255, 256, 299];
/** As large was the log when another region saw it. */
export const seenAt = 200;
/** What somebody else has said whom the keeper holds for the same person. */
export const twin = "7b0c2f4e-0000-4000-8000-000000000002";
export const twinAt = 4;
/** One whose content is not shown any more. */
export const erasedAt = 130;

export const eventId = (index: number) => `0b8f7a00-0000-4000-8000-${String(index).padStart(12, "0")}`;

const eventAt = (index: number, of = subject) => ({
  id: eventId(index),
  subject: of,
  epoch: index + 1,
  purpose: index % 2 === 0 ? "analytics" : "personalisation",
  state: index % 3 === 0 ? "granted" : "withdrawn",
  jurisdiction: "eu",
  notice: { id: "preferences", version: String(index % 2), language: "de", sha256: `sha256:${digest(notices[index % 2] as Buffer)}` },
  receivedAt: new Date(Date.UTC(2026, 10, 1, 0, index)).toISOString(),
  surface: "=HYPERLINK(evil)",
  gpc: false,
});

const saltAt = (index: number) => createHash("sha256").update(`salt ${index}`).digest();

export interface Case {
  readonly evidence: Evidence;
  readonly tiles: MemoryTiles;
  readonly log: Signer;
  readonly monitor: Signer;
  /** One that saw the log earlier. */
  readonly region: Signer;
  readonly manifest: ReturnType<typeof manifestSigner>;
}

const saidBy = (index: number) => (positions.includes(index) ? subject : index === twinAt ? twin : "somebody-else");

/** @param shown positions of the evidence's events */
export async function newCase(log = logSigner(), shown = positions): Promise<Case> {
  const everybody = Array.from({ length: size }, (_, i) => eventAt(i, saidBy(i)));
  const leaves = everybody.map((event, i) => leafOf(commitmentTo(saltAt(i), event)));
  const tiles = new MemoryTiles();
  const earlier = await append(tiles, emptyEdge, leaves.slice(0, seenAt));
  const edge = await append(tiles, earlier, leaves.slice(seenAt));
  const monitor = monitorSigner();
  const region = monitorSigner("us.brand.example/v1/log/monitor");
  const seen = await cosign(await signCheckpoint(headOf(earlier), log.key, log.sign), region.key, 1_700_000_000, region.sign);
  const checkpoint = await cosign(await signCheckpoint(headOf(edge), log.key, log.sign), monitor.key, 1_800_000_000, monitor.sign);
  const events = await Promise.all(
    shown.map(async (index): Promise<ShownEvent | HiddenEvent> => {
      const proof = await proveInclusion(tiles, index, size);
      const event = everybody[index] as LoggedEvent;
      const salt = saltAt(index);
      const commitment = commitmentTo(salt, event);
      if (index === erasedAt) return { index, proof, commitment };
      const receipt = JSON.stringify({ commitment: commitment.toString("base64url"), recordId: event.id });
      return { index, proof, event, salt, receipt };
    }),
  );
  const evidence: Evidence = {
    scope: { kind: "subject", subject },
    madeAt: "2026-11-22T18:00:00Z",
    checkpoint,
    log: log.key,
    monitors: [{ checkpoint: seen, proof: await proveConsistency(tiles, seenAt, size) }],
    events,
    notices,
    missingNotices: [],
  };
  return { evidence, tiles, log, monitor, region, manifest: manifestSigner() };
}

export function manifestSigner() {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  return {
    publicKey: Buffer.from(publicKey.export({ format: "jwk" }).x as string, "base64url"),
    publicPem: publicKey.export({ format: "pem", type: "spki" }) as string,
    key: publicKey,
    sign: async (message: Uint8Array) => sign(null, message, privateKey),
  };
}
