// Sensitive data can be destroyed by destroying its key, so it lies only where a key of one's own can be given.
import { jurisdictions, placesFor } from "../../../stacks/residency.ts";
import type { Context } from "../../context.ts";
import { type Resource, read, textOf } from "../../resource.ts";
import { holdingOf } from "../../resource-types.ts";
import type { Outcome, Rule } from "../../rule.ts";
import { cloudOf } from "../residency/demand.ts";
import { byClass } from "./classes.ts";

/** Stores that take no key of the customer's. Source: the providers' pages on customer-managed keys, and the absence of the argument. */
const keyless: Readonly<Record<string, true | ((resource: Resource) => boolean)>> = {
  "aws:cloudsearch/domain:Domain": true,
  "aws:dax/cluster:Cluster": true,
  "aws:ecrpublic/repository:Repository": true,
  "aws:elasticache/cluster:Cluster": ({ props }) => read(props, "engine") === "memcached",
  "aws:glacier/vault:Vault": true,
  "aws:lightsail/bucket:Bucket": true,
  "aws:lightsail/database:Database": true,
  "aws:lightsail/disk:Disk": true,
  "aws:ssm/parameter:Parameter": ({ props }) => ["String", "StringList"].includes(textOf(read(props, "type"))),
  "gcp:firebase/databaseInstance:DatabaseInstance": true,
  "gcp:memcache/instance:Instance": true,
  "gcp:pubsub/liteTopic:LiteTopic": true,
};

function takesNoKey(resource: Resource): boolean {
  const cloud = cloudOf(resource.type);
  const promised = jurisdictions.some((jurisdiction) => placesFor(jurisdiction, "sensitive").some((place) => place.cloud === cloud));
  const without = keyless[resource.type];
  return !promised || without === true || without?.(resource) === true;
}

function check(resource: Resource, context: Context): Outcome {
  if (holdingOf(resource.type, resource.provider !== undefined) !== "stores") return "notApplicable";
  return byClass(resource, context, (dataClass) =>
    dataClass === "sensitive" && takesNoKey(resource)
      ? [
          {
            kind: "violation",
            problem: "holds sensitive data and takes no key of one's own",
            allowed: "a store that can be encrypted with a key of KMS: S3, Cloud Storage, DynamoDB, a database, Secret Manager, ...",
          },
        ]
      : [],
  );
}

/** Whether a store that takes a key has been given one is `encryption/own-key`. */
export const sensitiveOwnKey: Rule = {
  id: "data-class/sensitive-own-key",
  title: "Sensitive data lies only in stores that take a key of one's own",
  severity: "high",
  why: "Where the vendor alone holds the key, a person's most delicate data can be read at the vendor, and cannot be made unreadable at once.",
  remediation: "Move it to a store that takes a key of KMS, and give it one of the jurisdiction.",
  frameworks: [
    { name: "GDPR", clause: "Art. 9" },
    { name: "GDPR", clause: "Art. 32(1)(a)" },
    { name: "ISO 27001", clause: "A.8.24" },
    { name: "SOC 2", clause: "CC6.1" },
    { name: "NIS2", clause: "Art. 21(2)(h)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "aws:ssm/parameter:Parameter", props: { type: "SecureString", tags: { "data-class": "sensitive" } } }],
    fails: [{ type: "aws:ssm/parameter:Parameter", props: { type: "String", tags: { "data-class": "sensitive" } } }],
  },
  check,
};
