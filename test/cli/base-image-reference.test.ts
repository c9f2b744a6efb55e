import { describe, expect, it } from "vitest";
import { readBaseReference } from "../../cli/artifacts/base-reference.ts";
import { PersonError } from "../../cli/errors.ts";

const zeros = `sha256:${"0".repeat(64)}`;

describe("the reference to a base image", () => {
  const named = (image: string) => readBaseReference(`image: ${image}\n`);

  it("of this repository is none: which image a team trusts is for the team to say", () => {
    expect(readBaseReference()).toBeUndefined();
  });

  it.each([
    [`registry.example/runtime/node@${zeros}`, "registry.example/runtime/node"],
    [`registry.example:5000/node@${zeros}`, "registry.example:5000/node"],
    [`127.0.0.1:5000/node@${zeros}`, "127.0.0.1:5000/node"],
    [`registry.example/runtime/node:24-slim@${zeros}`, "registry.example/runtime/node"],
  ])("%s is an image by digest", (image, repository) => {
    expect(named(image)).toEqual({ repository, digest: zeros });
  });

  it.each(["registry.example/runtime/node:24", "registry.example/runtime/node"])("%s is refused, with the way to its digest", (image) => {
    const error = thrownBy(() => named(image));
    expect(error.message).toContain(`functions/base-image.yaml names "${image}" by tag`);
    expect(error.message).toContain("Allowed: host/path@sha256:<64 hex digits>, or null for none.");
    expect(error.advice).toMatch(/crane digest registry\.example\/runtime\/node:(24|latest)\)/);
  });

  it.each([
    `node@${zeros}`,
    `runtime/node@${zeros}`,
    "registry.example/node@sha256:1234",
    `registry.example/Node@${zeros}`,
    `https://registry.example/node@${zeros}`,
    `registry.example/../node@${zeros}`,
    "''",
  ])("%s is refused, with what is allowed", (image) => {
    expect(thrownBy(() => named(image)).message).toMatch(/which is no image by digest\. Allowed: host\/path@sha256:<64 hex digits>/);
  });

  it.each([
    ["image: [", "is not YAML"],
    ["", "cannot be used"],
    ["image: 24", "cannot be used"],
    ["image: null\ntag: latest", "cannot be used"],
  ])("in a file that says %j is refused", (text, says) => {
    const error = thrownBy(() => readBaseReference(text));
    expect(error.message).toContain(`functions/base-image.yaml ${says}`);
    expect(error.advice).toContain("image: null");
  });
});

function thrownBy(call: () => unknown): PersonError {
  try {
    call();
  } catch (error) {
    if (error instanceof PersonError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
