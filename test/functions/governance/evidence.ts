// Evidence as the API hands it out, and as whoever has nothing of the service but verify.mjs judges it.
import { Readable } from "node:stream";
import { extract } from "tar-stream";
import { expect, vi } from "vitest";
import type { File } from "../../../functions/governance/audit/tiles.ts";
import { issueServiceToken } from "../../../functions/shared/service-token.ts";
import { newKeyPair } from "../keys.ts";
import { type Answer, asStranger } from "./audit/evidence/stranger.ts";
import type { Region } from "./region.ts";
import type { Service } from "./service.ts";

export const patience = { timeout: 30_000, interval: 200 };

/** The log may have to wait for its next publication: here as in a region, but not for a minute. */
export const publishNow = ({ postgres }: Pick<Region, "postgres">) =>
  postgres.admin("UPDATE preferences.log_publication SET published_at = now() - interval '61 seconds', leased_until = '-infinity'");

export const askForEvidence = (service: Service, body: object, init: object = {}): Promise<Response> =>
  service.request("/v1/exports", {
    method: "POST",
    body: JSON.stringify(body),
    ...init,
    headers: { "content-type": "application/json", ...(init as { headers?: object }).headers },
  });

/** The answer, once everything that was said is published. */
export const answeredWithEvidence = (region: Region, service: Service, body: object, init: object = {}): Promise<Response> =>
  vi.waitFor(async () => {
    await publishNow(region);
    const answer = await askForEvidence(service, body, init);
    expect(answer.headers.get("retry-after"), await answer.clone().text()).toBeNull();
    return answer;
  }, patience);

/** The files of a bundle. */
export async function bundleFrom(response: Response): Promise<File[]> {
  expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/x-tar"]);
  const files: File[] = [];
  for await (const entry of Readable.fromWeb(response.body as never).pipe(extract())) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    files.push({ path: entry.header.name, bytes: Buffer.concat(chunks) });
  }
  return files;
}

/** What the verifier says of a bundle in an empty folder. */
export async function judged(service: Service, files: readonly File[], ...more: readonly string[]): Promise<Answer> {
  const { verifierKey } = (await (await service.request("/v1/log/key")).json()) as { verifierKey: string };
  return asStranger(files, [], "bundle", "--log-key", verifierKey, ...more);
}

/** A line of `events.jsonl`. */
export interface ProvenEvent {
  readonly index: number;
  readonly salt: string;
  /** A heartbeat has no epoch. */
  readonly event: {
    readonly id: string;
    readonly subject: string;
    readonly epoch?: number;
    readonly state?: string;
    readonly receivedAt: string;
  };
}

/** A service of the brand that may ask for all evidence. */
export class Auditor {
  readonly #key = newKeyPair();
  /** What the environment of the asked one says of it. */
  readonly environment = { SERVICE_CLIENTS: JSON.stringify([{ name: "auditor", key: this.#key.publicPem, scopes: ["evidence"] }]) };

  /**
   * Everything that was ever said, published and judged: every bundle stands, every event has a receipt, and between them no entry of the log is
   * missing. In as many bundles as it takes. @returns the entries, in the order of the log
   */
  async everything(region: Region, service: Service): Promise<ProvenEvent[]> {
    const proven: ProvenEvent[] = [];
    const now = new Date().toISOString();
    for (let from = "2020-01-01T00:00:00.000Z"; from < now; ) {
      const { to, files } = await this.#part(region, service, from, now);
      const { code, out, err } = await judged(service, files);
      expect(code, `${out}${err}`).toBe(0);
      const entries = linesOf(files, "events.jsonl") as unknown as ProvenEvent[];
      const events = entries.filter(({ event }) => event.epoch !== undefined);
      if (events.length > 0) expect(out).toContain(`Each of the ${events.length} receipts bears the commitment`);
      proven.push(...entries);
      from = to;
    }
    proven.sort((a, b) => a.index - b.index);
    expect(proven.map(({ index }) => index)).toEqual(proven.map((_, i) => i));
    return proven;
  }

  async ask(service: Service, body: object): Promise<Response> {
    return askForEvidence(service, body, await this.#credentials(service));
  }

  /** As far as one bundle reaches. */
  async #part(region: Region, service: Service, from: string, to: string): Promise<{ to: string; files: File[] }> {
    const answer = await answeredWithEvidence(region, service, { from, to }, await this.#credentials(service));
    if (answer.status !== 422) return { to, files: await bundleFrom(answer) };
    return this.#part(region, service, from, ((await answer.json()) as { to: string }).to);
  }

  async #credentials({ edgeAheadMs }: Service) {
    const now = new Date(Date.now() + edgeAheadMs);
    const token = await issueServiceToken(this.#key.privatePem, { name: "auditor", scopes: ["evidence"] }, "eu", now);
    return { headers: { authorization: `Bearer ${token}` } };
  }
}

function linesOf(files: readonly File[], path: string): Record<string, unknown>[] {
  const text = String(files.find((file) => file.path === path)?.bytes ?? "").trim();
  return text === "" ? [] : text.split("\n").map((line) => JSON.parse(line));
}
