// One running container: started, watched, restarted when it crashes or no longer answers.
import { type AddressInfo, createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { type Supervised, spawnSupervised } from "../process.ts";
import type { Launch } from "./container.ts";
import { ask, type Probe, untilStarted } from "./probe.ts";

export interface InstanceOptions {
  readonly name: string;
  readonly logFile: string;
  readonly pidDir: string;
  /** What to run, asked anew before every start: secrets are read then. */
  readonly launch: (port: number) => Promise<Launch>;
  readonly startup: Probe;
  readonly liveness?: Probe;
  readonly log: (message: string) => void;
}

/** Cloud Run gives ten seconds between SIGTERM and SIGKILL (cloud.google.com/run/docs/container-contract). */
const graceMs = 10_000;
const firstPauseMs = 100;
const longestPauseMs = 10_000;

export class Instance {
  readonly #options: InstanceOptions;
  #state: "running" | "starting" | "stopped" | "failed" = "stopped";
  #process: Supervised | undefined;
  #port = 0;
  #life: Promise<void> = Promise.resolve();
  #changed = Promise.withResolvers<void>();
  #stopping = new AbortController();

  constructor(options: InstanceOptions) {
    this.#options = options;
  }

  get state() {
    return this.#state;
  }
  get pid() {
    return this.#process?.pid;
  }
  memory() {
    return this.#process?.memory();
  }

  /**
   * Starts it and returns when its startup probe succeeds; from then on it is kept running until `stop`.
   * @throws Error that says why it does not start, with the last lines of its log
   */
  async start(): Promise<void> {
    if (this.#state === "running" || this.#state === "starting") return this.ready(graceMs).then(() => {});
    this.#stopping = new AbortController();
    this.#become("starting");
    try {
      await this.#launch();
    } catch (error) {
      await this.#process?.stop(0);
      this.#become("failed");
      throw error;
    }
    this.#life = this.#keepRunning();
  }

  /**
   * Its port, as soon as it is up.
   * @throws Error when it is not within `patienceMs`
   */
  async ready(patienceMs: number): Promise<number> {
    const deadline = Date.now() + patienceMs;
    while (this.#state === "starting" && Date.now() < deadline) {
      await Promise.race([this.#changed.promise, delay(deadline - Date.now(), undefined, { ref: false })]);
    }
    if (this.#state === "running") return this.#port;
    throw new Error(`${this.#options.name} is ${this.#state}`);
  }

  /** Lets it finish what it is doing, then ends it. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#become("stopped");
    await this.#process?.stop(graceMs);
    await this.#life;
  }

  #become(state: typeof this.state): void {
    this.#state = state;
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  async #launch(): Promise<void> {
    const { name, logFile, pidDir, startup } = this.#options;
    const port = await freePort();
    const { command, args, cwd, env } = await this.#options.launch(port);
    if (this.#stopping.signal.aborted) throw new Error(`${name} was stopped while it started`);
    const child = spawnSupervised({ name, command, args, cwd, env, logFile, pidDir });
    this.#process = child;
    let ended = false;
    void child.exited.then(() => {
      ended = true;
    });
    if (!(await untilStarted(startup, port, () => ended || this.#stopping.signal.aborted))) {
      const byItself = ended;
      await child.stop(0);
      const { code, signal } = await child.exited;
      const how = byItself ? `Container called exit(${code ?? signal}).` : "The startup probe did not succeed in time.";
      throw new Error(`${how} Last lines of its log:\n${child.tail(20)}`);
    }
    this.#port = port;
    if (!this.#stopping.signal.aborted) this.#become("running");
  }

  async #keepRunning(): Promise<void> {
    const { signal } = this.#stopping;
    let pauseMs = firstPauseMs;
    while (!signal.aborted) {
      const since = Date.now();
      const { liveness } = this.#options;
      await Promise.race([this.#process?.exited, ...(liveness ? [this.#untilUnhealthy(liveness, signal)] : [])]);
      if (signal.aborted) return;
      this.#become("starting");
      await this.#process?.stop(0);
      if (Date.now() - since > longestPauseMs) pauseMs = firstPauseMs;
      await delay(pauseMs, undefined, { signal }).catch(() => {});
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
      if (signal.aborted) return;
      try {
        await this.#launch();
      } catch (error) {
        this.#options.log(`${this.#options.name}: restart failed: ${error instanceof Error ? error.message : error}`);
      }
    }
  }

  /** Settles when the liveness probe has failed as often as it may, or the process has ended or is to end. */
  async #untilUnhealthy(probe: Probe, stopped: AbortSignal): Promise<void> {
    const { name, log } = this.#options;
    const over = AbortSignal.any([stopped, ended(this.#process)]);
    const pause = (seconds: number) => delay(seconds * 1000, undefined, { signal: over }).catch(() => {});
    await pause(probe.initialDelaySeconds);
    for (let failures = 0; !over.aborted; await pause(probe.periodSeconds)) {
      failures = (await ask(probe, this.#port)) ? 0 : failures + 1;
      if (failures < probe.failureThreshold || over.aborted) continue;
      log(`${name}: liveness probe failed ${failures} times: restarting it`);
      return;
    }
  }
}

function ended(child: Supervised | undefined): AbortSignal {
  const controller = new AbortController();
  void child?.exited.then(() => controller.abort());
  return controller.signal;
}

/** A port of this machine that nobody listens at now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
