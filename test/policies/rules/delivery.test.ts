import { expect, it } from "vitest";
import { compatibilityDate } from "../../../policies/rules/delivery/compatibility-date.ts";
import { imageScan } from "../../../policies/rules/delivery/image-scan.ts";
import { immutableTags } from "../../../policies/rules/delivery/immutable-tags.ts";
import { knownArtifact } from "../../../policies/rules/delivery/known-artifact.ts";
import { migrationAlone } from "../../../policies/rules/delivery/migration-alone.ts";
import { noRemoteScript } from "../../../policies/rules/delivery/no-remote-script.ts";
import { pinnedSource } from "../../../policies/rules/delivery/pinned-source.ts";
import { previousRevision } from "../../../policies/rules/delivery/previous-revision.ts";
import { runtimeSupported } from "../../../policies/rules/delivery/runtime-supported.ts";
import { context, judged, resource, UNKNOWN } from "../judging.ts";
import { specify } from "../table.ts";

const run = "gcp:cloudrunv2/service:Service";
const knative = "gcp:cloudrun/service:Service";
const lambda = "aws:lambda/function:Function";
const task = "aws:ecs/taskDefinition:TaskDefinition";
const batch = "aws:batch/jobDefinition:JobDefinition";
const ecs = "aws:ecs/service:Service";
const ecr = "aws:ecr/repository:Repository";
const docker = "gcp:artifactregistry/repository:Repository";
const script = "cloudflare:index/workersScript:WorkersScript";
const version = "cloudflare:index/workerVersion:WorkerVersion";
const pages = "cloudflare:index/pagesProject:PagesProject";
const functionV1 = "gcp:cloudfunctions/function:Function";
const functionV2 = "gcp:cloudfunctionsv2/function:Function";
const bucket = { type: "aws:s3/bucket:Bucket" };

const known = `registry.example/app@sha256:${"1".repeat(64)}`;
const foreign = `registry.example/app@sha256:${"2".repeat(64)}`;
const image = (name: unknown) => ({ type: run, props: { template: { containers: [{ image: name as string }] } } });

specify(knownArtifact, {
  passes: {
    "an image that was built": image(known),
    "an image in a task": { type: task, props: { containerDefinitions: JSON.stringify([{ image: known }]) } },
    "a Worker's files, where they were built": {
      type: version,
      props: { modules: [{ name: "index.js", contentFile: "../.bailiwick/workers/site-1111111111111111/index.js" }] },
    },
    "a tag, which another rule refuses": image("nginx:1.29"),
    "an image that is not known yet, which another rule leaves undecided": image(UNKNOWN),
  },
  fails: {
    "an image that nobody built": [image(foreign), "names sha256:222222222222..., which is not in the artifact manifest"],
    "one in a task": [
      { type: task, props: { containerDefinitions: JSON.stringify([{ image: known }, { image: foreign }]) } },
      "containerDefinitions[1].image",
    ],
    "one in a job of Batch": [
      { type: batch, props: { containerProperties: JSON.stringify({ image: foreign }) } },
      "containerProperties.image",
    ],
    "a Worker's file from elsewhere": [
      { type: version, props: { modules: [{ name: "index.js", contentFile: "dist/index.js" }] } },
      "modules[0].contentFile is a file of no artifact",
    ],
    "a script's file from elsewhere": [{ type: script, props: { contentFile: "dist/index.js" } }, "contentFile is a file of no artifact"],
  },
  notApplicable: {
    "a Worker with its code inline": { type: script, props: { content: "export default {}" } },
    "what runs nothing": bucket,
  },
});

it("delivery/known-artifact judges nobody without a manifest", () => {
  expect(judged(knownArtifact, image(foreign), context("eu", {}, undefined, { artifacts: undefined }))).toBe("notApplicable");
});

