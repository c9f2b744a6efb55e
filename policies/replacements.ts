// The change that destroys data: a store whose arguments can only be given at creation, and are changed all the same, is made anew, and empty.
// The engine tells a policy pack what a resource is to be, not what it was (pulumi/proto/analyzer.proto), so no rule of the pack can see it.
// What was is in the events of a preview: this judges them, for every preview and for the gate before an update.
import type { DataClass } from "../stacks/residency.ts";
import { Components } from "./components.ts";
import type { Context } from "./context.ts";
import { dataClassOf } from "./declaration.ts";
import { type Exemption, inUse, ofRules, unusedIn, withoutUse } from "./exemptions.ts";
import { violationMessage } from "./message.ts";
import { type Resource, read } from "./resource.ts";
import type { Metadata, Violation } from "./rule.ts";
import { isStateful } from "./rules/recoverability/protect.ts";
import { type Diagnostic, exemptionsRule } from "./session.ts";
import { decode } from "./wire.ts";

/** What is read of an engine event. Those of other kinds have no `resourcePreEvent`. */
export interface StepEvent {
  readonly resourcePreEvent?: { readonly metadata: Step };
}

interface Step {
  readonly op: string;
  readonly urn: string;
  readonly type: string;
  readonly old?: State | null;
  readonly new?: State | null;
  /** Top-level properties that force the replacement. */
  readonly keys?: readonly string[] | null;
  /** Paths that differ (`PropertyDiff` of @pulumi/pulumi/automation/events): those that force it have a kind that ends in `-replace`. */
  readonly detailedDiff?: Readonly<Record<string, { readonly diffKind?: string }>> | null;
  readonly provider?: string;
}

interface State {
  readonly inputs?: Readonly<Record<string, unknown>>;
  /** Absent of components. */
  readonly custom?: boolean;
  readonly parent?: string;
  readonly protect?: boolean;
  readonly retainOnDelete?: boolean;
}

/** A store that does not survive the change, or that is left behind with all that is in it. */
export interface Replacement {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly change: "replaced" | "deleted";
  readonly dataClass: DataClass | "undeclared";
  /** `left behind`: the old one stays in the cloud, under nobody's care, and the program works on an empty one. */
  readonly data: "destroyed" | "left behind";
  /** Paths of the arguments that force the replacement; none where it is deleted. */
  readonly because: readonly string[];
  /** The finding as a terminal shows it. It names no value of any property. */
  readonly message: string;
  /** What lets it go. */
  readonly exemption?: Exemption;
}

/**
 * As what the gate and the report speak of it. Judged by the preview's events, hence no rule of the pack; exempted as any rule, for stores do end: the
 * entry for it is needed once, and is without use from then on.
 */
