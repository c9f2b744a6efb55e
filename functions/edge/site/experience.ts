// What a request gets to see in each slot: the default, or a variation where consent allows one.
import { within } from "../../shared/budget.ts";
import { consentGate, type Gate } from "./consent-gate.ts";
import type { Environment } from "./environment.ts";
import { builtIn, chooseVariation, type Experiment, parseExperiments, type Variation } from "./experiments.ts";

/** The promise: personalisation never costs a page more than this. */
const decisionBudgetMs = 200;

export interface Experience {
  readonly slot: string;
  /** `default` or the name of a variation. */
  readonly variation: string;
  /** Why: of the decision table, or `no-token`, `invalid-token`, `invalid-policy`, `unavailable`, `no-experiment`. */
  readonly reason: string;
  readonly policyRevision: string | null;
  readonly consentEpoch: number | null;
  readonly content?: Variation["content"];
}

/** A function from slot to experience for this request. Never throws. */
export async function experiences(request: Request, env: Environment): Promise<(slot: string) => Promise<Experience>> {
  const late: Gate = { allow: false, reason: "unavailable", policyRevision: null, consentEpoch: null };
  const [gate, experiments] = await within(
    decisionBudgetMs,
    Promise.all([consentGate(request, env, "personalisation"), readExperiments(env)]),
  ).catch(() => [late, builtIn] as const);
  return (slot) => experienceOf(slot, gate, experiments);
}

/** The experience of a slot, given what consent allows and what runs. */
export async function experienceOf(slot: string, gate: Gate, experiments: readonly Experiment[]): Promise<Experience> {
  const { policyRevision, consentEpoch, reason } = gate;
  if (!gate.allow || gate.subject === undefined) return { slot, variation: "default", reason, policyRevision, consentEpoch };
  const experiment = experiments.find((candidate) => candidate.slot === slot);
  if (!experiment) return { slot, variation: "default", reason: "no-experiment", policyRevision, consentEpoch };
  const { name, content } = await chooseVariation(experiment, gate.subject);
  return { slot, variation: name, reason, policyRevision, consentEpoch, content };
}

/** The published experiments; the built-in ones when there are none or they cannot be read. */
async function readExperiments(env: Environment): Promise<readonly Experiment[]> {
  try {
    const document = await env.EXPERIMENTS.get("experiments", { type: "json", cacheTtl: 60 });
    return document === null ? builtIn : parseExperiments(document);
  } catch (error) {
    console.error(`The experiments document cannot be used; the built-in ones run instead. ${(error as Error).message}`);
    return builtIn;
  }
}