specify(pinnedSource, {
  passes: {
    "a version of an object": { type: lambda, props: { s3Bucket: "b", s3Key: "app.zip", s3ObjectVersion: "abc" } },
    "a version that is not known yet": { type: lambda, props: { s3Bucket: "b", s3Key: "app.zip", s3ObjectVersion: UNKNOWN } },
    "the code's hash": { type: lambda, props: { s3Key: "app.zip", sourceCodeHash: "47DEQpj8HBSa" } },
    "an object named by its hash": { type: lambda, props: { s3Key: "app-3f5a9c1e7b.zip" } },
    "an image": { type: lambda, props: { imageUri: known } },
    "an archive that the engine hashes": { type: lambda, props: { code: {} } },
    "an object of Google named by its hash": { type: functionV1, props: { sourceArchiveObject: "source-0a1b2c3d.zip" } },
    "a generation": { type: functionV2, props: { buildConfig: { source: { storageSource: { object: "a.zip", generation: 17 } } } } },
    "a commit": { type: functionV2, props: { buildConfig: { source: { repoSource: { commitSha: "0a1b2c3d" } } } } },
    "a site that is uploaded": { type: pages, props: { productionBranch: "main" } },
    "a site whose production is not built from the branch": {
      type: pages,
      props: { source: { config: { productionBranch: "main", productionDeploymentsEnabled: false } } },
    },
    "a service of an image": { type: "aws:apprunner/service:Service", props: { sourceConfiguration: { imageRepository: {} } } },
  },
  fails: {
    "an object that can be overwritten": [
      { type: lambda, props: { s3Key: "app.zip" } },
      's3Key is "app.zip", which the next upload overwrites',
    ],
    "a layer's": [{ type: "aws:lambda/layerVersion:LayerVersion", props: { s3Key: "layer.zip" } }, "layer.zip"],
    "a canary's": [{ type: "aws:synthetics/canary:Canary", props: { s3Key: "canary.zip" } }, "canary.zip"],
    "an object of Google": [{ type: functionV1, props: { sourceArchiveObject: "source.zip" } }, "source.zip"],
    "a branch in a mirrored repository": [
      {
        type: functionV1,
        props: { sourceRepository: { url: "https://source.developers.google.com/projects/p/repos/r/moveable-aliases/main" } },
      },
      "a branch moves",
    ],
    "a branch": [{ type: functionV2, props: { buildConfig: { source: { repoSource: { branchName: "main" } } } } }, "a branch moves"],
    "an object of the second generation": [
      { type: functionV2, props: { buildConfig: { source: { storageSource: { object: "source.zip" } } } } },
      "source.zip",
    ],
    "a site built from a branch": [
      { type: pages, props: { source: { config: { productionBranch: "main" } } } },
      "productionDeploymentsEnabled is not set",
    ],
    "a service that follows its branch": [
      { type: "aws:apprunner/service:Service", props: { sourceConfiguration: { codeRepository: { repositoryUrl: "u" } } } },
      "autoDeploymentsEnabled is not set, which means true",
    ],
  },
  notApplicable: { "what runs nothing": bucket },
  undecided: { "an object's name": [{ type: lambda, props: { s3Key: UNKNOWN } }, "s3Key"] },
});

specify(noRemoteScript, {
  passes: {
    "a script of its own": { type: "aws:ec2/instance:Instance", props: { userData: "#!/bin/sh\napt-get install -y nginx\n" } },
    "a file whose hash is checked": {
      type: "aws:ec2/launchTemplate:LaunchTemplate",
      props: { userData: Buffer.from("curl -o a https://x.example/a && echo '0a a' | sha256sum -c && sh a").toString("base64") },
    },
    "a script that is not known before the update": { type: "aws:ec2/instance:Instance", props: { userData: UNKNOWN } },
    "a call whose answer is not run": {
      type: "gcp:compute/instance:Instance",
      props: { metadataStartupScript: "curl https://x.example/ready | grep ok" },
    },
  },
  fails: {
    "curl into a shell": [
      { type: "aws:ec2/instance:Instance", props: { userData: "curl -s https://x.example | sh" } },
      "userData fetches a script",
    ],
    "the same in Base64": [
      {
        type: "aws:ec2/launchTemplate:LaunchTemplate",
        props: { userData: Buffer.from("wget -qO- https://x.example/i.sh | sudo -E bash -").toString("base64") },
      },
      "runs it unseen",
    ],
    "a shell of what was fetched": [
      {
        type: "gcp:compute/instanceTemplate:InstanceTemplate",
        props: { metadata: { "startup-script": 'bash -c "$(curl -fsSL https://x.example)"' } },
      },
      "metadata.startup-script",
    ],
    "the same on Windows": [
      { type: "aws:lightsail/instance:Instance", props: { userData: "iex (irm https://x.example/a.ps1)" } },
      "userData",
    ],
  },
  notApplicable: { "what is no machine": bucket },
});

specify(immutableTags, {
  passes: {
    "tags that stay": { type: ecr, props: { imageTagMutability: "IMMUTABLE" } },
    "tags that stay at Google": { type: docker, props: { format: "DOCKER", dockerConfig: { immutableTags: true } } },
    "a registry of packages": { type: docker, props: { format: "NPM" } },
    "a mirror": { type: docker, props: { format: "DOCKER", mode: "REMOTE_REPOSITORY" } },
  },
  fails: {
    "the default": [{ type: ecr, props: {} }, "imageTagMutability is not set, which means MUTABLE"],
    "tags that move": [{ type: ecr, props: { imageTagMutability: "MUTABLE" } }, 'is "MUTABLE"'],
    "the default at Google": [{ type: docker, props: { format: "DOCKER" } }, "dockerConfig.immutableTags is not set"],
  },
  notApplicable: { "what is no registry": bucket },
  undecided: { "a setting": [{ type: ecr, props: { imageTagMutability: UNKNOWN } }, "imageTagMutability"] },
});

