// People who go on saying no and no more, each from two places at once and at all instances in turn, and send the same request again until it is
// acknowledged: between the two tries of the one something else may have been said by the other, so that a word taken twice shows.
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "vitest";
import type { ProvenEvent } from "./evidence.ts";
import { insides } from "./insides.ts";
import type { Postgres } from "./postgres.ts";
import type { Person, Service } from "./service.ts";

/** Between two requests of one person: more than anybody does, and few enough that the events of a test stay a few bundles. */
const pauseMs = 15;

const states = ["denied", "withdrawn"] as const;

export class WriteStorm {
  readonly #people: readonly Person[];
  /** As they are now: an instance that was killed has a successor. */
  readonly #instances: () => readonly Service[];
  /** By subject: what was acknowledged in which epoch. */
  readonly #acknowledged = new Map<string, Map<number, string>>();
  /** How often which status was answered. */
  readonly answers = new Map<number, number>();
  /** How often nobody answered. */
  cut = 0;
  #running = true;
  #failure: unknown;
  readonly #writers: Promise<unknown>;

  private constructor(people: readonly Person[], instances: () => readonly Service[]) {
    this.#people = people;
    this.#instances = instances;
    for (const { subject } of people) this.#acknowledged.set(subject, new Map());
    this.#writers = Promise.all(people.flatMap((person) => states.map((state, i) => this.#write(person, state, i))));
    this.#writers.catch((failure: unknown) => {
      this.#failure = failure;
    });
  }

  static async begin(instances: () => readonly Service[], count = 4): Promise<WriteStorm> {
    const all = instances();
    const people = await Promise.all(Array.from({ length: count }, (_, i) => (all[i % all.length] as Service).person()));
    return new WriteStorm(people, instances);
  }

  /** How much was acknowledged to whom the least was. @throws whatever answer was none that may be given */
  get least(): number {
    if (this.#failure) throw this.#failure;
    return Math.min(...[...this.#acknowledged.values()].map(({ size }) => size));
  }

  /** How often it was refused, as it may be. @throws as `least` */
  get refused(): number {
    if (this.#failure) throw this.#failure;
    return this.answers.get(503) ?? 0;
  }

  /** Ends once everything that was sent is acknowledged. */
  async end(): Promise<void> {
    this.#running = false;
    await this.#writers;
  }

  /** Everything that was acknowledged is there, once, in its order, and nothing else is. */
  async expectIn(proven: readonly ProvenEvent[], postgres: Postgres): Promise<void> {
    expect(new Set(proven.map(({ event }) => event.id)).size).toBe(proven.length);
    const references = await postgres.admin<{ id: string; reference: string }>("SELECT id, reference FROM preferences.subject");
    for (const { subject } of this.#people) {
      const reference = references.find(({ id }) => id === subject)?.reference;
      const said = proven.flatMap(({ event: { subject: of, epoch, state } }) => (of === reference ? [{ epoch, state }] : []));
      const acknowledged = [...(this.#acknowledged.get(subject) ?? [])].sort(([a], [b]) => a - b);
      expect(said).toEqual(acknowledged.map(([epoch, state]) => ({ epoch, state })));
      expect(said.map(({ epoch }) => epoch)).toEqual(said.map((_, i) => i + 1));
    }
  }

  async #write(person: Person, state: string, first: number): Promise<void> {
    const acknowledged = this.#acknowledged.get(person.subject) as Map<number, string>;
    for (let turn = first; this.#running; turn++) {
      const epoch = await this.#untilAcknowledged(person, turn, state);
      // What is so already is acknowledged as it was said.
      expect(acknowledged.get(epoch) ?? state).toBe(state);
      acknowledged.set(epoch, state);
      await delay(pauseMs);
    }
  }

  async #untilAcknowledged(person: Person, first: number, state: string): Promise<number> {
    const key = randomUUID();
    for (let attempt = first; ; attempt++) {
      const instances = this.#instances();
      const asked = await person.renewed(instances[attempt % instances.length]);
      const answer = await asked.say({ analytics: state }, { "idempotency-key": key }).catch(() => undefined);
      // A body may be cut off, too.
      const text = await answer?.text().catch(() => undefined);
      if (!answer || text === undefined) this.cut++;
      else {
        this.answers.set(answer.status, (this.answers.get(answer.status) ?? 0) + 1);
        if (answer.status === 200) return (JSON.parse(text) as { consentEpoch: number }).consentEpoch;
        expectRefusal(answer, text);
      }
      await delay(pauseMs);
    }
  }
}

/** What may be answered while something is broken: a problem that says when to ask again, and nothing of our insides. */
export function expectRefusal(answer: Response, text: string): void {
  expect([answer.status, answer.headers.get("content-type"), answer.headers.get("retry-after")], text).toEqual([
    503,
    "application/problem+json",
    "1",
  ]);
  expect(text).not.toMatch(insides);
}
