import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Store } from "../../../sandbox/engine/store.ts";

const folder = mkdtempSync(join(tmpdir(), "store-"));
afterAll(() => rmSync(folder, { recursive: true }));
const row = (id: string, size: number) => ({ token: "t", id, urn: `urn:${id}`, inputs: {}, state: { size } });

test("what was asked for is remembered, and known anew once it was put or removed", () => {
  const store = new Store(":memory:");
  expect(store.get("t", "a")).toBeUndefined();
  store.put(row("a", 1));
  const first = store.get("t", "a");
  expect(first).toEqual(row("a", 1));
  expect(store.get("t", "a")).toBe(first);
  store.put(row("b", 1));
  store.put(row("a", 2));
  expect(store.get("t", "a")?.state.size).toBe(2);
  expect(store.list("t").map(({ id }) => id)).toEqual(["a", "b"]);
  store.remove("t", "a");
  expect(store.get("t", "a")).toBeUndefined();
  expect(store.list("t").map(({ id }) => id)).toEqual(["b"]);
  store.close();
});

test("another who opens the file finds the same, in the same order", () => {
  const file = join(folder, "store.db");
  const first = new Store(file);
  for (const id of ["c", "a", "b"]) first.put(row(id, 1));
  first.put(row("c", 2));
  first.remove("t", "a");
  first.put(row("a", 3));
  const listed = first.list("t");
  first.close();
  const second = new Store(file);
  expect(second.list("t")).toEqual(listed);
  second.close();
});

test("what is remembered cannot be changed by who asks", () => {
  const store = new Store(":memory:");
  const given = row("a", 1);
  store.put(given);
  given.state.size = 2;
  expect(store.get("t", "a")?.state.size).toBe(1);
  const got = store.get("t", "a") as unknown as ReturnType<typeof row>;
  expect(() => {
    got.state.size = 3;
  }).toThrow(TypeError);
  store.close();
});
