// From the event log of a stack's preview to what a reviewer has to know of it. Pure.

import { contextOf } from "../../policies/context.ts";
import { type Exemption, numberIn, unusedIn, withoutUse } from "../../policies/exemptions.ts";
import { stackOf } from "../../policies/glob.ts";
import type { Register } from "../../policies/register.ts";
import { diagnosticsOf, type Replacement, replacementsOf, replacesData } from "../../policies/replacements.ts";
import { exemptionsRule } from "../../policies/session.ts";
import type { Artifact } from "../../stacks/artifact-manifest.ts";
import { isJurisdiction, type Jurisdiction, jurisdictionOfRegion } from "../../stacks/residency.ts";
import { graphOf, type ProgramResource } from "../graph/graph.ts";
import { type EngineEvent, type Finding, outcomeOf } from "../pulumi/events.ts";
import { artifactsOf } from "./artifacts.ts";
import { holdingsOf } from "./holdings.ts";
import { type Operation, operations, type Picture, type ReviewedResource, type StackReview } from "./model.ts";
import { inClouds, type Plan, type Planned, planOf } from "./plan.ts";
import { redacted, redactor } from "./secrets.ts";
import { settingsOf, unknownPaths } from "./settings.ts";
import { telemetryOf } from "./telemetry.ts";

/** What a preview leaves behind. */
export interface Previewed {
  readonly stack: string;
  readonly events: readonly EngineEvent[];
  /** From the saved plan, by URN: top-level property to the URNs that its value comes from. */
  readonly dependencies?: ReadonlyMap<string, Readonly<Record<string, readonly string[]>>>;
}

export interface Surroundings {
  readonly register: Register;
  /** Artifacts of the manifest. */
  readonly built: readonly Artifact[];
  readonly exemptions: readonly Exemption[];
}

export function reviewOf({ stack, events, dependencies }: Previewed, { register, built, exemptions }: Surroundings): StackReview {
  const plan = planOf(events);
  const { errors, rules, findings: judgements } = outcomeOf(events);
  const own = jurisdictionOf(stack, plan.config);
  const context = contextOf({ stack, config: plan.config }, register);
  const lost = replacementsOf(events, context, exemptions);
  // What is lost stands in a part of its own.
  const more = diagnosticsOf(lost, stack, exemptions).filter(({ rule }) => rule !== replacesData.id);
  const all = [...judgements, ...more.map(({ blocks, ...its }) => ({ ...its, mandatory: blocks }))];
  const notes = all.filter(({ rule, mandatory }) => rule === exemptionsRule.id && !mandatory);
  const said = all.filter((finding) => !notes.includes(finding));
  const undecided = said.filter(isUndecided);
  const findings = said.filter((finding) => !isUndecided(finding));
  const end = events.findLast(({ summaryEvent }) => summaryEvent)?.summaryEvent;
  const lostAt = new Map(lost.map((each) => [each.urn, each]));
  const resources = plan.resources.filter(inClouds).map((each) => reviewed(each, lostAt.get(each.urn)));
  const judged = end !== undefined && errors.length === 0;
  const holdings = holdingsOf(plan, register, own === "global" ? undefined : own);
  const review: StackReview = {
    stack,
    ...(own === undefined ? {} : { jurisdiction: own }),
    lifecycle: context.lifecycle,
    ok:
      end !== undefined && (end.result ?? "succeeded") === "succeeded" && errors.length === 0 && said.every(({ mandatory }) => !mandatory),
    rules,
    errors: errors.map((error) => error.slice(0, 8_000)),
    findings: findings.map(cut),
    undecided: undecided.map(cut),
    exemptions: notes.map((note) => ({ urn: note.urn, message: cut(note).message, ...daysLeftIn(note.message) })),
    unusedExemptions: judged ? notNeeded(stack, notes, exemptions) : [],
    resources,
    holdings,
    telemetry: telemetryOf(plan.resources, holdings),
    artifacts: artifactsOf(plan.resources, built),
    picture: pictureOf(plan, dependencies ?? new Map()),
  };
  return redacted(review, redactor(plan.secrets));
}

