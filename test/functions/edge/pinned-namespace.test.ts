import { describe, expect, test } from "vitest";
import { pinned } from "../../../functions/edge/pinned-namespace.ts";

interface Namespace {
  readonly name: string;
  jurisdiction(name: string): Namespace;
}
const namespace = (jurisdiction: (name: string) => Namespace): Namespace => ({ name: "unpinned", jurisdiction });

describe("a pinned namespace", () => {
  test("is the jurisdiction's own", () => {
    const own = (name: string): Namespace => ({ name, jurisdiction: own });
    expect(pinned(namespace(own), "eu").name).toBe("eu");
  });

  test("is not to be had where the runtime refuses the jurisdiction", () => {
    const refuses = namespace(() => {
      throw new Error("Invalid jurisdiction: sg");
    });
    expect(() => pinned(refuses, "sg")).toThrow("Invalid jurisdiction: sg");
  });
});
