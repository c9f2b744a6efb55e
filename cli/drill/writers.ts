// Writers who remember what was acknowledged to them, and can say afterwards what of it is not there.
import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { Agent, request } from "undici";
import { Emitter, type Path, paths } from "../../functions/shared/telemetry/emitter.ts";
import { childOf } from "../../functions/shared/telemetry/trace-context.ts";
import { residencyOf } from "../../stacks/residency.ts";
import { owner } from "../commands/up.ts";
import { readOnlyQuery } from "../read-only-query.ts";
import { accessToken, openDatabase } from "../sandbox.ts";
import { ArchiveReader } from "./archive-reader.ts";
import type { CloudCalls } from "./cloud-calls.ts";
import type { DrilledRegion } from "./region.ts";

/** One kind of thing that is written again and again, one at a time. */
export interface Kind {
  /** `writes`, `objects`, `events`: what a person would call them. */
  readonly kind: string;
  /** Writes once. @returns what was acknowledged, or undefined when it was not @throws Error when nobody answered */
  write(): Promise<string | undefined>;
  /** Which of these are not there, each with why. Called when all is well again. */
  missing(acknowledged: readonly string[]): Promise<string[]>;
  close?(): Promise<void>;
}

/** Between two writes: a steady load, and room for what else runs on the machine. */
const pauseMs = 50;

export class Writer {
  readonly kind: string;
  readonly #kind: Kind;
  readonly #ended = new AbortController();
  readonly #work: Promise<void>;
  /** When each was sent, milliseconds since 1970. */
  readonly #acknowledged = new Map<string, number>();
  #last: unknown;

  constructor(kind: Kind) {
    this.kind = kind.kind;
    this.#kind = kind;
    this.#work = this.#write();
  }

  get acknowledged(): number {
    return this.#acknowledged.size;
  }

  /** Whether anything that was sent after this time was acknowledged. */
  since(ms: number): boolean {
    return [...this.#acknowledged.values()].some((sentMs) => sentMs > ms);
  }

  /** Why the newest write was not acknowledged, for when none is any more. */
  get trouble(): string {
    return this.#last instanceof Error ? this.#last.message : String(this.#last);
  }

  missing(): Promise<string[]> {
    return this.#kind.missing([...this.#acknowledged.keys()]);
  }

  async stop(): Promise<void> {
    this.#ended.abort();
    await this.#work;
  }

  /** After the last question what is missing. */
  async close(): Promise<void> {
    await this.#kind.close?.();
  }

  async #write(): Promise<void> {
    const { signal } = this.#ended;
    while (!signal.aborted) {
      const sentMs = Date.now();
      try {
        const acknowledged = await this.#kind.write();
        if (acknowledged !== undefined) this.#acknowledged.set(acknowledged, sentMs);
      } catch (error) {
        this.#last = error;
      }
      await delay(pauseMs, undefined, { signal }).catch(() => {});
    }
  }
}

/** A person who changes their mind again and again, at the region's own address. */
export async function consentChanges(region: DrilledRegion, calls: CloudCalls, port: number): Promise<Kind> {
  const agent = new Agent({ connect: { lookup: (_host, _options, done) => done(null, [{ address: "127.0.0.1", family: 4 }]) } });
  const ask = async (method: "GET" | "POST" | "PATCH", path: string, headers: Record<string, string> = {}, body?: string) => {
    const url = `http://${region.stack}.localhost:${port}${path}`;
    const answer = await request(url, {
      method,
      headers,
      dispatcher: agent,
      signal: AbortSignal.timeout(10_000),
      ...(body ? { body } : {}),
    });
    return { status: answer.statusCode, text: await answer.body.text() };
  };
  const made = await ask("POST", "/v1/subjects");
  if (made.status !== 201) throw new Error(`no subject could be made: ${made.status} ${made.text}`);
  const { subject, token } = JSON.parse(made.text) as { subject: string; token: string };
  const authorization = { authorization: `Bearer ${token}` };
  let turn = 0;
  return {
    kind: "writes",
    async write() {
      // What was not acknowledged may have been done: the next change is another all the same.
      const state = turn++ % 2 === 0 ? "granted" : "withdrawn";
      const headers = { ...authorization, "content-type": "application/merge-patch+json", "if-match": "*" };
      const body = JSON.stringify({ purposes: { personalisation: state } });
      const { status, text } = await ask("PATCH", `/v1/subjects/${subject}/preferences`, headers, body);
      if (status !== 200) throw new Error(`${status} ${text}`);
      return String((JSON.parse(text) as { consentEpoch: number }).consentEpoch);
    },
    async missing(acknowledged) {
      const rows = await ledgerOf(region, calls, subject);
      const lost = acknowledged.filter((each) => !rows.has(each)).map((each) => `epoch ${each} is not in the ledger`);
      const last = Math.max(0, ...acknowledged.map(Number));
      const { text } = await ask("GET", "/v1/experience/hero", authorization);
      const { consentEpoch } = JSON.parse(text) as { consentEpoch: number | null };
      // Only a change that restricts makes a new epoch, and the edge may hear of it a moment later.
      return (consentEpoch ?? -1) >= last ? lost : [...lost, `the edge is at epoch ${consentEpoch}, and ${last} was acknowledged`];
    },
    close: () => agent.destroy(),
  };
}

