// What the preference service carries on this machine's cores: two instances of the deployed revision over the region's own PostgreSQL, fsync on,
// asked past the gateway as the edge asks it. The region is one whose edge keeps no state, so that a write is the service's work alone.
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";
import { Agent, request as httpRequest } from "node:http";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { purposes } from "../../functions/shared/consent.ts";
import { type EdgeScope, issueEdgeToken } from "../../functions/shared/tokens.ts";
import type { Ready } from "../ready.ts";
import { type LogCost, measureLog } from "./log-cost.ts";
import type { BenchPlatform } from "./platform.ts";

export interface LoadFigures {
  /** Answers in a second. */
  readonly perSecond: number;
  /** Of each, with its waiting where it was turned away and sent again. */
  readonly milliseconds: readonly number[];
  /** Answers of 503. */
  readonly turnedAway: number;
}

export interface PreferenceFigures {
  readonly instances: number;
  readonly atOnce: number;
  readonly steadyPerSecond: number;
  /** Over as many connections as `atOnce` says, each sending as soon as it is answered. */
  readonly saturated: Readonly<Record<Work, LoadFigures>>;
  /** By the clock; what waits for an answer delays nothing, and its waiting counts. */
  readonly steady: Readonly<Record<Work, LoadFigures>>;
  /** The same of a service that writes or reads one row and nothing else. */
  readonly bare: Readonly<Record<BareWork, { readonly saturated: LoadFigures; readonly steady: LoadFigures }>>;
  /** Bytes of the database for each event: in the ledger, and in the log with its order and its tree. */
  readonly bytes: { readonly events: number; readonly ledger: number; readonly log: number };
  readonly log: readonly LogCost[];
}

export const works = ["write", "read", "check", "proof"] as const;
export type Work = (typeof works)[number];
/** What a bare service does as well. */
export const bareWorks = ["write", "read"] as const;
export type BareWork = (typeof bareWorks)[number];

export interface PreferenceRounds {
  readonly seconds: number;
  readonly logSizes: readonly number[];
}

export const preferenceRegion = "apac";
const atOnce = 16;
const steadyPerSecond = 200;
/** So many that nobody asks more often than a person may. */
const peopleInAll = 4000;
/** A service that has just begun is not what people meet: its code is compiled as it is used. */
const warmUpSeconds = 10;
/** By so much Node's timers are late (https://nodejs.org/api/timers.html): that is nobody's waiting. */
const timerGrainMs = 1;
const logRounds = 300;
/** Nothing is published less often. */
const publishedWithinMs = 150_000;

interface Answer {
  readonly status: number;
  readonly retryAfterMs: number;
  readonly body: string;
}

interface Person {
  readonly subject: string;
  readonly token: string;
  said: number;
  /** One of what it has said. */
  event?: string;
}

/** Needs the region deployed, on a system with /proc: the second instance has the environment of the first. */
export async function measurePreferences(
  platform: BenchPlatform,
  ready: Ready,
  { seconds, logSizes }: PreferenceRounds,
  progress: (line: string) => void,
): Promise<PreferenceFigures> {
  const key = await platform.secretOf(ready, preferenceRegion, "edge-key", "privateKeyPemPkcs8");
  const first = await deployed(platform, ready);
  await using second = await anotherOf(first);
  await using bareOne = await anotherOf(bareLike(first, platform));
  await using bareOther = await anotherOf(bareLike(first, platform));
  const service = new Callers([Number(first.env.PORT), second.port], key, first.env.AUDIENCE as string);
  const bareService = new Callers([bareOne.port, bareOther.port], key, first.env.AUDIENCE as string);
  try {
    progress("making people ...");
    const people = await service.people(peopleInAll);
    const load = new Load(service, people);
    const bareLoad = new Load(bareService, people, "bare");
    // Whoever changes its preferences has read them first.
    for (const work of ["read", "write"] as const) await load.saturate(work, warmUpSeconds);
    const saturated: Partial<Record<Work, LoadFigures>> = {};
    const steady: Partial<Record<Work, LoadFigures>> = {};
    const bare: Partial<Record<BareWork, { saturated: LoadFigures; steady: LoadFigures }>> = {};
    // First by the clock: what as many as it answers leave to be delivered is none of it.
    for (const work of works) {
      if (work === "proof") {
        progress("waiting until all of it is published ...");
        await load.published();
      }
      progress(`${work}s, ${steadyPerSecond} a second ...`);
      steady[work] = await load.steady(work, seconds);
    }
    for (const work of works) {
      progress(`${work}s, as many as it answers ...`);
      saturated[work] = await load.saturate(work, seconds);
    }
    await bareLoad.saturate("write", warmUpSeconds);
    for (const work of bareWorks) {
      progress(`${work}s of a bare service ...`);
      const steady = await bareLoad.steady(work, seconds);
      bare[work] = { steady, saturated: await bareLoad.saturate(work, seconds) };
    }
    return {
      ...{ instances: service.ports.length, atOnce, steadyPerSecond },
      saturated: saturated as Record<Work, LoadFigures>,
      steady: steady as Record<Work, LoadFigures>,
      bare: bare as PreferenceFigures["bare"],
      bytes: await bytesPerEvent(platform),
      log: await measureLog(logSizes, logRounds, progress),
    };
  } finally {
    service.close();
    bareService.close();
  }
}

