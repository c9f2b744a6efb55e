// What runs is named by its digest: a tag can be moved to other code after the review, a digest cannot.
import { isPresent, type Located, type Resource, read, select, show, UNKNOWN, type Value } from "../../resource.ts";
import { type Finding, is, judge, type Outcome, outcomeOf, type Rule, type Violation } from "../../rule.ts";

/** Where container images stand, by type. */
export const imagePaths: Readonly<Record<string, readonly string[]>> = {
  "aws:apprunner/service:Service": ["sourceConfiguration.imageRepository.imageIdentifier"],
  "aws:lambda/function:Function": ["imageUri"],
  "gcp:cloudrun/service:Service": ["template.spec.containers[*].image"],
  "gcp:cloudrunv2/job:Job": ["template.template.containers[*].image"],
  "gcp:cloudrunv2/service:Service": ["template.containers[*].image"],
  "gcp:cloudrunv2/workerPool:WorkerPool": ["template.containers[*].image"],
};

/** Where a JSON text holds container definitions, and where the images stand in it. */
const documents: Readonly<Record<string, { readonly path: string; readonly images: string }>> = {
  "aws:batch/jobDefinition:JobDefinition": { path: "containerProperties", images: "image" },
  "aws:ecs/taskDefinition:TaskDefinition": { path: "containerDefinitions", images: "definitions[*].image" },
};

const workerVersion = "cloudflare:index/workerVersion:WorkerVersion";
const workersScript = "cloudflare:index/workersScript:WorkersScript";

const sha256 = /^[0-9a-f]{64}$/;
/** A release's tag holds the digest, or enough of it to tell it from any other. Cloudflare allows 100 bytes. */
const digestInTag = /(^|[^0-9a-f])[0-9a-f]{12,64}([^0-9a-f]|$)/;
const imageAllowed = "an image named by its digest: registry/name@sha256:<64 hexadecimal digits>";

function check(resource: Resource): Outcome {
  const paths = imagePaths[resource.type];
  if (paths) {
    const findings = paths.flatMap((path) => judge(resource, path, (place) => judgeImage(resource, place)));
    // A Lambda function of a zip archive has no image.
    return paths.every((path) => select(resource.props, path).length === 0) ? "notApplicable" : outcomeOf(findings);
  }
  const document = documents[resource.type];
  if (document) return select(resource.props, document.path).length === 0 ? "notApplicable" : outcomeOf(judgeDocument(resource, document));
  if (resource.type === workersScript) return outcomeOf(judgeScript(resource));
  if (resource.type === workerVersion) return outcomeOf(judgeVersion(resource));
  return "notApplicable";
}

/** @param inside path of the image in a JSON text that the place's property holds */
function judgeImage(resource: Resource, place: Located, inside?: string): Omit<Violation, "kind" | "property"> | undefined {
  if (typeof place.value === "string" && /@sha256:[0-9a-f]{64}$/.test(place.value)) return undefined;
  const where = inside === undefined ? place.path : `${place.path}: ${inside}`;
  return { problem: `${where} is ${show(resource, place)}, which names no digest`, allowed: imageAllowed };
}

function judgeDocument(resource: Resource, { path, images }: { path: string; images: string }): Finding[] {
  return select(resource.props, path).flatMap(({ value }): Finding[] => {
    if (value === UNKNOWN) return [{ kind: "undecided", property: path }];
    const definitions = parse(value);
    if (definitions === undefined)
      return [
        {
          kind: "violation",
          property: path,
          problem: `${path} is not readable as JSON, so its images cannot be judged`,
          allowed: "a JSON text",
        },
      ];
    const found = select(Array.isArray(definitions) ? { definitions } : (definitions as { [key: string]: Value }), images);
    return found.flatMap((image): Finding[] => {
      const violation = judgeImage(resource, { path, value: image.value }, image.path);
      return violation ? [{ kind: "violation", property: path, ...violation }] : [];
    });
  });
}

function parse(value: Value): Value | undefined {
  if (typeof value !== "string") return value;
  try {
    const parsed = JSON.parse(value) as Value;
    return typeof parsed === "object" && parsed !== null ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** A file is read again at every step; only its hash makes it the file that was reviewed. Inline content is its own proof. */
function judgeScript(resource: Resource): Finding[] {
  if (select(resource.props, "contentFile").length === 0) return [];
  const hash = read(resource.props, "contentSha256");
  if (hash === UNKNOWN) return [{ kind: "undecided", property: "contentSha256" }];
  if (typeof hash === "string" && sha256.test(hash)) return [];
  return [
    {
      kind: "violation",
      property: "contentSha256",
      problem: hash === undefined ? "contentFile has no contentSha256 beside it" : is(resource, { path: "contentSha256", value: hash }),
      allowed: "contentSha256 with the 64 hexadecimal digits of the file's SHA-256",
    },
  ];
}

/** A version's modules: inline, hashed one by one, or covered by the release's digest in the version's tag. */
function judgeVersion(resource: Resource): Finding[] {
  const modules = select(resource.props, "modules[*]");
  if (modules.some(({ value }) => value === UNKNOWN)) return [{ kind: "undecided", property: "modules" }];
  const files = modules.filter(({ path }) => {
    const hash = read(resource.props, `${path}.contentSha256`);
    return isPresent(resource.props, `${path}.contentFile`) && !(typeof hash === "string" && sha256.test(hash));
  });
  if (files.length === 0) return [];
  const tag = read(resource.props, "annotations.workersTag");
  if (tag === UNKNOWN) return [{ kind: "undecided", property: "annotations.workersTag" }];
  if (typeof tag === "string" && digestInTag.test(tag)) return [];
  const found = tag === undefined ? "annotations.workersTag is not set" : is(resource, { path: "annotations.workersTag", value: tag });
  return files.map(({ path }) => ({
    kind: "violation",
    property: path,
    problem: `${path} is a file and nothing names its digest (${found})`,
    allowed: "annotations.workersTag with at least 12 hexadecimal digits of the release's SHA-256, contentBase64, or contentSha256",
  }));
}

/** Container images, and the code of Workers. */
export const digestPinned: Rule = {
  id: "delivery/digest-pinned",
  title: "What runs is named by its digest",
  severity: "high",
  why: "Whoever can move a tag can replace reviewed code that handles personal data by other code, and nobody can tell afterwards what ran.",
  remediation: "Take image and module from the artifact manifest, which names them by SHA-256.",
  frameworks: [
    { name: "ISO 27001", clause: "A.8.32" },
    { name: "SOC 2", clause: "CC8.1" },
    { name: "NIS2", clause: "Art. 21(2)(d)" },
    { name: "GDPR", clause: "Art. 32" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "aws:lambda/function:Function", props: { imageUri: `registry.example/app@sha256:${"0".repeat(64)}` } }],
    fails: [{ type: "aws:lambda/function:Function", props: { imageUri: "registry.example/app:latest" } }],
  },
  check,
};
