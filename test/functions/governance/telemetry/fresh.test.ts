import { describe, expect, test } from "vitest";
import { FreshMessages } from "../../../../functions/governance/telemetry/fresh.ts";

describe("fresh messages", () => {
  let now = 0;
  const youngMs = 4000;
  const message = (id: string, { bytes = 10, since = now } = {}) => ({
    ...{ id, bytes, since },
    message: { resourceSpans: [] },
    recorded_at: new Date(0),
  });
  const holding = (...messages: ReturnType<typeof message>[]) => {
    const fresh = new FreshMessages(youngMs, () => now);
    for (const each of messages) fresh.hold(each);
    return fresh;
  };
  const taken = (fresh: FreshMessages) => {
    const { messages, more } = fresh.take();
    return { ids: messages.map(({ id }) => id), more };
  };
  const million = 1024 * 1024;

  test("are taken once, the oldest first", () => {
    const fresh = holding(message("1"), message("2"));
    expect(taken(fresh)).toEqual({ ids: ["1", "2"], more: false });
    expect(taken(fresh)).toEqual({ ids: [], more: false });
  });

  test("are left to the table once the lease is too short for a delivery", () => {
    const fresh = holding(message("old"), message("young", { since: now + 1000 }));
    now += youngMs + 1;
    expect(taken(fresh)).toEqual({ ids: ["young"], more: false });
  });

  test("are taken in parts that a collector takes, a large one by itself", () => {
    const fresh = holding(
      message("1", { bytes: 0.6 * million }),
      message("2", { bytes: 0.6 * million }),
      message("3", { bytes: 3 * million }),
      message("4"),
    );
    expect([1, 2, 3, 4].map(() => taken(fresh))).toEqual([
      { ids: ["1"], more: true },
      { ids: ["2"], more: true },
      { ids: ["3"], more: true },
      { ids: ["4"], more: false },
    ]);
  });

  test("take no more memory than is set", () => {
    const fresh = holding(...Array.from({ length: 20 }, (_, i) => message(String(i), { bytes: million })));
    const ids: string[] = [];
    for (let more = true; more; ) {
      const part = taken(fresh);
      ids.push(...part.ids);
      more = part.more;
    }
    expect(ids).toEqual(["0", "1", "2", "3", "4", "5", "6", "7"]);
  });
});