interface Running {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

async function deployed(platform: BenchPlatform, { sandbox }: Ready): Promise<Running> {
  const { parts } = await platform.status(sandbox);
  const candidates = parts.filter(
    ({ kind, name, pid }) => kind === "Cloud Run service" && name.startsWith("preferences-") && pid !== undefined,
  );
  for (const { pid } of candidates) {
    const words = (file: string) => readFileSync(`/proc/${pid}/${file}`, "utf8").split("\0").filter(Boolean);
    const env = Object.fromEntries(words("environ").map((word) => [word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1)]));
    if (env.REGION === preferenceRegion) return { command: words("cmdline"), cwd: readlinkSync(`/proc/${pid}/cwd`), env };
  }
  throw new Error(`the preference service of "${preferenceRegion}" does not run here, or this system has no /proc to find it in`);
}

/** The bare service in the place of ours. */
const bareLike = ({ command: [program = ""], env }: Running, { dir }: BenchPlatform): Running => ({
  ...{ command: [program, "--disable-warning=ExperimentalWarning", join(dir, "cli/bench/bare-service.ts")] },
  ...{ cwd: dir, env },
});

/** One more instance of the same revision, as the platform would start it. */
async function anotherOf({ command, cwd, env }: Running): Promise<{ readonly port: number } & AsyncDisposable> {
  const [program = "", ...args] = command;
  const child: ChildProcess = spawn(program, args, { cwd, env: { ...env, PORT: "0" }, stdio: ["ignore", "pipe", "ignore"] });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const port = await new Promise<number>((resolve, reject) => {
    child.once("error", reject).once("exit", (code) => reject(new Error(`the second instance ended with ${code}`)));
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on("line", (line) => {
      const listening = /"port":(\d+)/.exec(line)?.[1];
      if (listening) resolve(Number(listening));
    });
  });
  return {
    port,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

/** Asks the instances in turns, as the edge. */
class Callers {
  readonly ports: readonly number[];
  readonly #agents: readonly Agent[];
  readonly #key: string;
  readonly #audience: string;
  readonly #tokens = new Map<EdgeScope, { readonly text: Promise<string>; readonly untilMs: number }>();
  #turn = 0;
  /** Answers of 503. */
  turnedAway = 0;

  constructor(ports: readonly number[], key: string, audience: string) {
    this.ports = ports;
    this.#agents = ports.map(() => new Agent({ keepAlive: true }));
    this.#key = key;
    this.#audience = audience;
  }

  close(): void {
    for (const agent of this.#agents) agent.destroy();
  }

  async people(count: number): Promise<Person[]> {
    const people: Person[] = [];
    const make = async () => {
      while (people.length < count) {
        const { body } = await this.ask("POST", "/v1/subjects", 201);
        people.push({ ...(JSON.parse(body) as { subject: string; token: string }), said: 0 });
      }
    };
    await Promise.all(Array.from({ length: atOnce }, make));
    return people;
  }

  /** What is turned away, as too much at once is, is sent again when the answer says. @throws Error where the answer is another */
  async ask(method: string, path: string, expected: number | readonly number[], person?: Person, body?: object): Promise<Answer> {
    const turn = this.#turn++ % this.ports.length;
    const scope = path.startsWith("/v1/check") ? "edge" : "person";
    const text = body && JSON.stringify(body);
    const headers = {
      "x-edge-authorization": `Bearer ${await this.#token(scope)}`,
      ...(person ? { authorization: `Bearer ${person.token}` } : {}),
      ...(text
        ? {
            "content-type": "application/merge-patch+json",
            "if-match": "*",
            "idempotency-key": `${person?.said}`,
            "content-length": text.length,
          }
        : {}),
    };
    const answer = await new Promise<Answer>((resolve, reject) => {
      const options = { host: "127.0.0.1", port: this.ports[turn], agent: this.#agents[turn], method, path, headers, timeout: 20_000 };
      const sent = httpRequest(options, (response) => {
        let received = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          received += chunk;
        });
        const retryAfterMs = 1000 * Number(response.headers["retry-after"] ?? 0);
        response.on("error", reject).on("end", () => resolve({ status: response.statusCode ?? 0, retryAfterMs, body: received }));
      });
      sent.on("timeout", () => sent.destroy(new Error(`${method} ${path} was not answered within 20 s`)));
      sent.on("error", reject).end(text);
    });
    if (answer.status === 503) {
      this.turnedAway++;
      await delay(answer.retryAfterMs);
      return this.ask(method, path, expected, person, body);
    }
    if (![expected].flat().includes(answer.status)) throw new Error(`${method} ${path} answered ${answer.status}: ${answer.body}`);
    return answer;
  }

  /** Signed once a second, for the edge's tokens of one second are one and the same. */
  #token(scope: EdgeScope): Promise<string> {
    const kept = this.#tokens.get(scope);
    if (kept && Date.now() < kept.untilMs) return kept.text;
    const text = issueEdgeToken(this.#key, preferenceRegion, this.#audience, scope);
    this.#tokens.set(scope, { text, untilMs: Date.now() + 1000 });
    return text;
  }
}

class Load {
  readonly #service: Callers;
  readonly #people: readonly Person[];
  readonly #kind: "ours" | "bare";
  #turn = 0;

  constructor(service: Callers, people: readonly Person[], kind: "ours" | "bare" = "ours") {
    this.#service = service;
    this.#people = people;
    this.#kind = kind;
  }

  async saturate(work: Work, seconds: number): Promise<LoadFigures> {
    const milliseconds: number[] = [];
    const before = this.#service.turnedAway;
    const started = performance.now();
    const end = started + seconds * 1000;
    const caller = async () => {
      for (let now = performance.now(); now < end; now = performance.now()) {
        await this.#do(work);
        milliseconds.push(performance.now() - now);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, caller));
    return this.#figures(milliseconds, started, before);
  }

  async steady(work: Work, seconds: number): Promise<LoadFigures> {
    const milliseconds: number[] = [];
    const under: Promise<void>[] = [];
    const before = this.#service.turnedAway;
    const started = performance.now();
    for (let i = 0; i < steadyPerSecond * seconds; i++) {
      const due = started + (i * 1000) / steadyPerSecond;
      for (let now = performance.now(); now < due; now = performance.now()) await delay(due - now);
      const now = performance.now();
      const since = now - due < timerGrainMs ? now : due;
      const done = this.#do(work).then(() => void milliseconds.push(performance.now() - since));
      // Looked at in the end: until then nobody listens.
      done.catch(() => {});
      under.push(done);
    }
    await Promise.all(under);
    return this.#figures(milliseconds, started, before);
  }

  #figures(milliseconds: readonly number[], started: number, before: number): LoadFigures {
    const perSecond = milliseconds.length / ((performance.now() - started) / 1000);
    return { perSecond, milliseconds, turnedAway: this.#service.turnedAway - before };
  }

  /** Waits until the log that is shown has what was said last. @throws Error when it has not within the time */
  async published(): Promise<void> {
    const said = this.#people.filter(({ said }) => said > 0);
    for (const person of said) {
      const { body } = await this.#service.ask("GET", `/v1/subjects/${person.subject}/consent-events?limit=1`, 200, person);
      person.event = (JSON.parse(body) as { events: { id: string }[] }).events[0]?.id as string;
    }
    // One is asked about until it is there, then the next: nobody asks more often than a person may, and what is waited for is not slowed down.
    const end = performance.now() + publishedWithinMs;
    for (const person of said)
      while ((await this.#proof(person, 200, 202)).status !== 200) {
        if (performance.now() > end) throw new Error(`not everything was published within ${publishedWithinMs / 1000} s`);
        await delay(1000);
      }
  }

  /** @param expected 202 says that it is not there yet */
  #proof(person: Person, ...expected: readonly number[]): Promise<Answer> {
    return this.#service.ask("GET", `/v1/consent-events/${person.event}/proof`, expected, person);
  }

  async #do(work: Work): Promise<void> {
    const about = work === "proof" ? this.#people.filter(({ event }) => event !== undefined) : this.#people;
    const person = about[this.#turn++ % about.length] as Person;
    if (this.#kind === "bare") return void (await this.#service.ask(work === "read" ? "GET" : "PATCH", `/${person.subject}`, 200));
    const path = `/v1/subjects/${person.subject}/preferences`;
    if (work === "proof") return void (await this.#proof(person, 200));
    if (work === "read") return void (await this.#service.ask("GET", path, 200, person));
    if (work === "check") return void (await this.#service.ask("GET", `/v1/check?subject=${person.subject}&purpose=personalisation`, 200));
    const purpose = purposes[person.said % purposes.length] as string;
    const state = Math.floor(person.said / purposes.length) % 2 === 0 ? "granted" : "withdrawn";
    person.said++;
    await this.#service.ask("PATCH", path, 200, person, { purposes: { [purpose]: state } });
  }
}

async function bytesPerEvent(platform: BenchPlatform): Promise<PreferenceFigures["bytes"]> {
  const size = (tables: readonly string[]) => tables.map((table) => `pg_total_relation_size('preferences.${table}')`).join(" + ");
  const sql = `SELECT count(*)::int AS events, ${size(["consent_ledger"])} AS ledger, ${size(["log_entry", "log_tile"])} AS log FROM preferences.consent_ledger`;
  const { stdout } = await platform.command("query", preferenceRegion, sql, "--json");
  const [row] = JSON.parse(stdout) as { events: number; ledger: string; log: string }[];
  if (!row || row.events === 0) throw new Error("the ledger is empty");
  return { events: row.events, ledger: Number(row.ledger) / row.events, log: Number(row.log) / row.events };
}
