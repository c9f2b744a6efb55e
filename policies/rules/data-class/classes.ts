// The order of data classes, and how rules ask for the one that a resource declares.
import { type DataClass, dataClasses } from "../../../stacks/residency.ts";
import type { Context } from "../../context.ts";
import { dataClassOf } from "../../declaration.ts";
import type { Resource } from "../../resource.ts";
import { type Finding, type Outcome, outcomeOf } from "../../rule.ts";

/** Who may hold one class may hold every class before it. */
export const atLeast = (dataClass: DataClass, least: DataClass): boolean => dataClasses.indexOf(dataClass) >= dataClasses.indexOf(least);

/** Data that names a person, or of which the law asks more. */
export const isPersonal = (dataClass: DataClass): boolean => atLeast(dataClass, "personal");

/** The class that a resource declares, if it declares one that exists. */
export function classOf(resource: Resource, context: Context): DataClass | undefined {
  const declared = dataClassOf(resource, context.register);
  return declared.kind === "declared" ? declared.value : undefined;
}

/** Judges a resource by the class that it declares. Where it declares none, or one that is not known yet, `data-class/declared` blocks. */
export function byClass(resource: Resource, context: Context, judge: (dataClass: DataClass) => readonly Finding[]): Outcome {
  const declared = classOf(resource, context);
  return declared === undefined ? "notApplicable" : outcomeOf(judge(declared));
}
