// What emitting a span costs the request that it tells of: the region's site as it is, and the same without emitting, side by side on one
// runtime of one sandbox, in turns, asked past the gateway: what is measured is workerd's answer. Once with queues that nobody empties, which is
// what a request itself pays for; and once with the region's, from which spans go on to both archives on the same cores meanwhile.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { Agent, request as httpRequest } from "node:http";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { build as esbuild } from "esbuild";
import { buildOptions, bundles } from "../../functions/bundles.ts";
import type { Manifest } from "../../stacks/artifact-manifest.ts";
import type { Ready } from "../ready.ts";
import { linkPackages } from "../work-tree.ts";
import type { BenchPlatform } from "./platform.ts";
import { succeed } from "./run.ts";
import type { Settings } from "./telemetry-cost-program.ts";

/** `on` hands spans to queues of its own, `delivered` to the region's. */
export const variants = ["on", "off", "delivered"] as const;
export type Variant = (typeof variants)[number];

export interface CostFigures {
  /** Milliseconds of each request, one after the other over one connection, with a pause between them. */
  readonly latencies: Readonly<Record<Variant, readonly number[]>>;
  /** Requests in a second, of each round, over as many connections as `atOnce` says. */
  readonly throughput: Readonly<Record<Variant, readonly number[]>>;
  readonly atOnce: number;
}

export interface CostRounds {
  readonly rounds: number;
  /** In each round, of each variant. */
  readonly requests: number;
  readonly seconds: number;
}

const region = "eu";
const atOnce = 8;
const warmUp = 200;
/** Between two requests of one person: what is done after an answer is not paid for by the next. Throughput is measured without. */
const pauseMs = 10;

/** Needs `eu` deployed: spans go to its queues, and on to both its collectors. */
export async function measureTelemetryCost(
  platform: BenchPlatform,
  ready: Ready,
  rounds: CostRounds,
  progress: (line: string) => void,
): Promise<CostFigures> {
  progress("the site, once more with and once without telemetry ...");
  await deploy(platform, ready);
  const ports = await portsOf(platform, ready);
  const latencies: Record<Variant, number[]> = { on: [], off: [], delivered: [] };
  const throughput: Record<Variant, number[]> = { on: [], off: [], delivered: [] };
  for (const variant of variants) await oneByOne(ports[variant], variant, warmUp);
  for (let round = 1; round <= rounds.rounds; round++) {
    progress(`telemetry on and off: round ${round} of ${rounds.rounds} ...`);
    // The one that begins changes with every round.
    for (const variant of [...variants.slice(round % variants.length), ...variants.slice(0, round % variants.length)]) {
      latencies[variant].push(...(await oneByOne(ports[variant], variant, rounds.requests)));
      throughput[variant].push(await together(ports[variant], variant, rounds.seconds));
      // What is still on its way would be paid for by the next one's round.
      if (variant === "delivered") await drained(platform, ready);
    }
  }
  return { latencies, throughput, atOnce };
}

async function deploy(platform: BenchPlatform, ready: Ready): Promise<void> {
  const dir = join(platform.scratch, "telemetry-cost");
  mkdirSync(dir);
  linkPackages(dir);
  writeFileSync(join(dir, "package.json"), '{ "type": "module" }\n');
  writeFileSync(join(dir, "Pulumi.yaml"), "name: telemetry-cost\nruntime: nodejs\nmain: index.ts\n");
  copyFileSync(join(import.meta.dirname, "telemetry-cost-program.ts"), join(dir, "index.ts"));
  const manifest = JSON.parse(readFileSync(join(platform.dir, ".bailiwick", "manifest.json"), "utf8")) as Manifest;
  const site = manifest.artifacts.findLast(({ name }) => name === "site");
  if (!site) throw new Error("the site is not built");
  for (const variant of variants) {
    mkdirSync(join(dir, variant));
    writeFileSync(join(dir, variant, "index.js"), await siteModule(variant));
    copyFileSync(join(platform.dir, ".bailiwick", site.path, "decision-table.jws"), join(dir, variant, "decision-table.jws"));
  }
  const { PULUMI_OPTION_POLICY_PACK, PULUMI_OPTION_CONFIG_FILE, PULUMI_STACK, ...env } = {
    ...platform.env,
    ...(await platform.pulumiEnvironment(ready.sandbox, region)),
  };
  const config = platform.config(region);
  const settings: Settings = {
    ...(config.cloudflare as Pick<Settings, "accountId" | "zoneId">),
    domain: String(config.domain),
    region,
    jurisdiction: region,
    decisionTableKey: String((await platform.outputs("global")).decisionTableKey),
    variants: {
      on: { folder: "on", queues: "own" },
      off: { folder: "off", queues: "none" },
      delivered: { folder: "delivered", queues: "region" },
    },
  };
  writeFileSync(join(dir, "settings.json"), JSON.stringify(settings));
  const backend = join(platform.scratch, "telemetry-cost-backend");
  mkdirSync(backend);
  const quiet = ["--non-interactive", "--color", "never", "--stack", "measured"];
  const pulumi = (...args: string[]) =>
    succeed(ready.pulumi, [...args, ...quiet], {
      cwd: dir,
      env: { ...env, PULUMI_BACKEND_URL: pathToFileURL(backend).href },
      limitSeconds: 120,
    });
  await pulumi("stack", "init");
  await pulumi("up", "--yes", "--skip-preview");
}

