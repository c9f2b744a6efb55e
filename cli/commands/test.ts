// Runs the tests with vitest and closes with one line that counts them, from the runner's own report.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { exitCodes, PersonError } from "../errors.ts";
import { interruptible } from "../interruption.ts";
import { root } from "../paths.ts";
import { print, progress, say } from "../terminal.ts";
import { provideTool, toolNames } from "../tools.ts";

export const tiers = ["unit", "structure", "function", "policy", "sandbox", "plan", "e2e", "fault", "docs"] as const;

/** Files that take a minute or more: they deploy several platforms, kill what runs, or wait for what comes back (docs/decisions/0016-long-tests.md). */
const longFiles = "**/*.long.test.ts";

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly { readonly status: string }[] }[];
}

/** Tools that tests start themselves, by the variable in which they find them. */
const variables = {
  pulumi: "BAILIWICK_PULUMI",
  versitygw: "BAILIWICK_VERSITYGW",
  crane: "BAILIWICK_CRANE",
  collector: "BAILIWICK_COLLECTOR",
  actionlint: "BAILIWICK_ACTIONLINT",
} as const;

export async function test(args: string[], options: { json?: boolean }): Promise<void> {
  await interruptible(() => runTests(args, options.json === true), {
    atOnce: "interrupted: waiting for the test runner to end ...",
    advice: "Run it again: tests leave nothing behind that would be in the way.",
  });
}

/** @param json gives stdout to the result alone: the runner's words then go where progress goes */
async function runTests(args: string[], json: boolean): Promise<void> {
  const chosen = args.filter((arg) => (tiers as readonly string[]).includes(arg));
  // Whatever is no tier goes to vitest: a file's name, `-t "a sentence"`.
  const rest = args.filter((arg) => arg !== "all" && !chosen.includes(arg));
  // What is asked for by name is meant, however long it takes.
  const everyday = args.length === 0;
  if (everyday) progress(`without the long files (${longFiles}), which "./bailiwick test all" runs too`);
  const selection = everyday ? ["--exclude", longFiles] : chosen.flatMap((tier) => ["--project", tier]);
  const env: NodeJS.ProcessEnv = { ...process.env };
  for (const name of toolNames) env[variables[name]] = (await provideTool(name, progress)).path;
  const folder = mkdtempSync(join(tmpdir(), "bailiwick-test-"));
  try {
    const reportFile = join(folder, "report.json");
    const vitest = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`];
    const code = await new Promise<number>((resolve, reject) => {
      const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", vitest, "run", ...reporters, ...selection, ...rest], {
        cwd: root,
        env,
        stdio: ["ignore", json ? 2 : "inherit", "inherit"],
      });
      child.on("error", reject);
      child.on("exit", (exit) => resolve(exit ?? 1));
    });
    let report: Report;
    try {
      report = JSON.parse(readFileSync(reportFile, "utf8")) as Report;
    } catch {
      throw new PersonError(`The test runner ended with ${code} before it could report.`, "Read its words above.");
    }
    // A file that could not be loaded, or prepared, has no test that failed, and is a failure all the same.
    const broken = report.testResults.filter(
      ({ status, assertionResults }) => status === "failed" && !assertionResults.some((test) => test.status === "failed"),
    ).length;
    const failed = report.numFailedTests + broken;
    const skipped = report.numPendingTests + report.numTodoTests;
    const passed = report.numPassedTests;
    if (passed + failed + skipped === 0)
      say(`No test is of ${args.join(" ")}: give a tier (${tiers.join(", ")}), a part of a file's name, or both.`);
    else if (code !== 0 && failed === 0) say("Every test passed, but the runner reported errors outside of tests: see above.");
    print(
      json ? JSON.stringify({ passed, failed, skipped }) : `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`,
    );
    if (code !== 0 || failed > 0) process.exitCode = exitCodes.failed;
    else if (passed === 0) process.exitCode = exitCodes.usage;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
