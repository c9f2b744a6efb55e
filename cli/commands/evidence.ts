// What a regulator asks for: a region's evidence written into a folder, and a folder checked by the one file that needs nothing of Bailiwick.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { extract } from "tar-stream";
import { exitCodes, PersonError } from "../errors.ts";
import { Operator } from "../evidence/operator.ts";
import { type Witness, witnessOf } from "../evidence/witness.ts";
import { root } from "../paths.ts";
import { requireReady } from "../ready.ts";
import { chosenStacks } from "../stacks.ts";
import { print, progress } from "../terminal.ts";

const verifier = join(root, "functions/governance/audit/evidence/verify.mjs");
/** The log's next publication is a minute away at most. */
const patienceMs = 180_000;

export interface ExportOptions {
  readonly subject?: string;
  readonly from?: string;
  readonly to?: string;
  readonly out?: string;
  readonly json?: boolean;
}

interface Keys {
  readonly origin: string;
  readonly verifierKey: string;
  readonly pem: string;
}

type Wanted = { readonly subject: string } | { readonly from: string; readonly to: string };

export async function exportEvidence(name: string, options: ExportOptions): Promise<void> {
  const [region] = chosenStacks([name]) as [string];
  const wanted = wantedBy(options);
  const out = resolve(options.out ?? `evidence-${region}`);
  if (existsSync(out))
    throw new PersonError(`${out} is there already.`, "Evidence is written over nothing: name another folder with --out.", exitCodes.usage);
  const ready = await requireReady();
  await using operator = await Operator.of(ready, region);
  const keys = await keysOf(operator);
  const witness = await witnessOf(ready, keys.verifierKey);
  const folders = await writeParts(operator, wanted, out, witness);
  if (options.json)
    return print(
      JSON.stringify({ folders, ...keys, ...(witness && { witness: witness.region, monitorKey: witness.monitorKey }) }, null, 2),
    );
  print(`${folders.join("\n")}\n
Whoever checks it needs these, by another way than the evidence:
- ${verifier}
- the log's key: ${keys.verifierKey}
${witness ? `- the key of ${witness.region}, which has seen the log as well (--monitor-key): ${witness.monitorKey}` : "No other region that is deployed has seen this log: nobody's word but its keeper's is in the evidence."}
Check it as they will: ./bailiwick evidence verify ${folders[0]} --region ${region}`);
}

export interface VerifyOptions {
  readonly logKey?: string;
  readonly manifestKey?: string;
  readonly monitorKey?: readonly string[];
  readonly region?: string;
  readonly json?: boolean;
}

/** Runs the verifier as anybody would; its exit code is the command's. */
export async function verifyEvidence(folder: string, options: VerifyOptions): Promise<void> {
  const { manifestKey, json, region } = options;
  const ofRegion = region === undefined ? undefined : await keysOfRegion(region);
  const logKey = options.logKey ?? ofRegion?.logKey;
  const monitorKeys = options.monitorKey ?? ofRegion?.monitorKeys ?? [];
  const args = [
    ...(logKey === undefined ? [] : ["--log-key", logKey]),
    ...(manifestKey === undefined ? [] : ["--manifest-key", manifestKey]),
    ...monitorKeys.flatMap((key) => ["--monitor-key", key]),
  ];
  const { status, stdout, stderr } = spawnSync(process.execPath, [verifier, folder, ...args], {
    stdio: ["ignore", json ? "pipe" : "inherit", json ? "pipe" : "inherit"],
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  if (json)
    print(JSON.stringify({ checked: status !== 2, holds: status === 0, said: `${stdout}${stderr}`.trimEnd().split("\n") }, null, 2));
  process.exitCode = status === 2 ? exitCodes.usage : (status ?? exitCodes.failed);
}

function wantedBy({ subject, from, to }: ExportOptions): Wanted {
  if ((subject === undefined) === (from === undefined))
    throw new PersonError(
      "Say either whose evidence, or of which period.",
      "--subject <id>, or --from <date> [--to <date>].",
      exitCodes.usage,
    );
  if (subject !== undefined) return { subject };
  return { from: instant("--from", from as string), to: to === undefined ? new Date().toISOString() : instant("--to", to) };
}

function instant(option: string, text: string): string {
  const at = new Date(text);
  if (!Number.isNaN(at.getTime())) return at.toISOString();
  throw new PersonError(`${option} is "${text}".`, "A date or an instant is allowed: 2026-11-01, 2026-11-01T12:00:00Z.", exitCodes.usage);
}

/** One folder, or one for each part of a period with more events than a bundle has. */
async function writeParts(operator: Operator, wanted: Wanted, out: string, witness: Witness | undefined): Promise<string[]> {
  const folders: string[] = [];
  let [rest, end]: [Wanted, string | undefined] = [wanted, "to" in wanted ? wanted.to : undefined];
  let part = rest;
  for (;;) {
    const answer = await asked(operator, part, witness);
    if ("to" in answer) {
      part = { from: (rest as { from: string }).from, to: answer.to };
      continue;
    }
    const whole = folders.length === 0 && part === wanted;
    const folder = whole ? out : join(out, `part-${folders.length + 1}`);
    await unpack(answer.body, folder);
    folders.push(folder);
    if (!("to" in part) || part.to === end) return folders;
    part = rest = { from: part.to, to: end as string };
    progress(`${folder} is written; the rest of the period follows ...`);
  }
}

/** The bundle, or up to where a first one would reach. */
async function asked(
  operator: Operator,
  wanted: Wanted,
  witness: Witness | undefined,
): Promise<{ readonly body: Readable } | { readonly to: string }> {
  const giveUpAt = Date.now() + patienceMs;
  for (;;) {
    const answer = await operator.ask("/v1/exports", { ...wanted, ...(witness && { watched: witness.note }) });
    if (answer.ok && answer.body) return { body: Readable.fromWeb(answer.body) };
    const { detail = `${answer.status}`, to } = JSON.parse(await answer.text()) as { detail?: string; to?: string };
    if (answer.status === 422 && to !== undefined) return { to };
    const again = answer.headers.get("retry-after");
    if (again === null || Date.now() > giveUpAt)
      throw new PersonError(`No evidence was handed out: ${detail}`, "Mend what it says and ask again.");
    progress(`${detail} Waiting ...`);
    await delay(Number(again) * 1000);
  }
}

/** The files of a bundle, and of nothing else, into a new folder. */
async function unpack(tar: Readable, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for await (const entry of tar.pipe(extract())) {
    const { name } = entry.header;
    if (!/^(notices\/)?[\w.-]+$/.test(name) || name.includes("..")) throw new Error(`a bundle has no file "${name}"`);
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), Buffer.concat(chunks), { flag: "wx" });
  }
}

async function keysOfRegion(name: string): Promise<{ readonly logKey: string; readonly monitorKeys: readonly string[] }> {
  const [region] = chosenStacks([name]) as [string];
  const ready = await requireReady();
  await using operator = await Operator.of(ready, region);
  const { verifierKey } = await keysOf(operator);
  const witness = await witnessOf(ready, verifierKey);
  return { logKey: verifierKey, monitorKeys: witness ? [witness.monitorKey] : [] };
}

async function keysOf(operator: Operator): Promise<Keys> {
  const answer = await operator.ask("/v1/log/key");
  if (!answer.ok) throw new PersonError(`The log's key was not shown: ${await answer.text()}`, "Ask again in a moment.");
  return (await answer.json()) as Keys;
}
