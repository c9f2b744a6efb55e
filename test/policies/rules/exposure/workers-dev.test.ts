import { expect, it } from "vitest";
import { workersDev } from "../../../../policies/rules/exposure/workers-dev.ts";
import { context, judged, problems, resource, UNKNOWN } from "../../judging.ts";

const worker = "cloudflare:index/worker:Worker";
const script = "cloudflare:index/workersScript:WorkersScript";
const subdomain = "cloudflare:index/workersScriptSubdomain:WorkersScriptSubdomain";

it("is compliant when both addresses are switched off", () => {
  expect(judged(workersDev, { type: worker, props: { subdomain: { enabled: false, previewsEnabled: false } } })).toBe("compliant");
  expect(judged(workersDev, { type: subdomain, props: { enabled: false, previewsEnabled: false } })).toBe("compliant");
});

it("is refused when one is on, or when nobody says so", () => {
  expect(problems(judged(workersDev, { type: worker, props: { subdomain: { enabled: true, previewsEnabled: false } } }))).toEqual([
    "subdomain.enabled is true",
  ]);
  expect(problems(judged(workersDev, { type: worker, props: { subdomain: { enabled: false } } }))).toEqual([
    "subdomain.previewsEnabled is not set",
  ]);
  expect(problems(judged(workersDev, { type: worker, props: {} }))).toHaveLength(2);
  expect(problems(judged(workersDev, { type: subdomain, props: { enabled: false, previewsEnabled: true } }))).toEqual([
    "previewsEnabled is true",
  ]);
});

it("is undecided when it is unknown", () => {
  expect(judged(workersDev, { type: subdomain, props: { enabled: UNKNOWN, previewsEnabled: false } })).toEqual([
    { kind: "undecided", property: "enabled" },
  ]);
});

it("does not apply to other types", () => {
  expect(judged(workersDev, { type: "cloudflare:index/workersRoute:WorkersRoute" })).toBe("notApplicable");
});

it("wants a switch beside every script that has none of its own", () => {
  const lonely = resource({ type: script, name: "lonely", props: { scriptName: "lonely" } });
  const covered = resource({ type: script, name: "covered", props: { scriptName: "covered" } });
  const off = resource({ type: subdomain, props: { scriptName: "covered" } });
  expect(workersDev.checkStack?.([lonely, covered, off], context()).map(({ urn }) => urn)).toEqual([lonely.urn]);
});

it("follows the dependency where the script's name is unknown", () => {
  const one = resource({ type: script, props: { scriptName: UNKNOWN } });
  const off = { ...resource({ type: subdomain, props: { scriptName: UNKNOWN } }), propertyDependencies: { scriptName: [one.urn] } };
  expect(workersDev.checkStack?.([one, off], context())).toEqual([]);
  expect(workersDev.checkStack?.([one, { ...off, propertyDependencies: {} }], context())).toHaveLength(1);
});
