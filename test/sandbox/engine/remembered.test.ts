import { expect, test } from "vitest";
import { remembered } from "../../../sandbox/engine/remembered.ts";
import { Store } from "../../../sandbox/engine/store.ts";

const row = (id: string, size: number) => ({ token: "t", id, urn: `urn:${id}`, inputs: {}, state: { size } });

test("an answer is read once, and anew after a resource was put or removed", () => {
  const store = new Store(":memory:");
  const reader = remembered(store);
  expect(reader.get("t", "a")).toBeUndefined();
  store.put(row("a", 1));
  const first = reader.get("t", "a");
  expect(first).toEqual(row("a", 1));
  expect(reader.get("t", "a")).toBe(first);
  expect(reader.list("t")).toEqual([row("a", 1)]);
  store.put(row("a", 2));
  store.put(row("b", 1));
  expect(reader.get("t", "a")?.state.size).toBe(2);
  expect(reader.list("t").map(({ id }) => id)).toEqual(["a", "b"]);
  store.remove("t", "a");
  expect(reader.get("t", "a")).toBeUndefined();
  expect(reader.list("t").map(({ id }) => id)).toEqual(["b"]);
  store.close();
});
