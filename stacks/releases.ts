// From the artifact manifest to what the components take.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { WorkerRelease } from "../components/edge/versioned-worker.ts";
import type { ServiceRelease } from "../components/governance/governance-service.ts";
import { artifactDir, type Manifest } from "./artifact-manifest.ts";
import { releasesOf } from "./artifacts.ts";
import type { ReleaseShare } from "./config.ts";
import { verifyWorker } from "./worker-digest.ts";

/** Media types by file name: what `build` and `publish` put into a Worker's folder. */
const contentTypes: Record<string, string> = { ".js": "application/javascript+module", ".jws": "text/plain" };

/** Providers read files from the program's folder, and a path stays in the state: it must be the same on every machine. */
const fromHere = (path: string) => relative(import.meta.dirname, path);

/** @throws RunError when a wanted digest is not built, or its files are not those that were built */
export function workerReleases(
  manifest: Manifest,
  name: string,
  wanted?: readonly ReleaseShare[],
  folder: string = artifactDir,
): WorkerRelease[] {
  return releasesOf(manifest, name, wanted).map(({ artifact, percentage }) => {
    const dir = join(folder, artifact.path);
    verifyWorker(artifact, dir);
    const modules = readdirSync(dir)
      .filter((file) => contentTypes[file.slice(file.lastIndexOf("."))] !== undefined)
      .map((file) => ({
        name: file,
        contentType: contentTypes[file.slice(file.lastIndexOf("."))] as string,
        path: fromHere(join(dir, file)),
      }));
    return { digest: artifact.digest, percentage, mainModule: "index.js", modules };
  });
}

/** Which builds serve, for whoever rolls out the next: a stack's output. */
export const sharesOf = (manifest: Manifest, name: string, wanted?: readonly ReleaseShare[]): ReleaseShare[] =>
  releasesOf(manifest, name, wanted).map(({ artifact, percentage }) => ({ digest: artifact.digest, percentage }));

/** The one module of a Worker that is uploaded whole. */
export function wholeWorker(manifest: Manifest, name: string): { digest: string; path: string; sha256: string } {
  const [release] = workerReleases(manifest, name);
  const path = (release as WorkerRelease).modules[0]?.path as string;
  const bytes = readFileSync(join(import.meta.dirname, path));
  return { digest: (release as WorkerRelease).digest, path, sha256: createHash("sha256").update(bytes).digest("hex") };
}

/** @param repository `host/project/repository` that the images were published to */
export function serviceReleases(manifest: Manifest, name: string, repository: string, wanted?: readonly ReleaseShare[]): ServiceRelease[] {
  return releasesOf(manifest, name, wanted).map(({ artifact, percentage }) => ({
    image: `${repository}/${name}@${artifact.digest}`,
    tag: artifact.digest.slice(7, 19),
    percentage,
  }));
}

/** `collector@sha256:...` of the newest build: collectors are the same in every region, so no region chooses. */
export function collectorImage(manifest: Manifest): string {
  const [release] = releasesOf(manifest, "collector", undefined);
  return `collector@${release?.artifact.digest}`;
}
