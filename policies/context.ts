// What a rule may know about the stack that is being deployed.
import { isJurisdiction, type Jurisdiction, jurisdictionOfRegion, jurisdictions, residencyOf } from "../stacks/residency.ts";
import type { Artifacts } from "./artifacts.ts";
import type { Register } from "./register.ts";
import { type Vendors, vendorsOf } from "./vendors.ts";

/** Which law the stack is under. */
export type Scope =
  | { readonly kind: "jurisdiction"; readonly jurisdiction: Jurisdiction }
  /** The stack `global`: public and operational data only, in any place of the map. */
  | { readonly kind: "global" }
  /** Nobody said. Resources can still say it by tag or label. */
  | { readonly kind: "unmapped"; readonly problem: string };

export interface Context {
  readonly stack: string;
  readonly scope: Scope;
  /** `ephemeral` stacks hold synthetic data only and may be thrown away. */
  readonly lifecycle: "durable" | "ephemeral";
  /** Phase 1 of a rollout works without anything of persons. Absent: the stack is in no phase, and everything may be there. */
  readonly phase?: 1 | 2;
  /** Whether what a rule can safely correct is corrected instead of refused. */
  readonly remediate: boolean;
  readonly register: Register;
  readonly vendors: Vendors;
  /** What was built; undefined where the pack has no manifest beside it. */
  readonly artifacts?: Artifacts;
  /** Our own domains: what is sent to a host at or below one of them stays with us. */
  readonly domains: readonly string[];
  readonly now: Date;
}

/** What stands beside the pack, and the clock. */
export type Knowledge = Pick<Context, "vendors" | "artifacts" | "now">;

/** The stack's own configuration keys that the pack reads. The first is for stacks whose name is not in the residency map. */
export const jurisdictionKey = "bailiwick:jurisdiction";
export const lifecycleKey = "bailiwick:lifecycle";
/** Own domains, separated by commas. */
export const domainKey = "bailiwick:domain";
export const phaseKey = "bailiwick:phase";
export const remediateKey = "bailiwick:remediate";

/** What the engine says about a stack. `config` has full keys: `bailiwick:lifecycle`. */
export interface StackFacts {
  readonly stack: string;
  readonly config: Readonly<Record<string, string>>;
}

/** @throws Error for a `bailiwick:remediate` that is neither true nor false */
export function contextOf({ stack, config }: StackFacts, register: Register, known: Partial<Knowledge> = {}): Context {
  return {
    stack,
    scope: scopeOf(stack, config[jurisdictionKey]),
    lifecycle: config[lifecycleKey] === "ephemeral" ? "ephemeral" : "durable",
    ...phaseOf(config[phaseKey]),
    remediate: remediateOf(stack, config[remediateKey]),
    register,
    domains: (config[domainKey] ?? "").split(/[,\s]+/).filter((domain) => domain !== ""),
    vendors: vendorsOf([]),
    now: new Date(),
    ...known,
  };
}

function phaseOf(configured: string | undefined): Pick<Context, "phase"> {
  if (configured === undefined) return {};
  // What cannot be read is taken for the phase that allows less.
  return { phase: configured === "2" ? 2 : 1 };
}

function remediateOf(stack: string, configured = "false"): boolean {
  if (configured === "true" || configured === "false") return configured === "true";
  throw new Error(`${remediateKey} of stack "${stack}" is "${configured}"; allowed: true, false`);
}

/** The stack's name decides; only a name that the map does not know may be explained by configuration. */
function scopeOf(stack: string, configured: string | undefined): Scope {
  const named = stack === "global" ? "global" : jurisdictionOfRegion(stack);
  if (configured !== undefined && configured !== "global" && !isJurisdiction(configured)) {
    return {
      kind: "unmapped",
      problem: `${jurisdictionKey} of stack "${stack}" is "${configured}"; allowed: ${jurisdictions.join(", ")}, global`,
    };
  }
  if (named && configured && named !== configured) {
    return { kind: "unmapped", problem: `stack "${stack}" belongs to ${named} by its name and to ${configured} by its ${jurisdictionKey}` };
  }
  const decided = named ?? configured;
  if (decided === undefined) {
    const regions = jurisdictions.map((jurisdiction) => residencyOf(jurisdiction).region).join(", ");
    return {
      kind: "unmapped",
      problem: `stack "${stack}" belongs to no jurisdiction: it is none of ${regions}, global, and has no ${jurisdictionKey}`,
    };
  }
  return decided === "global" ? { kind: "global" } : { kind: "jurisdiction", jurisdiction: decided };
}
