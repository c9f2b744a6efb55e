import { describe, expect, test } from "vitest";
import { Gathering, type GatheringOptions } from "../../../functions/governance/gathering.ts";
import { current } from "../../../functions/governance/telemetry/traced.ts";

const settledTimes = async () => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};

/** A gathering whose rounds end when the test says so. */
function gathering(options: GatheringOptions<string>) {
  const rounds: { items: readonly string[]; end: (failure?: Error) => void }[] = [];
  const made = new Gathering<string, string>(
    (items) =>
      new Promise((resolve, reject) => {
        const end = (failure?: Error) =>
          failure
            ? reject(failure)
            : resolve(
                items.map((item) =>
                  item.startsWith("bad") ? { status: "rejected", reason: new Error(item) } : { status: "fulfilled", value: `${item} done` },
                ),
              );
        rounds.push({ items, end });
      }),
    options,
  );
  return { made, rounds, items: () => rounds.map(({ items }) => items) };
}

describe("work that is gathered", () => {
  test("goes at once where nothing is under way", async () => {
    const { made, rounds, items } = gathering({ atOnce: 1 });
    const done = made.do("a");
    expect(items()).toEqual([["a"]]);
    rounds[0]?.end();
    expect(await done).toBe("a done");
  });

  test("waits for what is under way, and then goes together", async () => {
    const { made, rounds, items } = gathering({ atOnce: 1 });
    const all = ["a", "b", "c"].map((item) => made.do(item));
    expect(items()).toEqual([["a"]]);
    rounds[0]?.end();
    await all[0];
    await settledTimes();
    expect(items()).toEqual([["a"], ["b", "c"]]);
    rounds[1]?.end();
    expect(await Promise.all(all)).toEqual(["a done", "b done", "c done"]);
  });

  test("has no more rounds under way than allowed, nor more items in one", async () => {
    const { made, rounds, items } = gathering({ atOnce: 2, most: 2 });
    for (const item of ["a", "b", "c", "d", "e"]) void made.do(item);
    expect(items()).toEqual([["a"], ["b"]]);
    rounds[0]?.end();
    await settledTimes();
    expect(items()).toEqual([["a"], ["b"], ["c", "d"]]);
  });

  test("never has two under way that share a key; who comes later waits, and holds up nobody else", async () => {
    const { made, rounds, items } = gathering({ atOnce: 2, keyOf: (item) => item[0] as string });
    for (const item of ["a1", "a2", "b1"]) void made.do(item);
    expect(items()).toEqual([["a1"], ["b1"]]);
    rounds[1]?.end();
    await settledTimes();
    expect(items()).toHaveLength(2);
    rounds[0]?.end();
    await settledTimes();
    expect(items()).toEqual([["a1"], ["b1"], ["a2"]]);
  });

  test("tells each what became of itself alone", async () => {
    const { made, rounds } = gathering({ atOnce: 1 });
    const first = made.do("a");
    const [bad, good] = [made.do("bad"), made.do("good")];
    rounds[0]?.end();
    await first;
    await settledTimes();
    rounds[1]?.end();
    await expect(bad).rejects.toThrow("bad");
    expect(await good).toBe("good done");
  });

  test("fails for all of a round where the work fails, and goes on", async () => {
    const { made, rounds } = gathering({ atOnce: 1 });
    const first = made.do("a");
    const second = made.do("b");
    rounds[0]?.end(new Error("gone"));
    await expect(first).rejects.toThrow("gone");
    await settledTimes();
    rounds[1]?.end();
    expect(await second).toBe("b done");
  });

  test("belongs to no request's trace", async () => {
    const seen: unknown[] = [];
    const made = new Gathering<string, void>(
      async (items) => {
        seen.push(current.getStore());
        return items.map(() => ({ status: "fulfilled", value: undefined }));
      },
      { atOnce: 1 },
    );
    const context = { traceId: "1".repeat(32), spanId: "2".repeat(16) };
    await current.run({ context, child: (_, work) => work() }, () => made.do("a"));
    expect(seen).toEqual([undefined]);
  });
});
