import { setTimeout as delay } from "node:timers/promises";
import type { SandboxFile } from "../../sandbox/main.ts";
import { localAddress } from "../addresses.ts";
import { exitCodes, PersonError } from "../errors.ts";
import { requireReady } from "../ready.ts";
import { byRegion, regionOf } from "../regions.ts";
import { type Status, sandboxStatus } from "../sandbox.ts";
import { megabytes, paint, print, table } from "../terminal.ts";
import { describe } from "./chaos.ts";

const everyMs = 2000;

export async function status(options: { json?: boolean; watch?: boolean }): Promise<void> {
  if (options.watch && (options.json || !process.stdout.isTTY))
    throw new PersonError("--watch refreshes a terminal, and this is none.", "Leave out --watch, or --json.", exitCodes.usage);
  const { sandbox } = await requireReady();
  if (options.json) {
    const now = await sandboxStatus(sandbox);
    const parts = now.parts.map((part) => ({ region: regionOf(part), ...part }));
    return print(JSON.stringify({ ...now, parts, port: sandbox.ports.gateway }, null, 2));
  }
  if (!options.watch) return print(describeStatus(sandbox, await sandboxStatus(sandbox)));
  for (;;) {
    const text = describeStatus(sandbox, await sandboxStatus(sandbox));
    // Home and clear below: no flicker, and no left-over line.
    process.stdout.write(`\u001b[H\u001b[2J${text}\n\n${new Date().toLocaleTimeString()}, every ${everyMs / 1000} s; Ctrl-C ends\n`);
    await delay(everyMs);
  }
}

const colours = { running: "green", starting: "yellow", stopped: "yellow", failed: "red" } as const;

function describeStatus({ ports }: Pick<SandboxFile, "ports">, now: Status): string {
  const own = new Map(now.parts.flatMap(({ pid, memory }) => (pid !== undefined && memory !== undefined ? [[pid, memory]] : [])));
  const total = [...own.values()].reduce((sum, bytes) => sum + bytes, now.memory);
  const lines = [`gateway on port ${ports.gateway}; everything together holds ${megabytes(total)} of memory`];
  for (const [region, parts] of byRegion(now.parts)) {
    const rows = parts
      .toSorted((a, b) => a.cloud.localeCompare(b.cloud) || a.kind.localeCompare(b.kind) || a.name.localeCompare(b.name))
      .map(({ cloud, kind, name, state, memory, detail }) => [
        cloud,
        kind,
        name,
        state,
        memory === undefined ? "" : megabytes(memory),
        detail,
      ]);
    const text = table(["cloud", "kind", "name", "state", "memory", "detail"], rows);
    // A state stands between two gaps of the table: it is coloured there, where widths are settled.
    const coloured = text.replace(
      / {2}(running|starting|stopped|failed)(?= {2}|$)/gm,
      (_, state: keyof typeof colours) => `  ${paint(colours[state], state)}`,
    );
    lines.push("", paint("bold", region), coloured);
  }
  if (now.faults.length > 0) lines.push("", paint("bold", "on purpose"), ...now.faults.map(describe));
  lines.push("", ...now.hostnames.map((host) => `${localAddress(host, ports.gateway)}  is ${host}`).sort());
  return lines.join("\n");
}
