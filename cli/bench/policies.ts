// What the policy pack costs a deployment: its start, each resource, its memory; beside the same rules as a pack is usually set up.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { rules } from "../../policies/rules/index.ts";
import type { ResourceState } from "../../policies/state.ts";
import type { Ready } from "../ready.ts";
import { PackClient, type PackCommand } from "./pack-client.ts";
import type { BenchPlatform } from "./platform.ts";
import { memoryOf } from "./processes.ts";
import { succeed } from "./run.ts";
import { installTsNode, UsualSetup } from "./usual-setup.ts";

export interface PackFigures {
  /** Milliseconds from the start of the process to the port that the engine waits for; a number for each stack of each round. */
  readonly startMs: readonly number[];
  /** Milliseconds a resource: asked for corrections, judged by all rules, and its share of the judgement of the whole stack; a number a round. */
  readonly resourceMs: readonly number[];
  /** Bytes that each process holds in the end; undefined where the system does not tell. */
  readonly memory: readonly (number | undefined)[];
}

export interface PolicyFigures {
  readonly rules: number;
  readonly stacks: readonly string[];
  readonly resources: number;
  readonly ours: PackFigures;
  readonly usual: PackFigures | undefined;
  /** Why there is no usual setup, where there is none. */
  readonly usualMissing?: string;
}

/** @param stacks all of them are deployed */
export async function measurePolicies(
  platform: BenchPlatform,
  ready: Ready,
  stacks: readonly string[],
  rounds: { readonly ours: number; readonly usual: number },
  progress: (line: string) => void,
): Promise<PolicyFigures> {
  const states = new Map<string, ResourceState[]>();
  for (const stack of stacks) states.set(stack, await exported(platform, ready, stack));
  const tsNode = await installTsNode(progress).catch((error: Error) => error);
  await using setup = tsNode instanceof Error ? undefined : await UsualSetup.create(platform, tsNode);
  const { PULUMI_OPTION_POLICY_PACK: pack = "" } = await platform.pulumiEnvironment(ready.sandbox, "eu");
  const ours = { command: pack, args: [], cwd: platform.dir, env: platform.env };
  const usual = setup && usualCommand(setup, platform.env);

  const figures = { ours: newFigures(), usual: newFigures() };
  // The first of each fills the caches of the machine; then they take turns, so that a slow minute slows both.
  await measureOnce(ours, states);
  for (let round = 0; round < rounds.ours; round++) {
    progress(`the pack: round ${round + 1} of ${rounds.ours} ...`);
    add(figures.ours, await measureOnce(ours, states));
    if (usual && round < rounds.usual) add(figures.usual, await measureOnce(usual, states));
  }
  const resources = [...states.values()].reduce((sum, { length }) => sum + length, 0);
  return {
    rules: rules.length,
    stacks,
    resources,
    ours: figures.ours,
    usual: usual && figures.usual,
    ...(tsNode instanceof Error ? { usualMissing: tsNode.message } : {}),
  };
}

/** As the engine starts a pack that is a folder (pkg/resource/plugin/analyzer_plugin.go): by a program on PATH, in that folder. */
function usualCommand({ env }: UsualSetup, own: NodeJS.ProcessEnv): PackCommand {
  const { NODE_COMPILE_CACHE: _, ...clean } = own;
  return { command: "pulumi-analyzer-policy-nodejs", args: ["."], cwd: env.PULUMI_OPTION_POLICY_PACK ?? "", env: { ...clean, ...env } };
}

/** One round: a process for each stack, as the engine starts one for each operation. */
interface Round {
  readonly startMs: readonly number[];
  readonly resourceMs: number;
  readonly memory: readonly (number | undefined)[];
}

const newFigures = () => ({ startMs: [] as number[], resourceMs: [] as number[], memory: [] as (number | undefined)[] });

function add(figures: ReturnType<typeof newFigures>, round: Round): void {
  figures.startMs.push(...round.startMs);
  figures.resourceMs.push(round.resourceMs);
  figures.memory.push(...round.memory);
}

async function measureOnce(command: PackCommand, states: ReadonlyMap<string, ResourceState[]>): Promise<Round> {
  const startMs: number[] = [];
  const memory: (number | undefined)[] = [];
  let [resources, judgingMs] = [0, 0];
  for (const [stack, its] of states) {
    await using pack = await PackClient.start(command);
    startMs.push(pack.startMs);
    judgingMs += await pack.judge(stack, its);
    resources += its.length;
    memory.push(memoryOf(pack.pid));
  }
  return { startMs, resourceMs: judgingMs / resources, memory };
}

async function exported(platform: BenchPlatform, ready: Ready, stack: string): Promise<ResourceState[]> {
  const env = { ...platform.env, ...(await platform.pulumiEnvironment(ready.sandbox, stack)) };
  const file = join(platform.scratch, `${stack}.state.json`);
  await succeed(ready.pulumi, ["stack", "export", "--file", file], { cwd: platform.dir, env, limitSeconds: 60 });
  return (JSON.parse(readFileSync(file, "utf8")) as { deployment: { resources: ResourceState[] } }).deployment.resources;
}