specify(imageScan, {
  passes: {
    "on push": { type: ecr, props: { imageScanningConfiguration: { scanOnPush: true } } },
    inherited: { type: docker, props: { vulnerabilityScanningConfig: { enablementConfig: "INHERITED" } } },
  },
  fails: {
    "switched off": [{ type: ecr, props: { imageScanningConfiguration: { scanOnPush: false } } }, "scanOnPush is false"],
    "switched off at Google": [{ type: docker, props: { vulnerabilityScanningConfig: { enablementConfig: "DISABLED" } } }, "DISABLED"],
  },
  notApplicable: { "what is no registry": bucket },
  undecided: {
    "a setting": [{ type: ecr, props: { imageScanningConfiguration: { scanOnPush: UNKNOWN } } }, "imageScanningConfiguration.scanOnPush"],
  },
});

it("delivery/image-scan wants either the repository or its registry scanned", () => {
  const repository = resource({ type: ecr });
  const registry = resource({
    type: "aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration",
    props: { scanType: "ENHANCED" },
  });
  expect(imageScan.checkStack?.([repository], context()).map(({ urn }) => urn)).toEqual([repository.urn]);
  expect(imageScan.checkStack?.([repository, registry], context())).toEqual([]);
});

specify(runtimeSupported, {
  passes: {
    "a new runtime": { type: lambda, props: { runtime: "nodejs24.x" } },
    "one that the table does not know": { type: lambda, props: { runtime: "nodejs99.x" } },
    "an image": { type: lambda, props: { imageUri: known } },
    "a new database": { type: "gcp:sql/databaseInstance:DatabaseInstance", props: { databaseVersion: "POSTGRES_18" } },
    "a database of a pair": { type: "gcp:sql/databaseInstance:DatabaseInstance", props: { databaseVersion: "MYSQL_8_4" } },
    "a new database at Amazon": { type: "aws:rds/instance:Instance", props: { engine: "postgres", engineVersion: "17.4" } },
    "an engine whose support is Amazon's": {
      type: "aws:rds/cluster:Cluster",
      props: { engine: "aurora-mysql", engineVersion: "8.0.mysql_aurora.3.08.0" },
    },
    "another engine": { type: "aws:rds/instance:Instance", props: { engine: "oracle-ee", engineVersion: "19" } },
  },
  fails: {
    "a runtime that ended": [
      { type: lambda, props: { runtime: "nodejs20.x" } },
      'runtime is "nodejs20.x", which has had no security updates since 2026-04-30',
    ],
    "a function's": [{ type: functionV1, props: { runtime: "python39" } }, "python39"],
    "a function's of the second generation": [{ type: functionV2, props: { buildConfig: { runtime: "nodejs18" } } }, "nodejs18"],
    "an app's": [{ type: "gcp:appengine/standardAppVersion:StandardAppVersion", props: { runtime: "php74" } }, "php74"],
    "a database": [{ type: "gcp:sql/databaseInstance:DatabaseInstance", props: { databaseVersion: "POSTGRES_13" } }, "2025-11-13"],
    "one of nine and a half": [
      { type: "gcp:sql/databaseInstance:DatabaseInstance", props: { databaseVersion: "POSTGRES_9_6" } },
      "2021-11-11",
    ],
    "a MySQL with its minor": [
      { type: "gcp:sql/databaseInstance:DatabaseInstance", props: { databaseVersion: "MYSQL_8_0_31" } },
      "2026-04-30",
    ],
    "one at Amazon": [{ type: "aws:rds/cluster:Cluster", props: { engine: "aurora-postgresql", engineVersion: "13.20" } }, "13.20"],
    "a MariaDB": [{ type: "aws:rds/instance:Instance", props: { engine: "mariadb", engineVersion: "10.5.8" } }, "10.5.8"],
  },
  notApplicable: { "what has no runtime": bucket },
  undecided: { "a runtime": [{ type: lambda, props: { runtime: UNKNOWN } }, "runtime"] },
});

it("delivery/runtime-supported goes by the day of the run", () => {
  const before = context("eu", {}, undefined, { now: new Date("2026-04-29T23:00:00Z") });
  expect(judged(runtimeSupported, { type: lambda, props: { runtime: "nodejs20.x" } }, before)).toBe("compliant");
});

