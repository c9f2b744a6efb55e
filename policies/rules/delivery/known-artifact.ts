// A digest says which code it is; the artifact manifest says where that code came from. The manifest is the file artifacts.json
// beside the pack; whoever has none is not judged. Tags and missing digests are delivery/digest-pinned's to refuse.
import type { Artifacts } from "../../artifacts.ts";
import type { Context } from "../../context.ts";
import { type Located, type Resource, select, textOf } from "../../resource.ts";
import { type Finding, judge, type Outcome, outcomeOf, type Rule, type Violation } from "../../rule.ts";
import { containersOf } from "./containers.ts";
import { imagePaths } from "./digest-pinned.ts";

const workerVersion = "cloudflare:index/workerVersion:WorkerVersion";
const workersScript = "cloudflare:index/workersScript:WorkersScript";
const allowed = "a digest that the artifact manifest lists";

const digestOf = (image: unknown): string | undefined =>
  typeof image === "string" ? /@(sha256:[0-9a-f]{64})$/.exec(image)?.[1] : undefined;

function judgeImage(known: Artifacts, where: string, image: unknown): Omit<Violation, "kind" | "property"> | undefined {
  const digest = digestOf(image);
  if (digest === undefined || known.some((artifact) => artifact.digest === digest)) return undefined;
  return { problem: `${where} names ${digest.slice(0, 19)}..., which is not in the artifact manifest`, allowed };
}

/** A Worker's files lie in the folder that its build was put into. */
const fromManifest = (known: Artifacts) => (place: Located) => {
  const file = textOf(place.value);
  return known.some(({ path }) => path !== undefined && `/${file}`.includes(`/${path}/`))
    ? undefined
    : {
        problem: `${place.path} is a file of no artifact in the manifest`,
        allowed: "a file below the path of an artifact in the manifest",
      };
};

const settled = (findings: readonly Finding[]) => findings.filter(({ kind }) => kind === "violation");

/** What is unknown leaves delivery/digest-pinned undecided, which blocks; once is enough. */
function check(resource: Resource, { artifacts }: Context): Outcome {
  if (!artifacts) return "notApplicable";
  if (resource.type === workersScript || resource.type === workerVersion) {
    const path = resource.type === workersScript ? "contentFile" : "modules[*].contentFile";
    const files = judge(resource, path, fromManifest(artifacts));
    return select(resource.props, path).length === 0 ? "notApplicable" : outcomeOf(settled(files));
  }
  const images = imagePaths[resource.type]?.flatMap((path) =>
    judge(resource, path, (place) => judgeImage(artifacts, place.path, place.value)),
  );
  const inside = containersOf(resource)?.containers.flatMap(({ property, at, props }): Finding[] => {
    const violation = judgeImage(artifacts, `${at}.image`, props.image);
    return violation ? [{ kind: "violation", property, ...violation }] : [];
  });
  return images || inside ? outcomeOf(settled([...(images ?? []), ...(inside ?? [])])) : "notApplicable";
}

export const knownArtifact: Rule = {
  id: "delivery/known-artifact",
  title: "What runs was built from reviewed sources",
  severity: "high",
  why: "A digest that nobody built here may hold anything: without provenance nobody can say what handled people's data.",
  remediation:
    "Build and publish it (./bailiwick build, ./bailiwick publish), and take its digest from the manifest; list a third party's image there too.",
  frameworks: [
    { name: "ISO 27001", clause: "A.8.30" },
    { name: "SOC 2", clause: "CC8.1" },
    { name: "NIS2", clause: "Art. 21(2)(d)" },
    { name: "DORA", clause: "Art. 28(2)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [
      {
        type: "gcp:cloudrunv2/service:Service",
        props: { template: { containers: [{ image: `registry.example/app@sha256:${"1".repeat(64)}` }] } },
      },
    ],
    fails: [
      {
        type: "gcp:cloudrunv2/service:Service",
        props: { template: { containers: [{ image: `registry.example/app@sha256:${"2".repeat(64)}` }] } },
      },
    ],
  },
  check,
};
