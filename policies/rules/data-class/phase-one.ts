// Phase 1 of a rollout works without anything of persons: what runs in it must not even be able to reach a store of theirs.
import type { Context } from "../../context.ts";
import { type Properties, type Resource, UNKNOWN, type Value } from "../../resource.ts";
import type { Rule, StackFinding } from "../../rule.ts";
import { classOf, isPersonal } from "./classes.ts";

/** What runs, and what grants: a binding, a variable of the environment or a right that names a store reaches it. */
const reaches =
  /^(aws:(apprunner\/service|batch\/jobDefinition|ecs\/taskDefinition|iam\/(policy|rolePolicy|groupPolicy|userPolicy)|lambda\/(eventSourceMapping|function)|pipes\/pipe|sfn\/stateMachine):|gcp:(cloudfunctions(v2)?\/function|cloudrun\/service|cloudrunv2\/(service|job|workerPool)|sql\/user):|cloudflare:index\/(hyperdriveConfig|pagesProject|workerVersion|workersScript):)/;
const isGrant = (type: string): boolean => /^gcp:\w+\/\w*(IAM|Iam|iAM)(Member|Binding|Policy):/.test(type);

/** Names by which a store is reached. An ARN stands in policies with more behind it. */
const names = ["arn", "bucket", "connectionName", "databaseId", "endpoint", "name", "queueName", "url"];

function checkStack(resources: readonly Resource[], context: Context): StackFinding[] {
  if (context.phase !== 1) return [];
  const stores = resources.flatMap((store) => {
    const held = classOf(store, context);
    return held !== undefined && isPersonal(held) && !reaches.test(store.type) ? [{ store, held, known: knownAs(store.props) }] : [];
  });
  return resources
    .filter(({ type }) => reaches.test(type) || isGrant(type))
    .flatMap((resource) => {
      const texts = textsOf(resource.props);
      return stores
        .filter(({ store, known }) => dependsOn(resource, store) || texts.some((text) => known.some((name) => mentions(text, name))))
        .map(({ store, held }) => ({
          urn: resource.urn,
          finding: {
            kind: "violation" as const,
            problem: `reaches "${store.name}", which holds ${held} data, in phase 1`,
            allowed: "stores of public, operational or pseudonymous data in phase 1",
          },
        }));
    });
}

const dependsOn = ({ propertyDependencies = {} }: Resource, { urn }: Resource): boolean =>
  Object.values(propertyDependencies).some((sources) => sources.includes(urn));

const knownAs = (props: Properties): string[] =>
  names.map((name) => props[name]).filter((name) => typeof name === "string" && name !== "") as string[];

/** The whole text, or a part of an address or ARN: `arn:aws:s3:::orders/*` mentions `orders`, `all orders` and `reorders` do not. */
function mentions(text: string, name: string): boolean {
  if (text === name) return true;
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    const [before = "", after = ""] = [text[at - 1], text[at + name.length]];
    const begins = name.includes(":") ? !/[\w-]/.test(before) : /[:/@.]/.test(before);
    if (begins && !/[\w-]/.test(after)) return true;
  }
  return false;
}

function textsOf(value: Value): string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return (value as readonly Value[]).flatMap(textsOf);
  return typeof value === "object" && value !== null
    ? Object.values(value as Properties).flatMap((item) => (item === UNKNOWN ? [] : textsOf(item)))
    : [];
}

/** `bailiwick:phase` in the stack's configuration says the phase; without it there are no phases, and the rule has nothing to say. */
export const phaseOne: Rule = {
  id: "data-class/phase-one",
  title: "In phase 1 nothing reaches personal data",
  severity: "high",
  why: "The first phase is allowed without a completed impact assessment because it cannot touch people; one binding too many, and it does.",
  remediation: "Remove the binding, variable or grant, or finish what phase 2 asks for and set bailiwick:phase to 2.",
  frameworks: [
    { name: "GDPR", clause: "Art. 35" },
    { name: "GDPR", clause: "Art. 25(1)" },
    { name: "ISO 27001", clause: "A.5.8" },
    { name: "SOC 2", clause: "CC8.1" },
  ],
  phase: 1,
  neverExempt: true,
  enforcement: "mandatory",
  examples: {
    config: { "bailiwick:phase": "1" },
    passes: [
      { type: "aws:dynamodb/table:Table", name: "flags", props: { name: "flags", tags: { "data-class": "operational" } } },
      { type: "aws:lambda/function:Function", name: "api", props: { environment: { variables: { TABLE: "flags" } } } },
    ],
    fails: [
      { type: "aws:dynamodb/table:Table", name: "people", props: { name: "people", tags: { "data-class": "personal" } } },
      { type: "aws:lambda/function:Function", name: "api", props: { environment: { variables: { TABLE: "people" } } } },
    ],
  },
  checkStack,
};
