import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { localAddress } from "../addresses.ts";
import { buildArtifacts } from "../artifacts/build.ts";
import { publishArtifacts } from "../artifacts/publish.ts";
import { exitCodes, PersonError } from "../errors.ts";
import { interruptible } from "../interruption.ts";
import { logDir, stateDir } from "../paths.ts";
import { stateOutputs } from "../pulumi/checkpoint.ts";
import { operate, type StackResult } from "../pulumi/operations.ts";
import { makeReady, type Ready } from "../ready.ts";
import { describeFailure, resultTable, sayNotes } from "../report.ts";
import { accessToken, registryPassword, sandboxStatus } from "../sandbox.ts";
import { chosenStacks, waves } from "../stacks.ts";
import { endProgress, paint, print, progress, say } from "../terminal.ts";

/** Who a person is in the embedded account. */
export const owner = "user:owner@account.example";

export async function publishTo(ready: Ready): Promise<string[]> {
  const global = stateOutputs("global");
  if (!global?.decisionTableKeyVersion)
    throw new PersonError(
      'Images and tables cannot be published: the stack "global" is not deployed.',
      "Deploy it first: ./bailiwick up global.",
    );
  const { manifest } = await buildArtifacts(progress);
  return publishArtifacts(
    manifest,
    {
      repositories: global.repositories as Record<string, string>,
      awsRepositories: (global.awsRepositories ?? {}) as Record<string, string>,
      signingKey: global.decisionTableKeyVersion as string,
    },
    {
      proxy: { url: ready.sandbox.proxyUrl, caFile: ready.sandbox.caFile },
      token: () => accessToken(ready.sandbox, owner),
      awsPassword: () => registryPassword(ready.sandbox),
      crane: ready.crane,
    },
    join(stateDir, "published.json"),
    progress,
  );
}

/** Runs at most as many at once as there are cores, and goes on with the others when one fails. */
async function together<T, R>(items: readonly T[], limit: number, run: (item: T) => Promise<R>): Promise<PromiseSettledResult<R>[]> {
  const results: PromiseSettledResult<R>[] = [];
  const queue = items.map((item, i) => [i, item] as const);
  const worker = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const [i, item] = next;
      results[i] = await run(item).then(
        (value) => ({ status: "fulfilled", value }) as const,
        (reason) => ({ status: "rejected", reason }) as const,
      );
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}

interface UpOptions {
  readonly port?: number;
  readonly json?: boolean;
  /** Folder of saved plans. */
  readonly plan?: string;
  readonly cloud?: boolean;
}

export async function up(names: string[], options: UpOptions): Promise<void> {
  const started = Date.now();
  const stacks = chosenStacks(names);
  const planOf = plansIn(options.plan, stacks);
  if (options.cloud) return upInCloud(stacks, planOf, options);
  const ready = await makeReady(options.port);
  const { changed } = await buildArtifacts(progress);
  if (changed.length > 0) say(`built ${changed.join(", ")}`);

  await interruptible((interrupted) => deploy(stacks, ready, interrupted, { started, json: options.json === true, planOf }), {
    atOnce: "interrupted: waiting for Pulumi to save its state ...",
    advice: "What was begun is in the state: ./bailiwick up goes on from there.",
  });
}

type PlanOf = (stack: string) => string | undefined;

/** @throws PersonError when one of the plans is not there */
function plansIn(folder: string | undefined, stacks: readonly string[]): PlanOf {
  if (folder === undefined) return () => undefined;
  const planOf = (stack: string) => resolve(folder, `${stack}.json`);
  const missing = stacks.filter((stack) => !existsSync(planOf(stack)));
  if (missing.length === 0) return planOf;
  throw new PersonError(
    `There is no plan of ${missing.join(", ")} in ${folder}.`,
    `Make it: ./bailiwick preview ${missing.join(" ")} --save-plan ${folder}.`,
    exitCodes.usage,
  );
}

