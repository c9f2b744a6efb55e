import { describe, expect, it } from "vitest";
import { digestPinned } from "../../../policies/rules/delivery/digest-pinned.ts";
import { judged, problems, UNKNOWN } from "../judging.ts";

const sha = "a".repeat(64);
const pinned = `europe-west3-docker.pkg.dev/p/r/preferences@sha256:${sha}`;
const service = "gcp:cloudrunv2/service:Service";
const task = "aws:ecs/taskDefinition:TaskDefinition";
const version = "cloudflare:index/workerVersion:WorkerVersion";
const script = "cloudflare:index/workersScript:WorkersScript";
const file = { name: "index.js", contentType: "application/javascript+module", contentFile: "index.js" };

describe("compliant", () => {
  it.each([
    ["a service", { type: service, props: { template: { containers: [{ image: pinned }] } } }],
    ["a job", { type: "gcp:cloudrunv2/job:Job", props: { template: { template: { containers: [{ image: pinned }] } } } }],
    ["a tag beside the digest", { type: "aws:lambda/function:Function", props: { imageUri: `x:1@sha256:${sha}` } }],
    ["a task definition", { type: task, props: { containerDefinitions: JSON.stringify([{ name: "a", image: pinned }]) } }],
    [
      "a version whose tag names the release",
      { type: version, props: { modules: [file], annotations: { workersTag: "site-0123456789ab" } } },
    ],
    ["a version with its code inline", { type: version, props: { modules: [{ name: "index.js", contentBase64: "eA==" }] } }],
    ["a version whose file has its hash", { type: version, props: { modules: [{ ...file, contentSha256: sha }] } }],
    ["a script with its hash", { type: script, props: { contentFile: "index.js", contentSha256: sha } }],
    ["a script with its code inline", { type: script, props: { content: "export default {}" } }],
  ])("%s", (_name, it_) => {
    expect(judged(digestPinned, it_)).toBe("compliant");
  });
});

describe("refused", () => {
  it.each([
    [
      "a tag",
      { type: service, props: { template: { containers: [{ image: "nginx:1.29" }] } } },
      'template.containers[0].image is "nginx:1.29", which names no digest',
    ],
    [
      "no tag",
      { type: service, props: { template: { containers: [{ image: pinned }, { image: "nginx" }] } } },
      'template.containers[1].image is "nginx"',
    ],
    [
      "a digest that is too short",
      { type: "aws:apprunner/service:Service", props: { sourceConfiguration: { imageRepository: { imageIdentifier: "x@sha256:abc" } } } },
      "names no digest",
    ],
    [
      "a container of a task",
      { type: task, props: { containerDefinitions: JSON.stringify([{ image: pinned }, { image: "agent:latest" }]) } },
      'definitions[1].image is "agent:latest"',
    ],
    [
      "a batch job",
      { type: "aws:batch/jobDefinition:JobDefinition", props: { containerProperties: JSON.stringify({ image: "x:1" }) } },
      'image is "x:1"',
    ],
    ["definitions that nobody can read", { type: task, props: { containerDefinitions: "[" } }, "not readable as JSON"],
    ["a version that names no release", { type: version, props: { modules: [file] } }, "modules[0] is a file and nothing names its digest"],
    [
      "a version with a speaking tag",
      { type: version, props: { modules: [file], annotations: { workersTag: "spring-release" } } },
      '"spring-release"',
    ],
    ["a script without a hash", { type: script, props: { contentFile: "index.js" } }, "contentFile has no contentSha256 beside it"],
    ["a script with half a hash", { type: script, props: { contentFile: "index.js", contentSha256: "abc" } }, 'contentSha256 is "abc"'],
  ])("%s", (_name, it_, problem) => {
    expect(problems(judged(digestPinned, it_)).join("\n")).toContain(problem);
  });
});

it("is undecided where the image, the definitions, the hash or the tag is unknown", () => {
  expect(problems(judged(digestPinned, { type: service, props: { template: { containers: [{ image: UNKNOWN }] } } }))).toEqual([
    "undecided: template.containers[0].image",
  ]);
  expect(problems(judged(digestPinned, { type: task, props: { containerDefinitions: UNKNOWN } }))).toEqual([
    "undecided: containerDefinitions",
  ]);
  expect(problems(judged(digestPinned, { type: script, props: { contentFile: "a", contentSha256: UNKNOWN } }))).toEqual([
    "undecided: contentSha256",
  ]);
  expect(problems(judged(digestPinned, { type: version, props: { modules: [file], annotations: { workersTag: UNKNOWN } } }))).toEqual([
    "undecided: annotations.workersTag",
  ]);
  expect(problems(judged(digestPinned, { type: version, props: { modules: UNKNOWN } }))).toEqual(["undecided: modules"]);
});

it("does not apply to a function of a zip archive, nor to what runs nothing", () => {
  expect(judged(digestPinned, { type: "aws:lambda/function:Function", props: { s3Bucket: "b" } })).toBe("notApplicable");
  expect(judged(digestPinned, { type: "aws:s3/bucket:Bucket" })).toBe("notApplicable");
});

describe("shows no secret", () => {
  it.each([
    [
      "image",
      { type: service, props: { template: { containers: [{ image: "vault/app:s3cret" }] } }, secrets: ["template.containers[0].image"] },
    ],
    [
      "image inside a secret text",
      { type: task, props: { containerDefinitions: JSON.stringify([{ image: "vault/app:s3cret" }]) }, secrets: ["containerDefinitions"] },
    ],
    ["hash", { type: script, props: { contentFile: "index.js", contentSha256: "s3cret" }, secrets: ["contentSha256"] }],
    ["tag", { type: version, props: { modules: [file], annotations: { workersTag: "s3cret" } }, secrets: ["annotations"] }],
  ])("%s", (_name, it_) => {
    const [problem] = problems(judged(digestPinned, it_));
    expect(problem).toContain("[secret]");
    expect(problem).not.toContain("s3cret");
  });
});
