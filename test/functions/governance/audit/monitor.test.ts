import { describe, expect, it } from "vitest";
import { openCheckpoint, signCheckpoint } from "../../../../functions/governance/audit/checkpoint.ts";
import { judge, silence, watchFrom } from "../../../../functions/governance/audit/monitor.ts";
import { logSigner } from "./keys.ts";
import { entriesUpTo, mth, proof } from "./tree.ts";

const log = logSigner();
const entries = entriesUpTo(20);
const forged = entries.with(3, Buffer.from("changed afterwards"));

const checkpoint = async (of: readonly Uint8Array[], by = log) =>
  openCheckpoint(await signCheckpoint({ size: of.length, root: mth(of) }, by.key, by.sign), by.key);
const begin = 1_800_000_000;
const seen = await checkpoint(entries.slice(0, 10));
const watch = watchFrom(seen, begin);

describe("a monitor", () => {
  it("finds growth consistent, and goes on from the larger checkpoint", async () => {
    const next = await checkpoint(entries);
    expect(judge(watch, next, proof(10, entries), begin + 60)).toEqual({
      verdict: "consistent",
      grownBy: 10,
      watch: { latest: next, grewAt: begin + 60 },
    });
  });

  it("finds the same checkpoint consistent, but no sign of life", () => {
    expect(judge(watch, seen, [], begin + 60)).toMatchObject({ verdict: "consistent", grownBy: 0, watch: { grewAt: begin } });
  });

  it("finds a split view where one size has two roots, and both notes prove it", async () => {
    const other = await checkpoint(forged.slice(0, 10));
    const judgement = judge(watch, other, [], begin + 60);
    expect(judgement).toEqual({
      verdict: "split view",
      because: "one size, two roots",
      evidence: { before: seen.note, after: other.note },
    });
  });

  it("finds a split view where the log cannot show that it only grew", async () => {
    const next = await checkpoint(forged);
    for (const answer of [proof(10, forged), proof(10, entries), []])
      expect(judge(watch, next, answer, begin + 60)).toMatchObject({
        verdict: "split view",
        because: "no valid consistency proof",
        evidence: { proof: answer },
      });
  });

  it("finds a rollback where the log is smaller than it was", async () => {
    const earlier = await checkpoint(entries.slice(0, 9));
    expect(judge(watch, earlier, [], begin + 60)).toEqual({ verdict: "rollback", evidence: { before: seen.note, after: earlier.note } });
  });

  it("finds silence once the bound is over, and not before", () => {
    expect(silence(watch, begin + 300, 300)).toBeUndefined();
    expect(silence(watch, begin + 301, 300)).toEqual({ verdict: "silence", forSeconds: 301, evidence: { before: seen.note } });
  });

  it("does not mix two logs", async () => {
    const other = await checkpoint(entries, logSigner("audit.us.brand.example"));
    expect(() => judge(watch, other, [], begin)).toThrow("watch them apart");
  });
});
