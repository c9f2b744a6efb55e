// S3 answers plain HTTP as well: only the bucket's own policy refuses it. Source: S3 User Guide, "Security best practices", aws:SecureTransport.
import type { Context } from "../../context.ts";
import { dataClassOf } from "../../declaration.ts";
import { leadsTo } from "../../relation.ts";
import { type Resource, read, textOf, UNKNOWN, type Value } from "../../resource.ts";
import type { Rule, StackFinding } from "../../rule.ts";
import { documentOf, statementsOf } from "../exposure/aws-policy.ts";
import { s3Buckets, s3Policies } from "../s3.ts";

const isEveryone = (principal: Value | undefined): boolean =>
  principal === "*" || (typeof principal === "object" && principal !== null && [(principal as { AWS?: Value }).AWS].flat().includes("*"));

/** Denies everyone every action where the connection is not secure, or where its TLS is too old (which plain HTTP is too). */
function refusesPlain(text: Value): boolean {
  const document = documentOf(text);
  return (document ? statementsOf(document) : []).some(({ Effect, Principal, Action, Condition }) => {
    const conditions = (typeof Condition === "object" && Condition !== null ? Condition : {}) as {
      readonly [operator: string]: { readonly [key: string]: Value };
    };
    const secure = Object.entries(conditions.Bool ?? {}).some(
      ([key, value]) => key.toLowerCase() === "aws:securetransport" && ([value].flat() as readonly Value[]).map(textOf).includes("false"),
    );
    const all = [Action].flat().some((action) => action === "s3:*" || action === "*");
    return Effect === "Deny" && isEveryone(Principal) && all && secure;
  });
}

const asksFor = (resource: Resource, { register }: Context): boolean => {
  const declared = dataClassOf(resource, register);
  return declared.kind === "declared" && declared.value !== "public";
};

/**
 * A policy that is not known yet counts as one that refuses: it waits for the bucket's ARN in almost every program. It is judged when it is
 * known, in the update, with all others.
 */
const checkStack = (resources: readonly Resource[], context: Context): StackFinding[] =>
  resources
    .filter((it) => s3Buckets.includes(it.type) && asksFor(it, context))
    .filter((it) => {
      const texts: (Value | undefined)[] = [
        read(it.props, "policy"),
        ...resources
          .filter((other) => s3Policies.includes(other.type) && leadsTo(other, "bucket", it))
          .map(({ props }) => read(props, "policy")),
      ];
      return !texts.some((text) => text === UNKNOWN || (text !== undefined && refusesPlain(text)));
    })
    .map(({ urn }) => ({
      urn,
      finding: {
        kind: "violation",
        problem: "nothing refuses plain HTTP to it",
        allowed: 'a BucketPolicy that denies s3:* to everyone where "aws:SecureTransport" is "false"',
      },
    }));

const document = JSON.stringify({
  Version: "2012-10-17",
  Statement: [
    {
      Effect: "Deny",
      Principal: "*",
      Action: "s3:*",
      Resource: ["arn:aws:s3:::orders", "arn:aws:s3:::orders/*"],
      Condition: { Bool: { "aws:SecureTransport": "false" } },
    },
  ],
});
const orders = { type: "aws:s3/bucket:Bucket", name: "orders", props: { bucket: "orders", tags: { "data-class": "personal" } } };

/** Buckets of public data are let off: nothing in them is secret. */
export const bucketTlsOnly: Rule = {
  id: "encryption/bucket-tls-only",
  title: "Buckets are spoken to by TLS only",
  severity: "medium",
  why: "A client that is set to plain HTTP by mistake works, and sends people's files and its own signature readably over the network.",
  remediation: "Add the statement to the bucket's policy.",
  frameworks: [
    { name: "GDPR", clause: "Art. 32(1)(a)" },
    { name: "ISO 27001", clause: "A.8.21" },
    { name: "SOC 2", clause: "CC6.7" },
    { name: "NIS2", clause: "Art. 21(2)(h)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [orders, { type: "aws:s3/bucketPolicy:BucketPolicy", props: { bucket: "orders", policy: document } }],
    fails: [orders],
  },
  checkStack,
};
