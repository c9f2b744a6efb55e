// How soon a withdrawal counts that was said while the link to the edge was cut: between the region's services and its edge, so that where the edge keeps
// state the services cannot tell it, and where it keeps none it cannot ask.
import { setTimeout as delay } from "node:timers/promises";
import type { Edge, Person } from "./edge.ts";
import type { BenchPlatform } from "./platform.ts";

export interface CutLinkFigures {
  readonly region: string;
  readonly people: number;
  readonly cutSeconds: number;
  /** Withdrawals that were answered `pending` while the link was cut; the others were sent again until they were taken. */
  readonly pending: number;
  /** Answers of the edge while the link was cut and after the withdrawal had been sent, by reason. */
  readonly whileCut: Readonly<Record<string, number>>;
  /** From the moment when the link was whole again to the first answer of the edge that says "withdrawn", for each person. */
  readonly milliseconds: readonly number[];
}

/** So often each person asks: within the edge's limit, and finer than what is measured. */
const askEveryMs = 100;
/** So long the edge may take once the link is there, and as long again for a slow machine. */
const patienceMs = 120_000;
/** More than anything is cut for. */
const forgotten = "10m";

/** @param host of the link, as `./bailiwick chaos list` says it */
export async function measureCutLink(
  platform: BenchPlatform,
  edge: Edge,
  { host, people, cutSeconds }: { readonly host: string; readonly people: number; readonly cutSeconds: number },
): Promise<CutLinkFigures> {
  const everybody: Person[] = [];
  for (let i = 0; i < people; i++) {
    const person = await edge.person();
    await person.say("granted");
    await until(person, "granted");
    everybody.push(person);
  }
  const whileCut: Record<string, number> = {};
  let pending = 0;
  let wholeAt = Number.POSITIVE_INFINITY;
  await platform.command("chaos", "stop", host, "--for", forgotten);
  const cutAt = performance.now();
  // One after the other during the cut, so that their tries again fall at all times after it.
  const enforced = everybody.map(async (person, i) => {
    await delay((i * cutSeconds * 1000) / people);
    let taken: string | undefined;
    while (taken === undefined) {
      taken = await person.say("withdrawn").catch(() => undefined);
      const reason = await person.reason();
      if (wholeAt === Number.POSITIVE_INFINITY) whileCut[reason] = (whileCut[reason] ?? 0) + 1;
      if (taken === undefined) await delay(askEveryMs);
    }
    if (taken === "pending") pending++;
    await until(person, "withdrawn");
    return performance.now();
  });
  await delay(cutSeconds * 1000 - (performance.now() - cutAt));
  await platform.command("chaos", "heal", host);
  wholeAt = performance.now();
  const at = await Promise.all(enforced);
  return { region: edge.region, people, cutSeconds, pending, whileCut, milliseconds: at.map((ms) => Math.max(0, ms - wholeAt)) };
}

async function until(person: Person, reason: string): Promise<void> {
  for (const end = performance.now() + patienceMs; performance.now() < end; await delay(askEveryMs))
    if ((await person.reason()) === reason) return;
  throw new Error(`the edge has not answered "${reason}" within ${patienceMs / 1000} s`);
}
