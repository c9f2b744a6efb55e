// The engine's event log of a preview, written by hand: as much of it as a report is made of.
import type { EngineEvent, EngineStep } from "../../../cli/pulumi/events.ts";

/** How the engine marks a secret in its log, when it tells what it is (`--show-secrets`), and when it does not. */
export const marked = (plaintext: unknown) => ({
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  plaintext: JSON.stringify(plaintext),
});
export const hidden = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", ciphertext: "[secret]" };
export const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

export interface Step {
  readonly op: string;
  readonly type: string;
  readonly name: string;
  /** Types of the components around it, outermost first; the innermost bears `within`. */
  readonly chain?: readonly string[];
  readonly within?: string;
  readonly inputs?: Record<string, unknown>;
  readonly old?: Record<string, unknown>;
  readonly retainOnDelete?: boolean;
  readonly diffs?: readonly string[];
  readonly keys?: readonly string[];
  readonly detailedDiff?: NonNullable<EngineStep["detailedDiff"]>;
  readonly component?: boolean;
}

export const urnOf = (stack: string, { type, name, chain = [] }: Pick<Step, "type" | "name" | "chain">) =>
  `urn:pulumi:${stack}::bailiwick::${[...chain, type].join("$")}::${name}`;

export function step(stack: string, its: Step): EngineEvent {
  const { op, type, chain = [], within, retainOnDelete, diffs, keys, detailedDiff, component } = its;
  const urn = urnOf(stack, its);
  const cloud = type.split(":")[0];
  const parent = within === undefined ? "" : urnOf(stack, { type: chain.at(-1) as string, name: within, chain: chain.slice(0, -1) });
  const resource = (inputs: Record<string, unknown>) => ({
    urn,
    type,
    custom: component !== true,
    parent,
    inputs,
    ...(retainOnDelete ? { retainOnDelete } : {}),
    provider: component ? "" : `urn:pulumi:${stack}::bailiwick::pulumi:providers:${cloud}::${cloud}::${unknown}`,
  });
  const gone = op === "delete" || op === "delete-replaced";
  const metadata: EngineStep = {
    op,
    urn,
    type,
    old: op === "create" ? null : resource(its.old ?? its.inputs ?? {}),
    new: gone ? null : resource(its.inputs ?? {}),
    diffs: diffs ?? null,
    keys: keys ?? null,
    detailedDiff: detailedDiff ?? null,
  };
  return { resourcePreEvent: { metadata } };
}

export const config = (its: Record<string, string>): EngineEvent => ({ preludeEvent: { config: its } });

export const said = (policyName: string, resourceUrn: string, message: string, enforcementLevel = "mandatory"): EngineEvent => ({
  policyEvent: { policyName, resourceUrn, message, enforcementLevel, policyPackName: "bailiwick" },
});

export const error = (message: string): EngineEvent => ({ diagnosticEvent: { message, severity: "error" } });

export const end = (result = "succeeded"): EngineEvent => ({ summaryEvent: { result, resourceChanges: {} } });
