// Hurts a part of the running sandbox for a while, to see what the rest makes of it.
import type { Fault, Harm, Target } from "../../sandbox/engine/faults.ts";
import { exitCodes, PersonError } from "../errors.ts";
import { requireReady } from "../ready.ts";
import { faultTargets, heal, inflict } from "../sandbox.ts";
import { print, table } from "../terminal.ts";

export const chaosActions = ["list", "stop", "slow", "break", "heal"] as const;
type Action = (typeof chaosActions)[number];

export interface ChaosOptions {
  readonly for: string;
  readonly delay: string;
  readonly all?: boolean;
  readonly json?: boolean;
}

export async function chaos(action: string, part: string | undefined, options: ChaosOptions): Promise<void> {
  if (!chaosActions.includes(action as Action))
    throw new PersonError(`There is no "${action}".`, `Choose one of: ${chaosActions.join(", ")}.`, exitCodes.usage);
  const { sandbox } = await requireReady();
  if (action === "list") return show(await faultTargets(sandbox), options);
  if (action === "heal") {
    const healed = await heal(sandbox, part);
    return options.json
      ? print(JSON.stringify({ healed }))
      : print(healed.length === 0 ? "Nothing was hurt." : `Healed: ${healed.join(", ")}.`);
  }
  if (part === undefined) throw new PersonError(`Say what to ${action}.`, "./bailiwick chaos list shows the parts.", exitCodes.usage);
  const fault = await inflict(sandbox, part, action as Harm, durationOf(options.for, "--for"), durationOf(options.delay, "--delay"));
  if (options.json) return print(JSON.stringify(fault));
  print(`${describe(fault)}. It heals by itself, or now: ./bailiwick chaos heal ${fault.part}`);
}

/** `./bailiwick status` says it in the same words. */
export function describe({ part, harm, until, delayMs }: Fault): string {
  const what = { stop: "is stopped", slow: `answers ${delayMs} ms later`, break: "is broken" }[harm];
  return `${part} ${what} on purpose until ${until.slice(11, 19)} UTC`;
}

function show(targets: readonly Target[], { all, json }: ChaosOptions): void {
  if (json) {
    print(JSON.stringify(targets, null, 2));
    return;
  }
  // Each region of each cloud has its own API hosts: hundreds.
  const shown = all ? targets : targets.filter(({ part, fault }) => fault !== undefined || !/\.amazonaws\.com$/.test(part));
  print(
    table(
      ["part", "hurt"],
      shown.map(({ part, fault }) => [part, fault === undefined ? "" : describe(fault).slice(part.length + 1)]),
    ),
  );
  if (shown.length < targets.length) print(`(${targets.length - shown.length} more hosts of cloud APIs: --all)`);
}

/** `500ms`, `30s`, `5m`, `1h` in milliseconds. */
export function durationOf(text: string, option: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  if (number === undefined)
    throw new PersonError(`${option} "${text}" is no duration.`, "Write it like 500ms, 30s, 5m or 1h.", exitCodes.usage);
  return Number(number) * { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[unit as "ms"];
}
