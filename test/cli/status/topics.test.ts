import { expect, it } from "vitest";
import { topicsOf } from "../../../cli/status/topics.ts";

const part = (kind: string, name: string, detail = "", state: "running" | "starting" | "stopped" | "failed" = "running") => ({
  kind,
  name,
  state,
  detail,
});
const topic = (name: string, ...given: Parameters<typeof topicsOf>) => topicsOf(...given).find((each) => each.topic === name);

it("says of the edge which version has which share", () => {
  expect(topic("edge", [part("worker", "site-eu", "3d86c377 90 %, e6c0ba84 10 %")], [])).toMatchObject({
    well: true,
    text: "site-eu 3d86c377 90 %, e6c0ba84 10 %",
  });
});

it("says of services their revisions and shares, and how many tasks run of those wanted", () => {
  const parts = [
    part("Cloud Run service", "preferences-da58", "100 % of preferences in brand, europe-west3"),
    part("Fargate task", "collector 1179", "collector-eu:1 in collector-eu, eu-central-1; 1 of 2"),
    part("Fargate task", "collector 2a14", "collector-eu:1 in collector-eu, eu-central-1; 1 of 2"),
  ];
  expect(topic("services", parts, [])?.text).toBe("collector on Fargate (1 of 2 tasks), preferences-da58 100 %");
});

it("says what waits in a queue, and since when", () => {
  expect(topic("queues", [part("queue", "spool-gcp", "7 messages, oldest 12 s, 1 under way; to worker")], [])?.text).toBe(
    "spool-gcp 7, oldest 12 s",
  );
});

it("counts alerts, and tells those that fire in full", () => {
  const quiet = part("alarm", "latency", "OK since 10:00:00, eu-central-1");
  expect(topic("alerts", [quiet], [])).toMatchObject({ well: true, text: "1, none fires", troubles: [] });
  const firing = part("alert policy", "withdrawals are late", "open since 10:01:00: longer than 60 s", "failed");
  expect(topic("alerts", [quiet, firing], [])).toMatchObject({
    well: false,
    text: "1 of 2 fires",
    troubles: ["withdrawals are late: open since 10:01:00: longer than 60 s"],
  });
});

it("says how fast an objective's budget goes, and leaves it to the alerts to ring", () => {
  const spent = part("objective", "eu: answers within 200 ms", "2.92 times the allowed errors in the last hour", "failed");
  expect(topic("objectives", [spent], [])).toMatchObject({
    well: true,
    text: "answers within 200 ms: 2.92 times the allowed errors in the last hour",
    troubles: [],
  });
});

it("says of keys whether they can be used and whether they rotate", () => {
  const parts = [
    part("key", "data", "version 1 ENABLED, rotates every 90 days, europe-west3"),
    part("key", "signing", "version 1 ENABLED, does not rotate, europe-west3"),
    part("key", "off", "Disabled, rotates every 90 days, eu-central-1", "failed"),
  ];
  expect(topic("keys", parts, [])).toMatchObject({
    well: false,
    text: "2 enabled (1 of them rotate), 1 disabled",
    troubles: ["off: Disabled, rotates every 90 days, eu-central-1"],
  });
});

it("says when the first certificate ends, and which host shows none or one that is over", () => {
  const shown = [
    { host: "a.example", until: "2099-02-01T00:00:00.000Z" },
    { host: "b.example", until: "2098-02-01T00:00:00.000Z" },
  ];
  expect(topic("certificates", [], shown)).toMatchObject({ well: true, text: "2 valid, the first ends 2098-02-01 (b.example)" });
  const over = { host: "old.example", until: "2020-01-01T00:00:00.000Z" };
  const pending = part("certificate", "new.example", "PENDING_VALIDATION: new.example", "starting");
  expect(topic("certificates", [pending], [...shown, over, { host: "new.example" }])).toMatchObject({
    well: false,
    text: "2 valid, the first ends 2098-02-01 (b.example)",
    troubles: [
      "new.example: starting, PENDING_VALIDATION: new.example",
      "new.example shows no certificate",
      "old.example: its certificate ended 2020-01-01T00:00:00.000Z",
    ],
  });
});

it("forgets no part, whatever its kind", () => {
  const parts = [part("Metadata server", "m", "tokens"), part("a kind of tomorrow", "t", "went away", "stopped")];
  expect(topic("others", parts, [])).toMatchObject({
    well: false,
    text: "2 parts: a kind of tomorrow, metadata server",
    troubles: ["t: stopped, went away"],
  });
});
