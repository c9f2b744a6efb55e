import { expect, it } from "vitest";
import { recorded } from "../../sandbox/engine/recorded.ts";
import { fidelityTable, recordedShare } from "../../tools/fidelity.ts";

const note = recorded({ token: "acme:index/note:Note", why: "a note | nothing\nelse", id: () => "n" });
const lock = recorded({
  token: "acme:index/lock:Lock",
  why: "",
  id: () => "l",
  fidelity: { level: "enforces", how: "it locks", test: "test/acme/lock.test.ts" },
});

it("lists every type with its level and reason, the closest to the real cloud first, and counts them", () => {
  expect(fidelityTable([{ name: "acme", resources: [note, lock] }])).toBe(`## acme

2 types: 0 runs, 1 enforces, 1 records.

| type | level | how, or why not | test |
|---|---|---|---|
| \`acme:index/lock:Lock\` | enforces | it locks | \`test/acme/lock.test.ts\` |
| \`acme:index/note:Note\` | records | a note \\| nothing else |  |
`);
});

it("tells which share of the types is state only", () => {
  expect(recordedShare([note, lock])).toBe(0.5);
  expect(recordedShare([])).toBe(0);
});
