// The span under way, wherever in the code one is: what is done below it becomes its child.
import { AsyncLocalStorage } from "node:async_hooks";
import type { Span } from "../../shared/telemetry/emitter.ts";
import type { TraceContext } from "../../shared/telemetry/trace-context.ts";

export type Described = Pick<Span, "name" | "kind" | "attributes">;

interface Current {
  readonly context: TraceContext;
  /** Does the work as a child of that span. */
  readonly child: <T>(span: Described, work: () => Promise<T>) => Promise<T>;
}

export const current = new AsyncLocalStorage<Current>();

/** Does the work as a child of the span under way. Where there is none it is only done: background polling tells nothing. */
export function traced<T>(span: Described, work: () => Promise<T>): Promise<T> {
  const parent = current.getStore();
  return parent ? parent.child(span, work) : work();
}
