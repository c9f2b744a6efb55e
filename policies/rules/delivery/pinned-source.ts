// Code that a cloud fetches by itself is fetched by something that cannot move: not by a branch, nor by an object's name that the next
// upload overwrites. (Images: delivery/digest-pinned.)
import { byType, type Check, mustBe, mustNot, where } from "../../arguments.ts";
import { isPresent, type Value } from "../../resource.ts";
import { is, judge, type Rule } from "../../rule.ts";

/** A name that holds a hash of its content, or the random part that Pulumi puts into names: another content, another name. */
const namesContent = (value: Value) => typeof value === "string" && /[0-9a-f]{7,}/.test(value);

/** @param object where the object's name stands @param versions what pins it, whatever its name is; unknown counts as set */
const pinnedObject =
  (object: string, ...versions: readonly string[]): Check =>
  (resource) =>
    versions.some((path) => isPresent(resource.props, path))
      ? []
      : judge(resource, object, (place) =>
          namesContent(place.value)
            ? undefined
            : {
                problem: `${is(resource, place)}, which the next upload overwrites`,
                allowed: [...versions, "an object named by its hash"].join(", or "),
              },
        );

const isBranch = (value: Value) => typeof value === "string" && /\/moveable-aliases\//.test(value);
const set = (value: Value | undefined) => value !== undefined;

export const pinnedSource: Rule = {
  id: "delivery/pinned-source",
  title: "Code is fetched by what cannot move",
  severity: "high",
  why: "Whoever can push to a branch or overwrite an object puts code into production that nobody reviewed and no deployment shows.",
  remediation: "Name the object's version or hash, the commit, or build in a pipeline that deploys what was reviewed.",
  frameworks: [
    { name: "ISO 27001", clause: "A.8.32" },
    { name: "SOC 2", clause: "CC8.1" },
    { name: "NIS2", clause: "Art. 21(2)(d)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [
      { type: "aws:lambda/function:Function", props: { s3Bucket: "code", s3Key: "app.zip", s3ObjectVersion: "L4kqtJlcpXroDTDmpUMLUo" } },
    ],
    fails: [{ type: "aws:lambda/function:Function", props: { s3Bucket: "code", s3Key: "app.zip" } }],
  },
  check: byType({
    // A service that follows its repository or its tag by itself.
    "aws:apprunner/service:Service": [
      where("sourceConfiguration.codeRepository", set, mustBe("sourceConfiguration.autoDeploymentsEnabled", false, true)),
    ],
    "aws:lambda/function:Function": [pinnedObject("s3Key", "s3ObjectVersion", "sourceCodeHash")],
    "aws:lambda/layerVersion:LayerVersion": [pinnedObject("s3Key", "s3ObjectVersion", "sourceCodeHash")],
    "aws:synthetics/canary:Canary": [pinnedObject("s3Key", "s3Version")],
    "cloudflare:index/pagesProject:PagesProject": [
      where(
        "source.config.productionBranch",
        set,
        where(
          "source.config.deploymentsEnabled",
          (value) => value !== false,
          mustBe("source.config.productionDeploymentsEnabled", false, true),
        ),
      ),
    ],
    "gcp:cloudfunctions/function:Function": [
      pinnedObject("sourceArchiveObject"),
      mustNot("sourceRepository.url", isBranch, ".../revisions/<commit>/paths/...", "a branch moves"),
    ],
    "gcp:cloudfunctionsv2/function:Function": [
      pinnedObject("buildConfig.source.storageSource.object", "buildConfig.source.storageSource.generation"),
      mustNot("buildConfig.source.repoSource.branchName", set, "commitSha", "a branch moves"),
    ],
  }),
};
