import { expect, test } from "vitest";
import { Heartbeat } from "../../../../functions/governance/telemetry/heartbeat.ts";
import { until } from "../../../until.ts";

test("a service at rest tells of itself again and again, until it is stopped", async () => {
  const told: string[] = [];
  const heartbeat = new Heartbeat(
    {
      span: async ({ name }, work) => {
        told.push(name);
        return work();
      },
    },
    5,
  );
  heartbeat.start();
  expect(told).toEqual([]);
  await until(() => told.length >= 3, "three beats");
  await heartbeat.stop();
  expect(new Set(told)).toEqual(new Set(["heartbeat"]));
});