export const replacesData: Metadata = {
  id: "recoverability/replaces-data",
  title: "No change makes a store anew or takes it away",
  severity: "critical",
  why: "An argument that looks like a setting (a name, a key, a jurisdiction) can only be given at creation: to change it, the engine deletes the store with all it holds.",
  remediation:
    "Leave the argument as it is; or make a second store, move the data, point the program to it, and take the first away in a change of its own, with an exemption.",
  frameworks: [
    { name: "GDPR", clause: "Art. 5(1)(f)" },
    { name: "GDPR", clause: "Art. 32(1)(c)" },
    { name: "ISO 27001", clause: "A.8.32" },
    { name: "SOC 2", clause: "CC8.1" },
    { name: "NIS2", clause: "Art. 21(2)(c)" },
    { name: "DORA", clause: "Art. 9(4)(e)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
};

const replacing = new Set(["replace", "create-replacement", "delete-replaced", "import-replacement"]);

/** The stores that an update by these events would replace or delete, each once, in the engine's order. */
export function replacementsOf(events: readonly StepEvent[], context: Context, exemptions: readonly Exemption[] = []): Replacement[] {
  if (context.lifecycle === "ephemeral") return [];
  const components = new Components();
  const steps = new Map<string, Step>();
  for (const { resourcePreEvent } of events) {
    const step = resourcePreEvent?.metadata;
    if (step) noteComponent(components, step);
    if (!step?.old || !(replacing.has(step.op) || step.op === "delete")) continue;
    const before = steps.get(step.urn);
    // A replacement is several steps; the one that says why counts.
    if (!before || forcedBy(before).length === 0) steps.set(step.urn, step);
  }
  const lets = ofRules(exemptions, [replacesData]);
  return [...steps.values()].flatMap((step) => {
    const old = resourceOf(step, step.old as State);
    const lettingGo = (violation: Violation) => lets.find((item) => item.accepts(violation) && components.covered(item, old));
    return isStateful(old, context) ? [replacementOf(step, old, context, lettingGo)] : [];
  });
}

/**
 * What a preview is to say of them: each is a finding, or the note that an exemption lets it go. Exemptions of this stack that let nothing go block;
 * those for several stacks are judged by who has seen all of them.
 */
export function diagnosticsOf(
  replacements: readonly Replacement[],
  stack: string,
  exemptions: readonly Exemption[],
): Pick<Diagnostic, "rule" | "urn" | "message" | "blocks">[] {
  const used = new Set(replacements.flatMap(({ exemption }) => exemption?.number ?? []));
  const unused = unusedIn(ofRules(exemptions, [replacesData]), new Map([[stack, used]]), false);
  return [
    ...replacements.map(({ urn, message, exemption }) =>
      exemption
        ? { rule: exemptionsRule.id, urn, message: inUse(exemption), blocks: false }
        : { rule: replacesData.id, urn, message, blocks: true },
    ),
    ...unused.map((item) => ({ rule: exemptionsRule.id, urn: item.urn, message: withoutUse(item), blocks: true })),
  ];
}

function noteComponent(components: Components, { urn, type, old, new: next }: Step): void {
  const { custom, parent } = next ?? old ?? {};
  if (!custom) components.note({ urn, type, ...(parent ? { parent } : {}) });
}

function resourceOf({ urn, type, provider }: Step, { inputs = {}, protect = false, parent }: State): Resource {
  const [providerUrn = ""] = provider?.split(/::(?=[^:]*$)/) ?? [];
  return {
    urn,
    type,
    name: urn.slice(urn.lastIndexOf("::") + 2),
    ...decode(inputs),
    options: { protect },
    ...(parent ? { parent } : {}),
    ...(providerUrn === "" ? {} : { provider: { type: "", name: "", urn: providerUrn, props: {} } }),
  };
}

function replacementOf(
  step: Step,
  old: Resource,
  { register }: Context,
  lettingGo: (violation: Violation) => Exemption | undefined,
): Replacement {
  const declared = dataClassOf(old, register);
  const dataClass = declared.kind === "declared" ? declared.value : "undeclared";
  const change = step.op === "delete" ? "deleted" : "replaced";
  const data = isKept(step.old as State, old) ? "left behind" : "destroyed";
  const because = change === "replaced" ? forcedBy(step) : [];
  const violation: Violation = {
    kind: "violation",
    ...(because.length > 0 ? { property: because.join(", ") } : {}),
    problem: `it is ${change}, and its ${dataClass === "undeclared" ? "data" : `${dataClass} data`} ${data}${because.length > 0 ? `: ${because.join(", ")} can only be given at creation` : ""}`,
    allowed: "changes that leave a store where it is",
  };
  const exemption = lettingGo(violation);
  return {
    urn: old.urn,
    type: old.type,
    name: old.name,
    change,
    dataClass,
    data,
    because,
    message: violationMessage(replacesData, old, violation),
    ...(exemption ? { exemption } : {}),
  };
}

/** Pulumi and some resources can be told to forget the cloud's own resource instead of deleting it. */
const isKept = ({ retainOnDelete }: State, { props }: Resource): boolean =>
  retainOnDelete === true || read(props, "deletionPolicy") === "ABANDON" || read(props, "skipDestroy") === true;

function forcedBy({ keys, detailedDiff }: Step): readonly string[] {
  const paths = Object.entries(detailedDiff ?? {}).flatMap(([path, { diffKind }]) => (diffKind?.endsWith("-replace") ? [path] : []));
  return paths.length > 0 ? paths : (keys ?? []);
}