/** The site's one module, built as it ships; for `off` with an `emit` that does nothing. */
async function siteModule(variant: Variant): Promise<Uint8Array> {
  const bundle = bundles.find(({ name }) => name === "site") as (typeof bundles)[number];
  const silent = "export const emit = async () => {};";
  const { outputFiles } = await esbuild({
    ...buildOptions(bundle, "index.js"),
    write: false,
    plugins:
      variant !== "off"
        ? []
        : [
            {
              name: "telemetry-off",
              setup(its) {
                its.onLoad({ filter: /[/\\]edge[/\\]site[/\\]telemetry\.ts$/ }, () => ({ contents: silent, loader: "js" }));
              },
            },
          ],
  });
  return (outputFiles[0] as (typeof outputFiles)[number]).contents;
}

/** Where workerd itself answers for each variant. @throws Error when a Worker is not there */
async function portsOf(platform: BenchPlatform, { sandbox }: Ready): Promise<Record<Variant, number>> {
  const { parts } = await platform.status(sandbox);
  const portOf = (variant: Variant) => {
    const port = parts.find(({ kind, name }) => kind === "worker" && name === `measured-${variant}`)?.port;
    if (port === undefined) throw new Error(`the Worker measured-${variant} has no address`);
    return port;
  };
  return { on: portOf("on"), off: portOf("off"), delivered: portOf("delivered") };
}

async function oneByOne(port: number, variant: Variant, requests: number): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const milliseconds: number[] = [];
  for (let i = 0; i < requests; i++) {
    await delay(pauseMs);
    const started = performance.now();
    await ask(agent, port, variant);
    milliseconds.push(performance.now() - started);
  }
  agent.destroy();
  return milliseconds;
}

async function together(port: number, variant: Variant, seconds: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  const started = performance.now();
  const end = started + seconds * 1000;
  let answered = 0;
  const visitor = async () => {
    while (performance.now() < end) {
      await ask(agent, port, variant);
      answered++;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, visitor));
  const taken = (performance.now() - started) / 1000;
  agent.destroy();
  return answered / taken;
}

function ask(agent: Agent, port: number, variant: Variant): Promise<void> {
  return new Promise((resolve, reject) => {
    const host = `measured-${variant}.brand.example`;
    const path = `https://${host}/v1/experience/hero`;
    const sent = httpRequest({ host: "127.0.0.1", port, agent, path, headers: { host }, timeout: 20_000 }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("error", reject).on("end", () => {
        // A request that was not decided as it should be costs something else.
        if (response.statusCode === 200 && text.includes('"no-token"')) resolve();
        else reject(new Error(`the site with telemetry ${variant} answered ${response.statusCode}: ${text}`));
      });
    });
    sent.on("timeout", () => sent.destroy(new Error(`the site with telemetry ${variant} did not answer within 20 s`)));
    sent.on("error", reject).end();
  });
}

/** Waits until the region's queues are empty. @throws Error when they are not within two minutes */
async function drained(platform: BenchPlatform, { sandbox }: Ready): Promise<void> {
  for (const end = performance.now() + 120_000; performance.now() < end; ) {
    const queues = (await platform.status(sandbox)).parts.filter(
      ({ kind, name }) => kind === "queue" && name.startsWith(`telemetry-${region}-`),
    );
    if (queues.every(({ detail }) => detail.startsWith("0 messages, 0 under way"))) return;
    await delay(200);
  }
  throw new Error(`the telemetry queues of "${region}" were not empty within two minutes`);
}
