// A region's telemetry archives, read through the buckets' own APIs.
import { readFileSync } from "node:fs";
import { fetch, ProxyAgent } from "undici";
import type { Path } from "../../functions/shared/telemetry/emitter.ts";
import type { OtlpTraces } from "../../functions/shared/telemetry/otlp.ts";
import type { OtlpMetrics } from "../../functions/telemetry/collector-counts.ts";
import type { SandboxFile } from "../../sandbox/main.ts";
import { emptySha256, sign } from "../../sandbox/runtimes/s3/sigv4.ts";
import { owner } from "../commands/up.ts";
import { PersonError } from "../errors.ts";
import { accessToken, awsCredentials } from "../sandbox.ts";

export interface Archive {
  readonly bucket: string;
  /** Of S3: where the bucket is, and whose. */
  readonly location: string;
  readonly account: string;
}

/** Asks a cloud's API. @throws PersonError when it refuses */
type Ask = (url: string) => Promise<string>;

/** An object of an archive, and when it was stored, in milliseconds since 1970. */
interface Listed {
  readonly name: string;
  readonly storedMs: number;
}

/** What is read of an archive. Without it, all. */
export interface Window {
  /** Spans that ended since then, in milliseconds since 1970. */
  readonly fromMs: number;
  /** Objects at the most: of more the newest are read, and the window is as long as they reach. */
  readonly atMost: number;
}

/** Objects that are read at once. */
const atOnce = 16;
/** Opening one costs more than reading an object. */
const connections = 4;
/** S3 tells the time of an object in whole seconds. */
const resolutionMs = 1000;

const readers: Readonly<
  Record<Path, { list(ask: Ask, archive: Archive, prefix: string): Promise<Listed[]>; address(archive: Archive, name: string): string }>
> = {
  gcp: {
    async list(ask, { bucket }, prefix) {
      const found: Listed[] = [];
      let pageToken: string | undefined;
      do {
        const fields = "items(name,timeCreated),nextPageToken";
        const query = new URLSearchParams({ fields, prefix, ...(pageToken === undefined ? {} : { pageToken }) });
        const page = JSON.parse(await ask(`https://storage.googleapis.com/storage/v1/b/${bucket}/o?${query}`)) as {
          items?: { name: string; timeCreated: string }[];
          nextPageToken?: string;
        };
        found.push(...(page.items ?? []).map(({ name, timeCreated }) => ({ name, storedMs: Date.parse(timeCreated) })));
        pageToken = page.nextPageToken;
      } while (pageToken !== undefined);
      return found;
    },
    address: ({ bucket }, name) => `https://storage.googleapis.com/storage/v1/b/${bucket}/o/${encodeURIComponent(name)}?alt=media`,
  },
  aws: {
    async list(ask, { bucket, location }, prefix) {
      const found: Listed[] = [];
      let token: string | undefined;
      do {
        const query = new URLSearchParams({ "list-type": "2", prefix, ...(token === undefined ? {} : { "continuation-token": token }) });
        const page = await ask(`https://${bucket}.s3.${location}.amazonaws.com/?${query}`);
        // The archive names its objects by dates and digests: nothing in them is escaped.
        for (const [entry] of page.matchAll(/<Contents>.*?<\/Contents>/gs)) {
          const [name, stored] = ["Key", "LastModified"].map((tag) => new RegExp(`<${tag}>([^<]+)<`).exec(entry)?.[1] ?? "");
          found.push({ name: name as string, storedMs: Date.parse(stored as string) });
        }
        token = /<NextContinuationToken>([^<]+)</.exec(page)?.[1];
      } while (token !== undefined);
      return found;
    },
    address: ({ bucket, location }, name) => `https://${bucket}.s3.${location}.amazonaws.com/${name}`,
  },
};

/** Objects of an archive, and from when on they tell everything: 0 where all were read. */
interface Found<Content> {
  readonly objects: Content[];
  readonly fromMs: number;
}

/**
 * The traces of an archive.
 * @param known what was read earlier, by name: no object ever changes, so only new ones are read, and entered there
 * @throws PersonError when the bucket's API refuses
 */
