// `./bailiwick status`: is everything well, and if not, where.
import { setTimeout as delay } from "node:timers/promises";
import type { SandboxFile } from "../../sandbox/main.ts";
import { localAddress } from "../addresses.ts";
import { exitCodes, PersonError } from "../errors.ts";
import { requireReady } from "../ready.ts";
import { shared } from "../regions.ts";
import { type PlatformStatus, platformStatus, type RegionStatus } from "../status/platform.ts";
import { megabytes, paint, print, table } from "../terminal.ts";
import { describe, durationOf } from "./chaos.ts";

const everyMs = 2000;

export interface StatusOptions {
  /** How far back spans are counted: 5m, 1h. */
  readonly since: string;
  readonly json?: boolean;
  readonly watch?: boolean;
}

/** @param region shows its parts one by one as well */
export async function status(region: string | undefined, options: StatusOptions): Promise<void> {
  if (options.watch && (options.json || !process.stdout.isTTY))
    throw new PersonError("--watch refreshes a terminal, and this is none.", "Leave out --watch, or --json.", exitCodes.usage);
  const sinceMs = durationOf(options.since, "--since");
  const { sandbox } = await requireReady();
  const look = async () => chosen(await platformStatus(sandbox, sinceMs), region);
  if (options.json) return print(JSON.stringify({ ...(await look()), port: sandbox.ports.gateway }, null, 2));
  const text = async () => describeStatus(sandbox, await look(), options.since, region !== undefined);
  if (!options.watch) return print(await text());
  for (;;) {
    const now = await text();
    // Home and clear below: no flicker, and no left-over line.
    process.stdout.write(`\u001b[H\u001b[2J${now}\n\n${new Date().toLocaleTimeString()}, every ${everyMs / 1000} s; Ctrl-C ends\n`);
    await delay(everyMs);
  }
}

/** @throws PersonError when nothing of the region runs */
function chosen(now: PlatformStatus, region: string | undefined): PlatformStatus {
  if (region === undefined) return now;
  const regions = now.regions.filter((each) => each.region === region);
  if (regions.length > 0)
    return {
      ...now,
      well: now.faults.length === 0 && regions.every(({ well }) => well),
      regions,
      parts: now.parts.filter((part) => part.region === region),
    };
  const known = now.regions.map((each) => each.region).join(", ");
  throw new PersonError(`Nothing of "${region}" runs. There are: ${known || "none"}.`, "Deploy it: ./bailiwick up.", exitCodes.usage);
}

function describeStatus({ ports }: Pick<SandboxFile, "ports">, now: PlatformStatus, since: string, detailed: boolean): string {
  const addresses = now.hostnames.map((host) => `${localAddress(host, ports.gateway)}  is ${host}`).sort();
  return [
    ...verdict(now),
    ...now.regions.flatMap((region) => ["", ...topics(region), ...(detailed ? ["", parts(now, region), "", certificates(region)] : [])]),
    "",
    ...(now.regions.some(({ telemetry }) => telemetry) ? [`Spans are counted from the archives, ${window(now, since)}.`] : []),
    ...(detailed
      ? []
      : [
          `The gateway is on port ${ports.gateway}; everything together holds ${megabytes(memory(now))} of memory.`,
          "./bailiwick status <region> shows every part.",
          "",
          ...addresses,
        ]),
  ].join("\n");
}

/** The first glance: all well, or what is not. */
function verdict(now: PlatformStatus): string[] {
  if (now.well) return [paint("green", "Everything is well.")];
  const troubles = now.regions.flatMap(({ region, topics: its }) =>
    its.flatMap(({ topic, troubles: words }) => words.map((text) => [region, topic, text])),
  );
  const hurt = now.faults.map((fault) => [shared, "on purpose", describe(fault)]);
  return [paint("red", "Not everything is well:"), table(["region", "what", "how it is"], [...troubles, ...hurt])];
}

function topics({ region, topics: its, well }: RegionStatus): string[] {
  const width = Math.max(...its.map(({ topic }) => topic.length));
  return [
    paint("bold", region) + (well ? "" : paint("red", "  not well")),
    ...its.map(({ topic, well: fine, text }) => `  ${paint(fine ? "green" : "red", topic.padEnd(width))}  ${text}`),
  ];
}

const colours = { running: "green", starting: "yellow", stopped: "yellow", failed: "red" } as const;

function parts(now: PlatformStatus, { region }: RegionStatus): string {
  const rows = now.parts
    .filter((part) => part.region === region)
    .toSorted((a, b) => a.cloud.localeCompare(b.cloud) || a.kind.localeCompare(b.kind) || a.name.localeCompare(b.name))
    .map(({ cloud, kind, name, state, memory: bytes, detail }) => [
      cloud,
      kind,
      name,
      state,
      bytes === undefined ? "" : megabytes(bytes),
      detail,
    ]);
  // A state stands between two gaps of the table: it is coloured there, where widths are settled.
  return table(["cloud", "kind", "name", "state", "memory", "detail"], rows).replace(
    / {2}(running|starting|stopped|failed)(?= {2}|$)/gm,
    (_, state: keyof typeof colours) => `  ${paint(colours[state], state)}`,
  );
}

const certificates = ({ certificates: shown }: RegionStatus): string =>
  table(
    ["host", "certificate until"],
    shown.map(({ host, until }) => [host, until ?? "shows none"]),
  );

/** Where there are more objects than are read, the window is shorter than was asked for, and that is said. */
function window({ regions }: PlatformStatus, since: string): string {
  const shorter = regions.flatMap(({ region, telemetry }) => {
    const from = telemetry?.fromMs ?? 0;
    return telemetry?.shortened ? [`in ${region} since ${new Date(from).toISOString().slice(11, 19)} UTC only, for there is much`] : [];
  });
  return [`over the last ${since} (--since)`, ...shorter].join("; ");
}

/** Each process counts once, whatever runs in it. */
function memory(now: PlatformStatus): number {
  const own = new Map(now.parts.flatMap(({ pid, memory: bytes }) => (pid !== undefined && bytes !== undefined ? [[pid, bytes]] : [])));
  return [...own.values()].reduce((sum, bytes) => sum + bytes, now.memory);
}