/** As policies/message.ts words it. */
const isUndecided = ({ message }: Finding) => /\bleaves \S+ undecided:/.test(message);

const cut = (finding: Finding): Finding => ({ ...finding, message: finding.message.slice(0, 8_000) });

function daysLeftIn(message: string): { daysLeft?: number } {
  const days = /(-?\d+) days? left/.exec(message)?.[1];
  return days === undefined ? {} : { daysLeft: Number(days) };
}

function jurisdictionOf(stack: string, config: Readonly<Record<string, string>>): Jurisdiction | "global" | undefined {
  const configured = config["bailiwick:jurisdiction"];
  if (stack === "global" || configured === "global") return "global";
  return jurisdictionOfRegion(stack) ?? (isJurisdiction(configured) ? configured : undefined);
}

function reviewed({ urn, type, name, operation, paths, props }: Planned, lost: Replacement | undefined): ReviewedResource {
  return {
    urn,
    type,
    name: name.slice(0, 300),
    operation,
    paths: (lost && lost.because.length > 0 ? lost.because : paths).map((path) => path.slice(0, 300)),
    unknown: operation === "same" || operation === "read" ? [] : unknownPaths(props).map((path) => path.slice(0, 300)),
    settings: settingsOf(props),
    ...(lost ? { loses: { dataClass: lost.dataClass, data: lost.data, ...(lost.exemption ? { exempted: true } : {}) } } : {}),
  };
}

/** Exemptions for several stacks that this one, judged to its end, did not need. One that names the stack was reported by the pack itself. */
function notNeeded(stack: string, findings: readonly Finding[], exemptions: readonly Exemption[]): string[] {
  const used = new Set(findings.flatMap(({ message }) => numberIn(message) ?? []));
  const several = exemptions.filter(({ urn }) => (stackOf(urn) ?? "*").includes("*"));
  return unusedIn(several, new Map([[stack, used]]), true).map(withoutUse);
}

/** Gravest first. */
const gravity: readonly Operation[] = ["delete", "replace", "change", "create", "same", "read"];
export const gravest = (its: readonly Operation[]): Operation => gravity.find((operation) => its.includes(operation)) ?? "same";

function pictureOf({ resources }: Plan, dependencies: NonNullable<Previewed["dependencies"]>): Picture {
  const urns = new Set(resources.map(({ urn }) => urn));
  const drawn = resources.map(
    ({ urn, type, custom, parent, inputs }): ProgramResource => ({
      urn,
      type,
      custom,
      // What stands under something that the plan does not name stands alone.
      parent: urns.has(parent) ? parent : "",
      inputs,
      propertyDependencies: dependencies.get(urn) ?? {},
    }),
  );
  const { nodes, edges } = graphOf(drawn);
  // Those of a component, or of what stands alone.
  const parts = Map.groupBy(drawn.filter(inClouds), ({ urn, parent }) =>
    nameIn(parent === "" || parent.includes("::pulumi:pulumi:Stack::") ? urn : parent),
  );
  const operationOf = new Map(resources.map(({ urn, operation }) => [urn, operation]));
  return {
    nodes: nodes.map(({ name, kind, cloud, within, keeps, open, resources: count }) => ({
      ...{ name, kind, cloud, within, keeps, open, resources: count },
      operation: gravest((parts.get(name) ?? []).flatMap(({ urn }) => operationOf.get(urn) ?? [])),
    })),
    edges: [...edges],
  };
}

const nameIn = (urn: string) => urn.slice(urn.lastIndexOf("::") + 2);

/** How many resources there are of each operation. */
export const countsOf = ({ resources }: StackReview): Readonly<Record<Operation, number>> =>
  Object.fromEntries(operations.map((each) => [each, resources.filter(({ operation }) => operation === each).length])) as Record<
    Operation,
    number
  >;