async function ledgerOf({ database }: DrilledRegion, calls: CloudCalls, subject: string): Promise<Set<string>> {
  const sandbox = calls.sandbox();
  const client = new pg.Client({
    host: await openDatabase(sandbox, database.connectionName, owner),
    database: database.name,
    user: database.owner.replace(/\.gserviceaccount\.com$/, ""),
    password: await accessToken(sandbox, `serviceAccount:${database.owner}`),
    options: "-c search_path=preferences,public",
  });
  await client.connect();
  try {
    const { rows } = await readOnlyQuery(
      client,
      `SELECT l.epoch FROM consent_ledger l JOIN subject s USING (reference) WHERE s.id = ${pg.escapeLiteral(subject)}`,
    );
    return new Set(rows.map(({ epoch }) => String(epoch)));
  } finally {
    await client.end();
  }
}

/** Objects in one of the region's buckets in each cloud. They are removed in the end. */
export function objects(region: DrilledRegion, calls: CloudCalls, cloud: Path): Kind {
  const { location } = residencyOf(region.jurisdiction).aws;
  const account = region.telemetry.awsAccountId;
  const run = randomBytes(6).toString("hex");
  let count = 0;
  const found = new Set<string>();
  const content = (name: string) => `${name} ${name.repeat(50)}`;
  const api = {
    gcp: {
      put: (name: string) => {
        const query = new URLSearchParams({ uploadType: "media", name, ifGenerationMatch: "0" });
        return calls.google(
          "POST",
          `https://storage.googleapis.com/upload/storage/v1/b/${region.buckets.exports}/o?${query}`,
          content(name),
        );
      },
      ask: (method: string, name: string) => {
        const at = `https://storage.googleapis.com/storage/v1/b/${region.buckets.exports}/o/${encodeURIComponent(name)}`;
        return calls.google(method, method === "GET" ? `${at}?alt=media` : at);
      },
    },
    aws: {
      put: (name: string) => calls.aws("PUT", addressOf(name), account, location, content(name)),
      ask: (method: string, name: string) => calls.aws(method, addressOf(name), account, location),
    },
  }[cloud];
  const addressOf = (name: string) => `https://${region.buckets.archive}.s3.${location}.amazonaws.com/${name}`;
  return {
    kind: `objects ${cloud}`,
    async write() {
      const name = `drill/${run}/${count++}`;
      const { status, text } = await api.put(name);
      if (status !== 200) throw new Error(`${status} ${text}`);
      return name;
    },
    async missing(acknowledged) {
      const lost: string[] = [];
      for (const name of acknowledged.filter((each) => !found.has(each))) {
        const { status, text } = await api.ask("GET", name);
        if (status !== 200 || text !== content(name)) {
          lost.push(`${name}: ${status}`);
          continue;
        }
        found.add(name);
        await api.ask("DELETE", name);
      }
      return lost;
    },
  };
}

/** Events in the region's telemetry queues, as the edge sends them; each is sent to both paths, and again until both have it. */
export function events(region: DrilledRegion, calls: CloudCalls): Kind {
  const { spools, cloudflareAccountId: account } = region.telemetry;
  const emitter = new Emitter({ service: "drill", version: "", region: region.stack, jurisdiction: region.jurisdiction });
  const archives = paths.map((path) => new ArchiveReader(region, path));
  let unsent: { readonly traceId: string; readonly messages: Map<Path, string> } | undefined;
  const next = () => {
    const context = childOf(undefined);
    const span = {
      context,
      name: "drill",
      kind: "internal",
      startMs: Date.now(),
      endMs: Date.now(),
      attributes: {},
      failed: false,
    } as const;
    return { traceId: context.traceId, messages: new Map(paths.map((path) => [path, JSON.stringify(emitter.message(path, [span]))])) };
  };
  return {
    kind: "events",
    async write() {
      unsent ??= next();
      for (const [path, message] of unsent.messages) {
        const url = `https://api.cloudflare.com/client/v4/accounts/${account}/queues/${spools?.[path].queue}/messages`;
        const { status, text } = await calls.cloudflare("POST", url, account, `{"body":${message},"content_type":"json"}`);
        if (status !== 200) throw new Error(`${status} ${text}`);
        unsent.messages.delete(path);
      }
      const { traceId } = unsent;
      unsent = undefined;
      return traceId;
    },
    async missing(acknowledged) {
      const lost: string[] = [];
      for (const archive of archives) {
        await archive.refresh(calls.sandbox());
        const counts = archive.spansByTrace("drill");
        for (const id of acknowledged)
          if (counts.get(id) !== 1) lost.push(`${id}: ${counts.get(id) ?? 0} times in archive ${archive.path}`);
      }
      return lost;
    },
  };
}
