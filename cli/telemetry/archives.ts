// A region's telemetry archives, read through the buckets' own APIs.
import { readFileSync } from "node:fs";
import { fetch, ProxyAgent } from "undici";
import type { Path } from "../../functions/shared/telemetry/emitter.ts";
import type { OtlpTraces } from "../../functions/shared/telemetry/otlp.ts";
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

/** Objects that are read at once. */
const atOnce = 16;

const readers: Readonly<
  Record<Path, { names(ask: Ask, archive: Archive): Promise<string[]>; address(archive: Archive, name: string): string }>
> = {
  gcp: {
    async names(ask, { bucket }) {
      const names: string[] = [];
      let pageToken: string | undefined;
      do {
        const query = new URLSearchParams({ fields: "items(name),nextPageToken", ...(pageToken === undefined ? {} : { pageToken }) });
        const page = JSON.parse(await ask(`https://storage.googleapis.com/storage/v1/b/${bucket}/o?${query}`)) as {
          items?: { name: string }[];
          nextPageToken?: string;
        };
        names.push(...(page.items ?? []).map(({ name }) => name));
        pageToken = page.nextPageToken;
      } while (pageToken !== undefined);
      return names;
    },
    address: ({ bucket }, name) => `https://storage.googleapis.com/storage/v1/b/${bucket}/o/${encodeURIComponent(name)}?alt=media`,
  },
  aws: {
    async names(ask, { bucket, location }) {
      const names: string[] = [];
      let token: string | undefined;
      do {
        const query = new URLSearchParams({ "list-type": "2", ...(token === undefined ? {} : { "continuation-token": token }) });
        const page = await ask(`https://${bucket}.s3.${location}.amazonaws.com/?${query}`);
        // The archive names its objects by dates and digests: nothing in them is escaped.
        names.push(...[...page.matchAll(/<Key>([^<]+)<\/Key>/g)].map(([, key]) => key as string));
        token = /<NextContinuationToken>([^<]+)</.exec(page)?.[1];
      } while (token !== undefined);
      return names;
    },
    address: ({ bucket, location }, name) => `https://${bucket}.s3.${location}.amazonaws.com/${name}`,
  },
};

/** Every object of an archive. @throws PersonError when the bucket's API refuses */
export async function readArchive(sandbox: SandboxFile, path: Path, archive: Archive): Promise<OtlpTraces[]> {
  const dispatcher = new ProxyAgent({ uri: sandbox.proxyUrl, requestTls: { ca: readFileSync(sandbox.caFile) } });
  try {
    const identify = path === "gcp" ? await asGoogle(sandbox) : await asAws(sandbox, archive);
    const ask: Ask = async (url) => {
      const response = await fetch(url, { dispatcher, headers: [...identify(new URL(url))] });
      const text = await response.text();
      if (response.ok) return text;
      throw new PersonError(
        `The archive ${archive.bucket} cannot be read: ${response.status} ${text}`,
        "./bailiwick status shows what runs.",
      );
    };
    const reader = readers[path];
    const names = await reader.names(ask, archive);
    const objects: OtlpTraces[] = [];
    for (let from = 0; from < names.length; from += atOnce) {
      const some = names.slice(from, from + atOnce).map(async (name) => JSON.parse(await ask(reader.address(archive, name))) as OtlpTraces);
      objects.push(...(await Promise.all(some)));
    }
    return objects;
  } finally {
    await dispatcher.close();
  }
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
