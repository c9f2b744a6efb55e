import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { countingDone, forgetDebugging, openEventLog, outcomeOf, readEvents } from "../../cli/pulumi/events.ts";
import { describeFailure, resultTable, sayNotes } from "../../cli/report.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "events-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const urn = "urn:pulumi:eu::bailiwick::aws:s3/bucket:Bucket::uploads";
const policy = (message: string, enforcementLevel = "mandatory") => ({
  policyEvent: { resourceUrn: urn, message, policyName: "residency/location", policyPackName: "bailiwick", enforcementLevel },
});
const error = (message: string) => ({ diagnosticEvent: { message, severity: "error" } });
const summary = {
  summaryEvent: { resourceChanges: { create: 3, same: 2 } },
};

/** What the engine writes: one JSON document a line. */
function outcomeOfLog(...events: object[]) {
  const file = join(folder, "events.jsonl");
  writeFileSync(file, events.map((event) => `${JSON.stringify(event)}\n`).join(""));
  return outcomeOf(readEvents(file));
}

it("an operation that has not begun to write has done nothing", () => {
  expect(outcomeOf(readEvents(join(folder, "absent.jsonl")))).toEqual({ changes: {}, rules: 0, findings: [], errors: [] });
  expect(countingDone(join(folder, "absent.jsonl"))()).toBe(0);
});

it("the summary tells what changed", () => {
  expect(outcomeOfLog(summary).changes).toEqual({ create: 3, same: 2 });
});

it("rules count once, whether they passed or failed, and only if they judged something", () => {
  const outcome = outcomeOfLog(
    { policyAnalyzeSummaryEvent: { resourceUrn: urn, passed: ["delivery/digest-pinned"], failed: ["residency/location"] } },
    { policyAnalyzeSummaryEvent: { resourceUrn: urn, passed: ["residency/location"] } },
    { policyAnalyzeSummaryEvent: { resourceUrn: urn } },
    { policyAnalyzeStackSummaryEvent: { passed: ["exemptions"] } },
  );
  expect(outcome.rules).toBe(3);
  expect(outcomeOfLog(summary).rules).toBe(0);
});

it("a finding that preview and update both report is one, without the engine's markup", () => {
  const message = '<{%reset%}>\u001b[31mregion is "us-east-1"\u001b[0m<{%reset%}>\n';
  expect(outcomeOfLog(policy(message), policy(message), policy("another", "advisory")).findings).toEqual([
    { rule: "residency/location", urn, message: 'region is "us-east-1"', mandatory: true },
    { rule: "residency/location", urn, message: "another", mandatory: false },
  ]);
});

it("errors are the engine's own words, each once, and not the sentence that something failed", () => {
  expect(outcomeOfLog(error("<{%fg 1%}>no such bucket<{%reset%}>"), error("no such bucket"), error("update failed")).errors).toEqual([
    "no such bucket",
  ]);
});

it("what is done is counted as it is written, wherever a reading cuts it", () => {
  const file = join(folder, "events.jsonl");
  const line = `${JSON.stringify({ sequence: 1, resOutputsEvent: { metadata: { op: "create", urn, type: "t" } } })}\n`;
  const other = `${JSON.stringify(error('"resOutputsEvent":{ is said of it, and "ü"'))}\n`;
  for (let cut = 0; cut <= line.length; cut++) {
    const done = countingDone(file);
    expect(done()).toBe(0);
    writeFileSync(file, line + other + line.slice(0, cut));
    const before = done();
    appendFileSync(file, line.slice(cut) + other);
    expect([before <= 2, done(), done()]).toEqual([true, 2, 2]);
    rmSync(file);
  }
});

it("where a log begins anew, or goes, so does the count", () => {
  const file = join(folder, "events.jsonl");
  const line = `${JSON.stringify({ sequence: 1, resOutputsEvent: { metadata: { op: "create", urn, type: "t" } } })}\n`;
  const done = countingDone(file);
  writeFileSync(file, line.repeat(3));
  expect(done()).toBe(3);
  writeFileSync(file, line);
  expect(done()).toBe(1);
  rmSync(file);
  expect(done()).toBe(0);
});

it("the log is nobody else's to read while the engine writes it, and keeps none of its lines for debugging, which show secrets", () => {
  const file = join(folder, "secrets.jsonl");
  openEventLog(file);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const debugging = { diagnosticEvent: { message: "RegisterResource: privateKeyPem: -----BEGIN PRIVATE KEY-----", severity: "debug" } };
  writeFileSync(file, [debugging, error("no such bucket"), debugging].map((event) => `${JSON.stringify(event)}\n`).join(""));
  forgetDebugging(file);
  expect(readFileSync(file, "utf8")).not.toContain("PRIVATE KEY");
  expect(outcomeOf(readEvents(file)).errors).toEqual(["no such bucket"]);
});

it("a line that is still being written is no event yet", () => {
  const file = join(folder, "events.jsonl");
  writeFileSync(file, `${JSON.stringify(error("no such bucket"))}\n${JSON.stringify(error("no such key")).slice(0, 20)}`);
  expect(outcomeOf(readEvents(file)).errors).toEqual(["no such bucket"]);
});

it("a person reads counts in a table, and of a failure the findings before the errors", () => {
  const outcome = outcomeOfLog(policy("residency/location: it stands in us-east-1"), error("no such bucket"), {
    summaryEvent: { resourceChanges: { create: 2, "create-replacement": 1, update: 4, delete: 5, same: 6 } },
  });
  const result = { ...outcome, stack: "eu", ok: false, code: 255, seconds: 1.234, output: "Pulumi's own words" };
  expect(resultTable([result])).toBe(
    [
      "stack  created  changed  deleted  unchanged  rules run  findings  seconds",
      "eu           3        4        5          6          0         1      1.2  failed",
    ].join("\n"),
  );
  const said: string[] = [];
  const stderr = vi.spyOn(process.stderr, "write").mockImplementation((text) => said.push(String(text)) > 0);
  sayNotes([
    result,
    { ...result, stack: "us", ok: true, findings: [{ rule: "exemptions", urn, message: "Exempted until ...", mandatory: false }] },
  ]);
  stderr.mockRestore();
  expect(said.join("")).toBe("\nus: exemptions: Exempted until ...\n");
  expect(describeFailure(result)).toBe("\nStack eu:\n\nresidency/location: it stands in us-east-1\n\nno such bucket");
  expect(describeFailure({ ...result, findings: [], errors: [] })).toContain("Pulumi's own words");
});