/** One after the other, and none after one that failed. What is in no plan happens to nothing that people use. */
async function upInCloud(stacks: readonly string[], planOf: PlanOf, { json }: UpOptions): Promise<void> {
  await buildArtifacts(progress);
  const { operateInCloud } = await import("../cloud/operate.ts");
  const results: StackResult[] = [];
  for (const stack of stacks) {
    const plan = planOf(stack);
    if (plan === undefined)
      throw new PersonError(
        "A real cloud is changed by a plan that somebody read.",
        `Make one: ./bailiwick preview ${stack} --cloud --save-plan <folder>, then ./bailiwick up ${stack} --cloud --plan <folder>.`,
        exitCodes.usage,
      );
    progress(`updating ${stack} ...`);
    results.push(await operateInCloud("up", stack, plan));
    if (!results.at(-1)?.ok) break;
  }
  endProgress();
  if (json) print(JSON.stringify({ stacks: results.map(({ output, ...rest }) => rest) }, null, 2));
  else print(resultTable(results));
  sayNotes(results);
  for (const result of results) if (!result.ok) say(describeFailure(result));
  refuseFailed(results);
}

/** Whatever keeps one stack from being deployed, a person reads what became of the others. */
async function deploy(
  stacks: readonly string[],
  ready: Ready,
  interrupted: () => boolean,
  options: { readonly started: number; readonly json: boolean; readonly planOf: PlanOf },
): Promise<void> {
  const results: StackResult[] = [];
  let complete = false;
  try {
    await deployWaves(stacks, ready, interrupted, results, options.planOf);
    complete = results.length === stacks.length && results.every(({ ok }) => ok);
  } finally {
    endProgress();
    if (results.length > 0) await tell(results, ready, { ...options, complete });
  }
  refuseFailed(results);
}

/** @throws PersonError when one of them did not deploy */
function refuseFailed(results: readonly StackResult[]): void {
  const failed = results.filter(({ ok }) => !ok);
  if (failed.length === 0) return;
  const refused = failed.some(({ findings }) => findings.some(({ mandatory }) => mandatory));
  throw new PersonError(
    `${failed.map(({ stack }) => stack).join(", ")} ${refused ? "was refused by the policy pack" : "did not deploy"}.`,
    `Mend what is said above and run ./bailiwick up again: it goes on from where it stopped. All of Pulumi's words: ${logDir}.`,
    refused ? exitCodes.refused : exitCodes.failed,
  );
}

/** First `global`, then all regions. @param results gets what became of each stack, as far as it came */
async function deployWaves(
  stacks: readonly string[],
  ready: Ready,
  interrupted: () => boolean,
  results: StackResult[],
  planOf: PlanOf,
): Promise<void> {
  for (const wave of waves(stacks)) {
    if (!wave.includes("global")) for (const line of await publishTo(ready)) say(line);
    const counts = new Map<string, number>();
    const settled = await together(wave, Math.max(2, availableParallelism()), (stack) =>
      operate(
        "up",
        stack,
        ready,
        (done) => {
          if (done === counts.get(stack)) return;
          counts.set(stack, done);
          if (process.stderr.isTTY) progress([...counts].map(([name, count]) => `${name}: ${count} resources`).join("   "));
        },
        say,
        planOf(stack),
      ).then((result) => {
        say(`${stack}: ${result.ok ? "deployed" : "failed"} in ${result.seconds.toFixed(1)} s`);
        return result;
      }),
    );
    for (const result of settled) if (result.status === "fulfilled") results.push(result.value);
    for (const result of settled) if (result.status === "rejected") throw result.reason;
    if (interrupted() || results.some(({ ok }) => !ok)) return;
  }
}

async function tell(
  results: readonly StackResult[],
  ready: Ready,
  options: { readonly started: number; readonly json: boolean; readonly complete: boolean },
): Promise<void> {
  // A sandbox that was killed meanwhile serves nothing.
  const { hostnames } = await sandboxStatus(ready.sandbox).catch(() => ({ hostnames: [] as string[] }));
  const addresses = hostnames.map((host) => localAddress(host, ready.sandbox.ports.gateway)).sort();
  if (options.json) {
    print(
      JSON.stringify(
        { stacks: results.map(({ output, ...rest }) => rest), addresses, seconds: (Date.now() - options.started) / 1000 },
        null,
        2,
      ),
    );
  } else {
    print(resultTable(results));
    if (options.complete) {
      print(`\n${paint("green", "Everything is up.")} Try:`);
      // Not those that only programs call: the redirect to a subject's home, the subject stores.
      for (const address of addresses.filter((each) => !/\/\/(api|subjects-)/.test(each))) print(`  curl ${address}`);
    }
  }
  sayNotes(results);
  for (const result of results) if (!result.ok) say(describeFailure(result));
}
