// What a consumer waits for at the edge, and how soon a withdrawal counts. One person at a time, over one connection, through the gateway.
import { Agent, request as httpRequest } from "node:http";

export interface Experience {
  readonly variation: string;
  readonly reason: string;
  readonly consentEpoch: number | null;
}

export interface LatencyFigures {
  readonly region: string;
  readonly consent: boolean;
  /** Milliseconds of each request. */
  readonly milliseconds: readonly number[];
  /** How many requests were answered for each reason. */
  readonly reasons: Readonly<Record<string, number>>;
}

export interface WithdrawalFigures {
  readonly region: string;
  /** People who do so at once, each asking the edge without pause. */
  readonly atOnce: number;
  /** From sending the withdrawal to the first answer of the edge after which none permits, while the edge is asked without pause. */
  readonly milliseconds: readonly number[];
  /** Rounds in which the person was told `applied`, and rounds in which the first request after that answer was refused. */
  readonly applied: number;
  readonly refusedAtOnce: number;
}

/** A new subject, and so a new rate limit, after this many rounds. */
const roundsPerSubject = 5;

export interface Person {
  readonly token: string;
  /** Why the edge decides as it does. */
  readonly reason: () => Promise<string>;
  /** @returns `applied` or `pending` @throws Error where it is not taken */
  readonly say: (state: "granted" | "withdrawn") => Promise<string>;
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** The address of one region's edge. */
export class Edge {
  readonly region: string;
  readonly #port: number;
  readonly #agent = new Agent({ keepAlive: true });

  constructor(region: string, port: number) {
    this.region = region;
    this.#port = port;
  }

  close(): void {
    this.#agent.destroy();
  }

  /** Latencies of `/v1/experience/hero`. @param rounds after a tenth as many to warm up */
  async latencies(rounds: number, consent: boolean): Promise<LatencyFigures> {
    const person = consent ? await this.person() : undefined;
    if (person) await person.say("granted");
    const milliseconds: number[] = [];
    const reasons: Record<string, number> = {};
    for (let round = -Math.ceil(rounds / 10); round < rounds; round++) {
      const started = performance.now();
      const { reason } = await this.#experience(person?.token);
      if (round < 0) continue;
      milliseconds.push(performance.now() - started);
      reasons[reason] = (reasons[reason] ?? 0) + 1;
    }
    return { region: this.region, consent, milliseconds, reasons };
  }

  async withdrawals(rounds: number, atOnce: number): Promise<WithdrawalFigures> {
    const milliseconds: number[] = [];
    let applied = 0;
    let refusedAtOnce = 0;
    let begun = 0;
    const withdraw = async () => {
      let person = await this.person();
      for (let round = 0; begun < rounds; round++) {
        begun++;
        if (round > 0 && round % roundsPerSubject === 0) person = await this.person();
        await person.say("granted");
        await this.#until(person, "granted");
        const started = performance.now();
        const [enforcement, enforced] = await Promise.all([
          person.say("withdrawn").then(async (said) => {
            if ((await person.reason()) !== "granted") refusedAtOnce++;
            return said;
          }),
          this.#until(person, "withdrawn").then((at) => at - started),
        ]);
        if (enforcement === "applied") applied++;
        milliseconds.push(enforced);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, withdraw));
    return { region: this.region, atOnce, milliseconds, applied, refusedAtOnce };
  }

  /** Somebody with nothing but the region's address. */
  async person(): Promise<Person> {
    const { subject, token } = await this.#json<{ subject: string; token: string }>("POST", "/v1/subjects", 201);
    return {
      token,
      reason: async () => (await this.#experience(token)).reason,
      say: async (state: "granted" | "withdrawn") => {
        const body = JSON.stringify({ purposes: { personalisation: state } });
        const headers = { authorization: `Bearer ${token}`, "content-type": "application/merge-patch+json", "if-match": "*" };
        const path = `/v1/subjects/${subject}/preferences`;
        return (await this.#json<{ enforcement: string }>("PATCH", path, 200, headers, body)).enforcement;
      },
    };
  }

  #experience(token: string | undefined): Promise<Experience> {
    return this.#json("GET", "/v1/experience/hero", 200, token === undefined ? {} : { authorization: `Bearer ${token}` });
  }

  /**
   * Asks until the edge decides for this reason.
   * @returns the moment of the first answer that neither permitted nor was followed by one that did: an edge that cannot ask refuses, too
   * @throws Error when it has not within a minute, the longest that enforcement may take
   */
  async #until(person: Person, reason: string): Promise<number> {
    let refusedAt: number | undefined;
    for (const end = performance.now() + 60_000; performance.now() < end; ) {
      const said = await person.reason();
      refusedAt = said === "granted" ? undefined : (refusedAt ?? performance.now());
      if (said === reason) return refusedAt ?? performance.now();
    }
    throw new Error(`the edge of "${this.region}" has not answered "${reason}" within 60 s`);
  }

  async #json<T>(method: string, path: string, expected: number, headers: Record<string, string> = {}, body?: string): Promise<T> {
    const answer = await this.#send(method, path, headers, body);
    if (answer.status !== expected) throw new Error(`${method} ${path} of "${this.region}" answered ${answer.status}: ${answer.body}`);
    return JSON.parse(answer.body) as T;
  }

  #send(method: string, path: string, headers: Record<string, string>, body: string | undefined): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const host = `${this.region}.localhost:${this.#port}`;
      const options = {
        host: "127.0.0.1",
        port: this.#port,
        agent: this.#agent,
        method,
        path,
        headers: { ...headers, host },
        timeout: 20_000,
      };
      const request = httpRequest(options, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body: text }));
        response.on("error", reject);
      });
      request.on("timeout", () => request.destroy(new Error(`${method} ${path} of "${this.region}" did not answer within 20 s`)));
      request.on("error", reject);
      request.end(body);
    });
  }
}
