// Ten thousand requests that nobody should send. The seed is fixed, so that a failure comes again.
import { Agent, request } from "node:http";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { issueEdgeToken } from "../../../../functions/shared/tokens.ts";
import { insides } from "../insides.ts";
import { ledgerOf } from "../ledger.ts";
import { type Region, startRegion } from "../region.ts";
import { audience, type Person, type Service } from "../service.ts";
import { type OddRequest, oddRequest } from "./odd-requests.ts";
import { ServedApi } from "./served-api.ts";

const seed = 20_261_122;
const senders = 200;
const each = 50;
/** Senders at once. */
const atOnce = 16;
const patienceMs = 10_000;

const subjectIds = /eu_[0-9A-HJKMNP-TV-Z]{26}/g;

/** Undefined where the server has ended the connection, or we have. */
type Answer = { readonly status: number; readonly text: string } | undefined;

describe("the preferences service, asked what it should not be", () => {
  let region: Region;
  let service: Service;
  let another: Person;
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  beforeAll(async () => {
    region = await startRegion();
    service = await region.serve();
    await service.request("/health", { scope: "none" });
    another = await service.person();
    await another.say({ analytics: "granted", advertising: "denied" }, { "if-match": "*" });
  });
  afterAll(async () => {
    agent.destroy();
    await region?.[Symbol.asyncDispose]();
  });

  function answerTo({ method, path, headers, body, cut }: OddRequest, edge: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const sent = request({
        host: "127.0.0.1",
        port: service.port,
        agent,
        method,
        path,
        headers: [...headers, ["x-edge-authorization", `Bearer ${edge}`], ["host", "service"]].flat(),
        timeout: patienceMs,
      });
      sent.on("response", (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("end", () => resolve({ status: response.statusCode as number, text })).on("error", () => resolve(undefined));
      });
      sent.on("timeout", () => sent.destroy(new Error(`no answer within ${patienceMs} ms`)));
      sent.on("error", (error) => (/no answer/.test(error.message) ? reject(error) : resolve(undefined)));
      if (!cut) return void sent.end(body);
      sent.write(body ?? "", () => sent.socket?.end());
    });
  }

  /** What is wrong with an answer; undefined where nothing is. */
  function fault(asked: OddRequest, { status, text }: NonNullable<Answer>, secrets: readonly string[]): string | undefined {
    if (status >= 500) return `it is ${status}`;
    const inside = insides.exec(text)?.[0];
    const told = JSON.stringify(asked.headers) + decodeURI(asked.path.replaceAll("%", "%25")) + asked.body;
    if (inside !== undefined && !told.includes(inside)) return `it says "${inside}"`;
    const secret = secrets.find((each) => text.includes(each));
    if (secret !== undefined) return `it says "${secret}", which is another's`;
    return undefined;
  }

  test("answers none with a fault of its own, nor with anything about anybody else", async () => {
    const api = await ServedApi.of(service);
    const events = await ledgerOf(region, another.subject);
    const before = await (await another.read()).text();
    const [event] = events;
    const hidden = events.flatMap(({ id, subject, policyRevision: _, receivedAt }) => [id, subject, receivedAt]);
    const faults: string[] = [];
    const statuses: Record<string, number> = {};

    async function sendAll(sender: Person, index: number): Promise<void> {
      const about = { sender, another: { subject: another.subject, event: event?.id as string } };
      for (const asked of fc.sample(oddRequest(api, about), { numRuns: each, seed: seed + index })) {
        const edge = await issueEdgeToken(service.edgeKey.privatePem, "eu", audience, "person");
        const told = JSON.stringify([asked.path, asked.headers]) + asked.body;
        const secrets = [another.subject, ...hidden].filter((secret) => !told.includes(secret));
        const answer = await answerTo(asked, edge).catch((error: Error) => ({ status: 599, text: error.message }));
        statuses[answer?.status ?? "ended"] = (statuses[answer?.status ?? "ended"] ?? 0) + 1;
        if (!answer) continue;
        const own = [sender.subject, ...(told.match(subjectIds) ?? [])];
        const foreign = /^\/v1\/subjects(\?|$)/.test(asked.path)
          ? undefined
          : (answer.text.match(subjectIds) ?? []).find((id) => !own.includes(id));
        const found = fault(asked, answer, secrets) ?? (foreign && `it names ${foreign}`);
        if (found)
          faults.push(
            `seed ${seed + index}: ${found}\n${JSON.stringify({ ...asked, body: asked.body?.toString() })}\n${answer.text.slice(0, 500)}`,
          );
      }
    }

    const people = await Promise.all(Array.from({ length: senders }, () => service.person()));
    const waiting = [...people.entries()];
    await Promise.all(
      Array.from({ length: atOnce }, async () => {
        for (let next = waiting.pop(); next; next = waiting.pop()) await sendAll(next[1], next[0]);
      }),
    );

    expect(faults.slice(0, 5), `${faults.length} faults`).toEqual([]);
    // It asked what it should: some of it right, most of it wrong, and few were only turned away for coming too often.
    expect(Object.values(statuses).reduce((sum, count) => sum + count, 0)).toBe(senders * each);
    for (const status of [200, 401, 403, 404, 422]) expect(statuses[status], JSON.stringify(statuses)).toBeGreaterThan(100);
    expect(statuses[429] ?? 0, JSON.stringify(statuses)).toBeLessThan(200);
    // And it is as well as before, and so is everybody else.
    expect(service.child.exitCode).toBeNull();
    expect(service.output).not.toContain("A request failed");
    expect(await (await another.read()).text()).toBe(before);
  }, 120_000);
});
