// A registry that lets a tag be moved lets history be rewritten: who looks at the tag of a release sees other code than was released.
import { byType, mustBe, where } from "../../arguments.ts";
import { textOf, UNKNOWN, type Value } from "../../resource.ts";
import type { Rule } from "../../rule.ts";

const isDocker = (value: Value | undefined) => value === UNKNOWN || textOf(value).toUpperCase() === "DOCKER";
/** A remote or virtual repository takes no pushes of its own. */
const takesPushes = (value: Value | undefined) => value === undefined || value === "STANDARD_REPOSITORY";

export const immutableTags: Rule = {
  id: "delivery/immutable-tags",
  title: "A registry's tags cannot be moved",
  severity: "medium",
  why: "Whoever can move a tag can put other code under the name of a release, and the release can no longer be proven.",
  remediation: "Set imageTagMutability: IMMUTABLE, or dockerConfig.immutableTags: true.",
  frameworks: [
    { name: "ISO 27001", clause: "A.8.32" },
    { name: "SOC 2", clause: "CC8.1" },
    { name: "NIS2", clause: "Art. 21(2)(d)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "aws:ecr/repository:Repository", props: { imageTagMutability: "IMMUTABLE" } }],
    fails: [{ type: "aws:ecr/repository:Repository", props: {} }],
  },
  check: byType({
    "aws:ecr/repository:Repository": [mustBe("imageTagMutability", ["IMMUTABLE", "IMMUTABLE_WITH_EXCLUSION"], "MUTABLE")],
    "aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate": [
      mustBe("imageTagMutability", ["IMMUTABLE", "IMMUTABLE_WITH_EXCLUSION"], "MUTABLE"),
    ],
    "gcp:artifactregistry/repository:Repository": [
      where("format", isDocker, where("mode", takesPushes, mustBe("dockerConfig.immutableTags", true, false))),
    ],
  }),
};
