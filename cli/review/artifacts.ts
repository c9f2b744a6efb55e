// Which builds a plan runs, by digest.
import type { Artifact } from "../../stacks/artifact-manifest.ts";
import type { StackReview } from "./model.ts";
import { inClouds, type Planned } from "./plan.ts";
import { leavesOf } from "./settings.ts";

type Used = StackReview["artifacts"][number];

/** `registry/bailiwick/preferences@sha256:...` */
const image = /([\w./-]+)@(sha256:[0-9a-f]{64})/g;
/** A Worker's folder carries its name and the first digits of its digest. */
const worker = /\/workers\/([a-z][a-z0-9-]*)-([0-9a-f]{16})\//g;

/** @param built the manifest's artifacts: they give a digest its name */
export function artifactsOf(resources: readonly Planned[], built: readonly Artifact[]): Used[] {
  const used = new Map<string, Used & { usedBy: string[] }>();
  for (const resource of resources.filter((each) => inClouds(each) && each.operation !== "delete")) {
    const texts = leavesOf(resource.props).flatMap(({ value }) => (typeof value === "string" ? [value] : []));
    for (const text of texts)
      for (const found of [...imagesIn(text, built), ...workersIn(text, built)]) {
        const known = used.get(found.digest) ?? { ...found, usedBy: [] };
        if (!known.usedBy.includes(resource.name)) known.usedBy.push(resource.name);
        used.set(found.digest, known);
      }
  }
  return [...used.values()].sort((a, b) => a.name.localeCompare(b.name));
}

type Found = Omit<Used, "usedBy">;

function imagesIn(text: string, built: readonly Artifact[]): Found[] {
  return [...text.matchAll(image)].map(([, path = "", digest = ""]) => {
    const artifact = built.find((each) => each.digest === digest);
    return { name: artifact?.name ?? path.split("/").at(-1) ?? path, kind: "image", digest, known: artifact !== undefined };
  });
}

function workersIn(text: string, built: readonly Artifact[]): Found[] {
  return [...text.matchAll(worker)].map(([, name = "", digits = ""]) => {
    const artifact = built.find((each) => each.kind === "worker" && each.digest.startsWith(`sha256:${digits}`));
    return { name, kind: "worker", digest: artifact?.digest ?? `sha256:${digits}`, known: artifact !== undefined };
  });
}
