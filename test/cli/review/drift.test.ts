// What a refresh says, and what of it is drift.
import { expect, it } from "vitest";
import { driftIn } from "../../../cli/review/drift.ts";
import { type Step, step } from "./events.ts";

const bucket = { type: "aws:s3/bucket:Bucket", name: "archive", inputs: { region: "eu-central-1", tags: { a: "b" } } };

/** As a refresh reports: what came of each step. */
const drift = (...steps: Step[]) =>
  driftIn(
    "eu",
    steps.map((its) => ({ resOutputsEvent: step("eu", its).resourcePreEvent as NonNullable<ReturnType<typeof step>["resourcePreEvent"]> })),
  );

it("is a property that the program sets and that stands otherwise, and a resource that is gone", () => {
  expect(drift({ op: "update", ...bucket, detailedDiff: { "tags.a": {}, "tags.c": {} } })).toEqual([
    { stack: "eu", resource: "archive", type: bucket.type, gone: false, properties: ["tags.a", "tags.c"] },
  ]);
  expect(drift({ op: "delete", ...bucket })).toMatchObject([{ resource: "archive", gone: true }]);
});

it("is not what the program says nothing about", () => {
  expect(drift({ op: "update", ...bucket, detailedDiff: { "versioning.enabled": {} } })).toEqual([]);
  expect(drift({ op: "same", ...bucket })).toEqual([]);
});

it("is not of a resource that shares its thing with another, which stands as that one says", () => {
  const other: Step = { op: "same", ...bucket, name: "archive-code" };
  expect(drift({ op: "update", ...bucket, detailedDiff: { region: {} } }, other)).toEqual([]);
});
