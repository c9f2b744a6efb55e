// Where a Cloud Run service answers.
import { createHash } from "node:crypto";

// The letters that stand for a region in older addresses, as far as they are publicly known.
const letters: Readonly<Record<string, string>> = {
  "asia-east1": "de",
  "asia-northeast1": "an",
  "asia-southeast1": "as",
  "australia-southeast1": "ts",
  "europe-north1": "lz",
  "europe-west1": "ew",
  "europe-west2": "nw",
  "europe-west3": "ey",
  "europe-west4": "ez",
  "europe-west6": "oa",
  "europe-west9": "od",
  "northamerica-northeast1": "nn",
  "us-central1": "uc",
  "us-east1": "ue",
  "us-east4": "uk",
  "us-west1": "uw",
};

export interface Addresses {
  /** `https://<service>-<hash>-<region letters>.a.run.app` */
  readonly uri: string;
  /** The same service by the project's number, then `uri`. */
  readonly urls: readonly string[];
}

/** The hash is one for a project, as on the real platform. */
export function addressesOf(service: string, project: string, projectNumber: string, region: string): Addresses {
  const hash = BigInt(`0x${createHash("sha256").update(project).digest("hex").slice(0, 16)}`)
    .toString(36)
    .padStart(10, "0")
    .slice(0, 10);
  const place = letters[region] ?? createHash("sha256").update(region).digest("hex").slice(0, 2);
  const uri = `https://${service}-${hash}-${place}.a.run.app`;
  return { uri, urls: [`https://${service}-${projectNumber}.${region}.run.app`, uri] };
}

/** The address of a tag: `https://<tag>---<host>`. */
export function tagged(uri: string, tag: string): string {
  return uri.replace("https://", `https://${tag}---`);
}
