// What a change would destroy, which no rule of the pack can see, stands beside what the pack found: policies/replacements.ts reads it from
// the preview's events.
import { join } from "node:path";
import { contextOf } from "../../policies/context.ts";
import { loadRegister } from "../../policies/register.ts";
import { diagnosticsOf, replacementsOf } from "../../policies/replacements.ts";
import { isStateful } from "../../policies/rules/recoverability/protect.ts";
import { readState } from "../../policies/state.ts";
import { exitCodes } from "../errors.ts";
import { exemptionsInForce } from "../exemptions.ts";
import { root } from "../paths.ts";
import { stateResources } from "./checkpoint.ts";
import type { EngineEvent, Outcome } from "./events.ts";

const policies = join(root, "policies");

/** A preview's outcome with the findings on data that goes, and refused where there are any. One that came to no end is left as it is. */
export function withLosses<Done extends Outcome & { readonly code: number }>(
  stack: string,
  events: readonly EngineEvent[],
  done: Done,
): Done {
  if (!events.some(({ summaryEvent }) => summaryEvent)) return done;
  const config = events.find(({ preludeEvent }) => preludeEvent)?.preludeEvent?.config ?? {};
  const exemptions = exemptionsInForce();
  const lost = replacementsOf(events, contextOf({ stack, config }, loadRegister(policies)), exemptions);
  const said = diagnosticsOf(lost, stack, exemptions).map(({ blocks, ...its }) => ({ ...its, mandatory: blocks }));
  const refused = done.code === exitCodes.ok && said.some(({ mandatory }) => mandatory);
  return { ...done, findings: [...done.findings, ...said], code: refused ? exitCodes.refused : done.code };
}

/** Whether the stack holds what an update could destroy: a store that the engine itself does not protect. */
export function couldLose(stack: string, resources = stateResources(stack) ?? []): boolean {
  if (resources.length === 0) return false;
  const { inputs } = readState(`the state of ${stack}`, JSON.stringify({ deployment: { resources } }));
  const context = contextOf({ stack, config: {} }, loadRegister(policies));
  return inputs.some((resource) => !resource.options.protect && isStateful(resource, context));
}