export const readArchive = (
  sandbox: SandboxFile,
  path: Path,
  archive: Archive,
  window?: Window,
  known: Map<string, OtlpTraces> = new Map(),
): Promise<Found<OtlpTraces>> => read(sandbox, path, archive, "traces", window, known);

/**
 * What the collectors before an archive have counted.
 * @throws PersonError when the bucket's API refuses
 */
export const readCounts = (sandbox: SandboxFile, path: Path, archive: Archive, window: Window): Promise<Found<OtlpMetrics>> =>
  read(sandbox, path, archive, "metrics", window, new Map());

async function read<Content>(
  sandbox: SandboxFile,
  path: Path,
  archive: Archive,
  kind: "traces" | "metrics",
  window: Window | undefined,
  known: Map<string, Content>,
): Promise<Found<Content>> {
  const dispatcher = new ProxyAgent({ uri: sandbox.proxyUrl, requestTls: { ca: readFileSync(sandbox.caFile) }, connections });
  try {
    const identify = path === "gcp" ? await asGoogle(sandbox) : await asAws(sandbox, archive);
    const ask: Ask = async (url) => {
      const refused = (why: string) =>
        new PersonError(`The archive ${archive.bucket} cannot be read: ${why}`, "./bailiwick status shows what runs.");
      const response = await fetch(url, { dispatcher, headers: [...identify(new URL(url))] }).catch((error: Error) => {
        throw refused((error.cause as Error | undefined)?.message ?? error.message);
      });
      const text = await response.text();
      if (response.ok) return text;
      throw refused(`${response.status} ${text}`);
    };
    const reader = readers[path];
    const prefixes = window ? hoursOf(kind, window.fromMs, Date.now()) : [`${kind}/`];
    const listed = (await Promise.all(prefixes.map((prefix) => reader.list(ask, archive, prefix)))).flat();
    const { names, fromMs } = window ? newest(listed, window) : { names: listed.map(({ name }) => name), fromMs: 0 };
    const unread = names.filter((name) => !known.has(name));
    for (let from = 0; from < unread.length; from += atOnce) {
      const some = unread
        .slice(from, from + atOnce)
        .map(async (name) => known.set(name, JSON.parse(await ask(reader.address(archive, name))) as Content));
      await Promise.all(some);
    }
    return { objects: names.map((name) => known.get(name) as Content), fromMs };
  } finally {
    await dispatcher.close();
  }
}

/** Where the collector puts what began from one hour to another: an hour has a folder, and a batch of spans stands in that of its earliest. */
function hoursOf(kind: string, fromMs: number, toMs: number): string[] {
  const hourMs = 3_600_000;
  // A batch that waited holds spans of minutes.
  const first = Math.floor((fromMs - 10 * 60_000) / hourMs);
  const last = Math.floor(toMs / hourMs);
  return Array.from({ length: last - first + 1 }, (_, i) => {
    const hour = new Date((first + i) * hourMs).toISOString();
    return `${kind}/${hour.slice(0, 13).replaceAll(/[-T]/g, "/")}/`;
  });
}

/** What ended since a time was stored since then. */
export function newest(listed: readonly Listed[], { fromMs, atMost }: Window): { names: string[]; fromMs: number } {
  const within = listed.filter(({ storedMs }) => storedMs + resolutionMs > fromMs).sort((a, b) => b.storedMs - a.storedMs);
  const left = within[atMost];
  return { names: within.slice(0, atMost).map(({ name }) => name), fromMs: left ? Math.max(fromMs, left.storedMs + resolutionMs) : fromMs };
}

async function asGoogle(sandbox: SandboxFile): Promise<(url: URL) => Headers> {
  const headers = new Headers({ authorization: `Bearer ${await accessToken(sandbox, owner)}` });
  return () => headers;
}

async function asAws(sandbox: SandboxFile, { account, location }: Archive): Promise<(url: URL) => Headers> {
  const { AccessKeyId, SecretAccessKey, Token } = await awsCredentials(sandbox, account);
  return (url) => {
    const headers = new Headers({ "x-amz-security-token": Token });
    sign({ method: "GET", url, headers, payload: emptySha256 }, { accessKeyId: AccessKeyId, secret: SecretAccessKey, region: location });
    return headers;
  };
}
