import { afterEach, describe, expect, test, vi } from "vitest";
import { type Fault, Faults } from "../../../sandbox/engine/faults.ts";
import { Internet } from "../../../sandbox/engine/internet.ts";

const ask = (handler: (request: Request) => Promise<Response> | Response) => handler(new Request("https://api.example/"));
const well = () => new Response("well");
const minute = { forMs: 60_000 };

describe("a part that is hurt", () => {
  test("is not there, answers later, or answers with an error, and is well once it is healed", async () => {
    const faults = new Faults();
    faults.add("s3");
    const handler = faults.guard("s3", well);
    await faults.inflict("s3", "stop", minute);
    await expect(ask(handler)).rejects.toMatchObject({
      code: "ECONNREFUSED",
      message: expect.stringContaining("s3 is stopped on purpose"),
    });
    await faults.inflict("s3", "break", minute);
    expect((await ask(handler)).status).toBe(503);
    await faults.inflict("s3", "slow", { ...minute, delayMs: 80 });
    const asked = performance.now();
    expect(await (await ask(handler)).text()).toBe("well");
    expect(performance.now() - asked).toBeGreaterThan(75);
    expect(await faults.heal("s3")).toEqual(["s3"]);
    expect(faults.targets()).toEqual([{ part: "s3" }]);
    expect(await (await ask(handler)).text()).toBe("well");
  });

  test("tells its process, at both ends", async () => {
    const faults = new Faults();
    const told: (Fault["harm"] | "healed")[] = [];
    faults.add("sql:p/main", (fault) => void told.push(fault?.harm ?? "healed"));
    await faults.inflict("p/main", "stop", minute);
    await faults.heal();
    expect(told).toEqual(["stop", "healed"]);
  });

  test("can be named by an end that fits it alone", async () => {
    const faults = new Faults();
    for (const part of ["run:eu/preferences", "run:us/preferences", "s3"]) faults.add(part);
    expect((await faults.inflict("eu/preferences", "break", minute)).part).toBe("run:eu/preferences");
    await expect(faults.inflict("preferences", "break", minute)).rejects.toThrow(
      '"preferences" is more than one part: run:eu/preferences, run:us/preferences',
    );
    await expect(faults.inflict("nobody", "break", minute)).rejects.toThrow('there is no part "nobody"; there are: run:eu/preferences');
  });

  test("is hurt for a day at most", async () => {
    const faults = new Faults();
    faults.add("s3");
    for (const forMs of [0, -1, 25 * 3_600_000, Number.NaN])
      await expect(faults.inflict("s3", "stop", { forMs })).rejects.toThrow("more than 0 and at most 24 hours");
  });

  test("is well again, and so its process, when it is taken away and comes back", async () => {
    const faults = new Faults();
    const remove = faults.add("s3");
    await faults.inflict("s3", "break", minute);
    remove();
    faults.add("s3");
    expect(faults.of("s3")).toBeUndefined();
  });
});

describe("time", () => {
  afterEach(() => void vi.useRealTimers());

  test("heals", async () => {
    vi.useFakeTimers();
    const faults = new Faults();
    const healed = vi.fn();
    faults.add("s3", (fault) => {
      if (!fault) healed();
    });
    await faults.inflict("s3", "stop", { forMs: 5 * 60_000 });
    await vi.advanceTimersByTimeAsync(5 * 60_000 - 1);
    expect(healed).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(healed).toHaveBeenCalledOnce();
    expect(faults.of("s3")).toBeUndefined();
  });
});

test("the way to every host, registered or only named by a record, can be cut", async () => {
  const internet = new Internet();
  internet.register("api.example", well);
  internet.register("*.run.app", well);
  internet.register("34.0.0.1", well);
  internet.publish({ name: "services.brand.example", type: "A", content: "34.0.0.1" });
  for (const [part, host] of [
    ["host:api.example", "api.example"],
    ["host:*.run.app", "a.run.app"],
    ["host:services.brand.example", "services.brand.example"],
    ["host:34.0.0.1", "services.brand.example"],
  ] as const) {
    const fetch = () => internet.fetch(new Request(`https://${host}/`));
    expect((await fetch()).status).toBe(200);
    await internet.faults.inflict(part, "break", minute);
    expect((await fetch()).status, part).toBe(503);
    await internet.faults.heal(part);
  }
});
