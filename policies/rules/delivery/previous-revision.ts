// What ran before can take over again at once. Cloud Run and Lambda keep old code only under a name of its own; traffic that follows
// "the latest" and a function that is overwritten have nothing to go back to that is named in the program. Services and functions are
// judged where they declare personal data: elsewhere an outage hurts nobody's rights. ECS goes back by itself if it is told to.
import { byType, type Check, mustBe, where } from "../../arguments.ts";
import { dataClassOf } from "../../declaration.ts";
import { isPresent, type Value } from "../../resource.ts";
import { is, judge, type Rule } from "../../rule.ts";

const ofPeople: readonly unknown[] = ["pseudonymous", "personal", "sensitive", "audit"];

const ifOfPeople =
  (...checks: readonly Check[]): Check =>
  (resource, context) => {
    const declared = dataClassOf(resource, context.register);
    return declared.kind === "declared" && ofPeople.includes(declared.value) ? checks.flatMap((check) => check(resource, context)) : [];
  };

/** Traffic by name of revision. @param refuses what "the latest" is called @param path of that word */
const byRevision =
  (path: string, refuses: Value, allowed: string): Check =>
  (resource) =>
    isPresent(resource.props, "traffics[*]")
      ? judge(resource, path, (place) => (place.value === refuses ? { problem: is(resource, place), allowed } : undefined))
      : [{ kind: "violation", property: "traffics", problem: "traffics is not set, which sends all to the latest revision", allowed }];

/** The other ways in which a service of ECS goes back: alarms, or CodeDeploy. */
const goesBack: Check = (resource, context) => {
  const breaker = ["deploymentCircuitBreaker.enable", "deploymentCircuitBreaker.rollback"].flatMap((path) =>
    mustBe(path, true, false)(resource, context),
  );
  const alarms = ["alarms.enable", "alarms.rollback"].flatMap((path) => mustBe(path, true)(resource, context));
  return breaker.length === 0 || alarms.length === 0 ? [] : breaker;
};

export const previousRevision: Rule = {
  id: "delivery/previous-revision",
  title: "What ran before can take over again at once",
  severity: "medium",
  why: "When new code misreads consent, every minute until the old one runs again is a minute in which people's choices do not hold.",
  remediation:
    "Name revisions and send traffic by name, publish versions of functions, let ECS roll back (deploymentCircuitBreaker: { enable: true, rollback: true }).",
  frameworks: [
    { name: "ISO 27001", clause: "A.8.32" },
    { name: "SOC 2", clause: "A1.2" },
    { name: "NIS2", clause: "Art. 21(2)(c)" },
    { name: "DORA", clause: "Art. 9(4)(e)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "aws:ecs/service:Service", props: { deploymentCircuitBreaker: { enable: true, rollback: true } } }],
    fails: [{ type: "aws:ecs/service:Service", props: { desiredCount: 2 } }],
  },
  check: byType({
    "aws:ecs/service:Service": [where("deploymentController.type", (type) => type === undefined || type === "ECS", goesBack)],
    "aws:lambda/function:Function": [ifOfPeople(mustBe("publish", true, false))],
    "gcp:cloudrun/service:Service": [ifOfPeople(byRevision("traffics[*].latestRevision", true, "traffics by revisionName"))],
    "gcp:cloudrunv2/service:Service": [
      ifOfPeople(
        byRevision(
          "traffics[*].type",
          "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST",
          "traffics with type TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION and the name of a revision",
        ),
      ),
    ],
  }),
};
