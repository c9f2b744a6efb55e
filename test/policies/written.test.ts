import { expect, it } from "vitest";
import type { Properties } from "../../policies/resource.ts";
import { asWritten } from "../../policies/written.ts";
import { resource, UNKNOWN } from "./judging.ts";

it("leaves out what only the provider will tell, and keeps what waits for another resource", () => {
  const props: Properties = { name: "a", arn: UNKNOWN, rules: [{ id: UNKNOWN, to: "b" }, UNKNOWN], policy: UNKNOWN, tags: null };
  const bucket = { ...resource({ type: "aws:s3/bucket:Bucket", props }), propertyDependencies: { name: [], policy: ["urn:key"] } };
  expect(asWritten(bucket).props).toEqual({ name: "a", rules: [{ to: "b" }, null], policy: UNKNOWN, tags: null });
});