specify(compatibilityDate, {
  passes: {
    "a date of this year": { type: version, props: { compatibilityDate: "2026-07-01" } },
    "a year ago to the day": { type: script, props: { compatibilityDate: "2025-11-22" } },
    "a site with functions": { type: pages, props: { deploymentConfigs: { production: { compatibilityDate: "2026-07-01" } } } },
    "a site that follows the newest": {
      type: pages,
      props: { deploymentConfigs: { production: { alwaysUseLatestCompatibilityDate: true } } },
    },
    "a site without functions": { type: pages, props: { name: "docs" } },
  },
  fails: {
    "a day too old": [{ type: version, props: { compatibilityDate: "2025-11-21" } }, 'is "2025-11-21", which is more than a year ago'],
    none: [{ type: script, props: {} }, "compatibilityDate is not set, which means 2021-11-02"],
    "a site's": [{ type: pages, props: { deploymentConfigs: { production: { compatibilityDate: "2023-01-01" } } } }, "2023-01-01"],
    "no date at all": [{ type: version, props: { compatibilityDate: "newest" } }, '"newest"'],
  },
  notApplicable: { "what is no Worker": bucket },
  undecided: { "a date": [{ type: version, props: { compatibilityDate: UNKNOWN } }, "compatibilityDate"] },
});

const personal = { "data-class": "personal" };
const latest = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST";
specify(previousRevision, {
  passes: {
    "traffic by revision": {
      type: run,
      props: { labels: personal, traffics: [{ type: "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", revision: "a-1", percent: 100 }] },
    },
    "a service of public data": { type: run, props: { traffics: [{ type: latest, percent: 100 }] } },
    "Knative by revision": { type: knative, props: { labels: personal, traffics: [{ revisionName: "a-1", percent: 100 }] } },
    "a function with versions": { type: lambda, props: { tags: personal, publish: true } },
    "a task that goes back by its alarms": { type: ecs, props: { alarms: { enable: true, rollback: true, alarmNames: ["a"] } } },
    "a task that CodeDeploy rolls out": { type: ecs, props: { deploymentController: { type: "CODE_DEPLOY" } } },
  },
  fails: {
    "the latest": [
      { type: run, props: { labels: personal, traffics: [{ type: latest, percent: 100 }] } },
      `traffics[0].type is "${latest}"`,
    ],
    "the default": [{ type: run, props: { labels: personal } }, "traffics is not set"],
    "Knative's latest": [
      { type: knative, props: { labels: personal, traffics: [{ latestRevision: true, percent: 100 }] } },
      "latestRevision is true",
    ],
    "a function that is overwritten": [{ type: lambda, props: { tags: personal } }, "publish is not set, which means false"],
    "a task that fails for ever": [{ type: ecs, props: {} }, "deploymentCircuitBreaker.enable is not set"],
    "a breaker that only stops": [
      { type: ecs, props: { deploymentCircuitBreaker: { enable: true, rollback: false } } },
      "rollback is false",
    ],
  },
  notApplicable: { "what runs nothing": bucket },
  undecided: { "a setting": [{ type: lambda, props: { tags: personal, publish: UNKNOWN } }, "publish"] },
});

const migrations = { newTag: "v2", newSqliteClasses: ["Subject"] };
specify(migrationAlone, {
  passes: {
    "the classes alone": { type: script, props: { content: "export class Subject {}", migrations } },
    "code alone": { type: script, props: { contentFile: "index.js", bindings: [{ name: "A", type: "plain_text" }] } },
    "a version of code": { type: version, props: { modules: [{ name: "index.js" }] } },
    "a tag without a change": { type: script, props: { contentFile: "index.js", migrations: { newTag: "v1" } } },
  },
  fails: {
    "with a file": [
      { type: script, props: { contentFile: "index.js", migrations } },
      "migrations.newSqliteClasses comes in one step with contentFile",
    ],
    "with bindings": [
      { type: script, props: { content: "x", bindings: [{ name: "A", type: "kv_namespace" }], migrations: { deletedClasses: ["Old"] } } },
      "migrations.deletedClasses comes in one step with bindings",
    ],
    "in a version": [
      { type: version, props: { modules: [{ name: "index.js" }], migrations: { renamedClasses: [{ from: "A", to: "B" }] } } },
      "modules",
    ],
    "in steps": [{ type: script, props: { contentFile: "i.js", migrations: { steps: [{ newClasses: ["A"] }] } } }, "migrations.steps"],
  },
  notApplicable: { "what is no Worker": bucket },
});
