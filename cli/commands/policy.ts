// `./bailiwick policy`: reads the pack's rules, judges what already runs, and helps an existing estate to adopt the pack. Nothing is started.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parse } from "yaml";
import { type Audit, audit } from "../../policies/audit.ts";
import { type Adoption, baselineOf, renderEntries, withEntries } from "../../policies/baseline.ts";
import { catalogue, judgedByChange } from "../../policies/catalogue.ts";
import { type Context, contextOf } from "../../policies/context.ts";
import { controlsOf, controlsPage, renderControls } from "../../policies/controls.ts";
import { programOf } from "../../policies/example.ts";
import { loadExemptions, longestDays, withoutUse } from "../../policies/exemptions.ts";
import { loadKnowledge } from "../../policies/knowledge.ts";
import { clauses } from "../../policies/message.ts";
import { loadRegister } from "../../policies/register.ts";
import { loadResults, recordResult } from "../../policies/results.ts";
import type { Metadata, Rule } from "../../policies/rule.ts";
import { rules } from "../../policies/rules/index.ts";
import { exemptionsRule } from "../../policies/session.ts";
import { readState, type StackState } from "../../policies/state.ts";
import { exitCodes, PersonError } from "../errors.ts";
import { root } from "../paths.ts";
import { allStacks, committedConfig, projectName } from "../stacks.ts";
import { paint, print, say, table } from "../terminal.ts";

const policiesDir = join(root, "policies");
const exemptionsFile = join(policiesDir, "exemptions.yaml");
const topicOf = ({ id }: Metadata) => id.split("/")[0] ?? "";
const levelOf = ({ enforcement }: Metadata) => (enforcement === "mandatory" ? "mandatory" : "advisory");

/** @throws PersonError for a topic or framework that no rule has */
export async function list(options: { topic?: string; framework?: string; json?: boolean }): Promise<void> {
  const known = (what: string, name: string | undefined, all: readonly string[]) => {
    if (name === undefined || all.includes(name)) return;
    throw new PersonError(`No rule has the ${what} "${name}".`, `There are: ${all.join(", ")}.`, exitCodes.usage);
  };
  known("topic", options.topic, [...new Set(catalogue.map(topicOf))]);
  known("framework", options.framework, [...new Set(controlsOf(catalogue).map(({ framework }) => framework))]);
  const chosen = catalogue.filter((rule) => options.topic === undefined || topicOf(rule) === options.topic);
  const controls = controlsOf(chosen).filter(({ framework }) => framework === options.framework);
  const cited = new Set(controls.flatMap((control) => control.rules.map(({ id }) => id)));
  const listed = options.framework === undefined ? chosen : chosen.filter(({ id }) => cited.has(id));
  if (options.json) return print(JSON.stringify(listed.map(described), null, 2));
  if (options.framework === undefined)
    print(
      table(
        ["rule", "what it holds", "severity", "enforcement", "exemption", "corrects"],
        listed.map((rule) => [rule.id, rule.title, rule.severity, levelOf(rule), exemptionOf(rule), correctsOf(rule) ? "yes" : ""]),
      ),
    );
  else
    print(
      table(
        [options.framework, "rule", "what it holds"],
        controls.flatMap(({ clause, rules: its }) => its.map(({ id, title }, index) => [index === 0 ? clause : "", id, title])),
      ),
    );
  print(`(${listed.length} ${listed.length === 1 ? "rule" : "rules"}; ./bailiwick policy explain RULE tells more of one)`);
}

const exemptionOf = ({ neverExempt }: Metadata) => (neverExempt ? "never" : `${longestDays} days`);

const correctsOf = (rule: Metadata | Rule): boolean => "remediate" in rule;
const examplesOf = (rule: Metadata | Rule) =>
  "examples" in rule ? { passes: programOf(rule.examples.passes), fails: programOf(rule.examples.fails) } : undefined;

/** A rule as data: its metadata, and what it can do. */
const described = (rule: Metadata | Rule) => ({ ...rule, examples: examplesOf(rule), corrects: correctsOf(rule) });

/** @throws PersonError for a rule that is not there, naming those that are near */
export async function explain(id: string, options: { json?: boolean }): Promise<void> {
  const rule = catalogue.find((each) => each.id === id);
  if (!rule) {
    const near = catalogue.map((each) => each.id).filter((each) => each.includes(id.split("/").at(-1) ?? id));
    throw new PersonError(
      `There is no rule "${id}".`,
      near.length > 0 ? `There is ${near.join(", ")}.` : "./bailiwick policy list shows all of them.",
      exitCodes.usage,
    );
  }
  if (options.json) return print(JSON.stringify(described(rule), null, 2));
  const { title, why, remediation, severity, phase, enforcement, neverExempt } = rule;
  const examples = examplesOf(rule);
  const facts = [
    ["Why", why],
    ["Law", clauses(rule)],
    ["Remedy", remediation],
    ["Severity", `${severity}, ${enforcement === "mandatory" ? "mandatory" : `advisory: ${enforcement.advisory}`}, from phase ${phase}`],
    ["Corrects", correctsOf(rule) ? "where the stack's configuration has bailiwick:remediate: true" : "no: somebody has to decide"],
    [
      "Exempt",
      neverExempt
        ? "never"
        : `for at most ${longestDays} days, by an entry in policies/exemptions.yaml: the file says what it needs, and that another person approves`,
    ],
  ] as const;
  print(
    [
      paint("bold", `${rule.id}: ${title}`),
      "",
      ...facts.map(([label, text]) => `  ${`${label}:`.padEnd(10)}${text}`),
      ...(examples
        ? ["", "Passes:", "", indented(examples.passes), "", "Is refused:", "", indented(examples.fails)]
        : [`  ${"Judged:".padEnd(10)}by ${judgedByChange}`]),
    ].join("\n"),
  );
}

const indented = (text: string) => text.replace(/^/gm, "  ");

export interface StateOptions {
  readonly state: readonly string[];
  /** Configuration files of the stacks: `Pulumi.<stack>.yaml`; of one stack, any name. */
  readonly config?: readonly string[];
  readonly json?: boolean;
}

/** @throws PersonError with the code `refused` when what the states hold would not be deployed */
export function check({ record, ...options }: StateOptions & { record?: boolean }): void {
  const now = new Date();
  const { stacks, unused, refused } = judge(options, now);
  if (record) {
    for (const each of stacks) recordResult(each, [...rules.map(({ id }) => id)], dayOf(now));
    writeFileSync(controlsPage, renderControls(rules, loadResults()));
  }
  if (options.json)
    print(
      JSON.stringify(
        {
          refused,
          unused: unused.map(({ number }) => number),
          stacks: stacks.map((each) => ({ ...each, tally: Object.fromEntries(each.tally) })),
        },
        null,
        2,
      ),
    );
  else {
    for (const { stack, diagnostics } of stacks)
      for (const { message, rule } of diagnostics) print(`${stack}: ${message.includes(rule) ? message : `${rule}: ${message}`}\n`);
    for (const item of unused) print(`${exemptionsRule.id}: ${withoutUse(item)}\n`);
    print(summary(stacks));
  }
  if (refused)
    throw new PersonError(
      "The policy pack would refuse what these states hold.",
      "Mend what is said above. An estate that adopts the pack begins with ./bailiwick policy baseline.",
      exitCodes.refused,
    );
}

function summary(stacks: Audit["stacks"]): string {
  const sum = (each: Audit["stacks"][number], what: "violations" | "undecided" | "exempted") =>
    [...each.tally.values()].reduce((total, tally) => total + tally[what], 0);
  return table(
    ["stack", "resources", "rules that judged", "broken", "undecided", "exempted"],
    stacks.map((each) => [
      each.stack,
      each.resources,
      `${each.tally.size} of ${rules.length}`,
      sum(each, "violations"),
      sum(each, "undecided"),
      sum(each, "exempted"),
    ]),
  );
}

export interface BaselineOptions extends StateOptions {
  readonly owner: string;
  readonly approver: string;
  readonly ticket: string;
  readonly days: number;
  /** Adds the entries to policies/exemptions.yaml instead of printing them. */
  readonly write?: boolean;
}

/** @throws PersonError with the code `refused` when something is broken that no exemption may cover */
export function baseline({ owner, approver, ticket, days, write, ...options }: BaselineOptions): void {
  if (owner.toLowerCase() === approver.toLowerCase())
    throw new PersonError(`Owner and approver are both ${owner}.`, "Another person must approve.", exitCodes.usage);
  const now = new Date();
  const adoption: Adoption = { owner, approver, ticket, today: dayOf(now), expires: dayOf(now, days) };
  const { entries, mend, undecided } = baselineOf(judge(options, now), rules, adoption);
  const file = withEntries(readFileSync(exemptionsFile, "utf8"), entries);
  // Nothing is written that a deployment would not read.
  person(() => loadExemptions(policiesDir, catalogue, now, file));
  if (options.json) print(JSON.stringify({ entries, mend, undecided }, null, 2));
  else if (write && entries.length > 0) writeFileSync(exemptionsFile, file);
  else if (entries.length > 0) print(renderEntries(entries).trimEnd());
  const where = write ? ` in ${exemptionsFile}` : "";
  say(
    entries.length === 0
      ? "Nothing is broken that an exemption could cover."
      : `${entries.length} ${entries.length === 1 ? "exemption" : "exemptions"} until ${adoption.expires}${where}.`,
  );
  for (const { message } of undecided) say(`\nNot exempted, for the state does not tell:\n${message}`);
  if (mend.length === 0) return;
  for (const { message } of mend) say(`\nMust be mended, no exemption is allowed:\n${message}`);
  throw new PersonError(
    `${mend.length} ${mend.length === 1 ? "finding is" : "findings are"} of rules that allow no exemption.`,
    "Mend what is said above, then the pack can be adopted.",
    exitCodes.refused,
  );
}

/** `YYYY-MM-DD` in UTC. */
const dayOf = (now: Date, later = 0) => new Date(now.getTime() + later * 86_400_000).toISOString().slice(0, 10);

/** Reads and judges. @throws PersonError for a file that cannot be used */
function judge({ state, config: files = [] }: StateOptions, now: Date): Audit {
  const states = state.map((file) => person(() => readState(file, readFileSync(file, "utf8"))));
  const names = states.map(({ stack }) => stack);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice) throw new PersonError(`The stack "${twice}" was given twice.`, "Give one state of each stack.", exitCodes.usage);
  const [register, exemptions, known] = person(() => [
    loadRegister(policiesDir),
    loadExemptions(policiesDir, catalogue, now),
    loadKnowledge(policiesDir, now),
  ]);
  const contexts = new Map(
    states.map((each) => {
      const config = configOf(each, files, states.length === 1);
      return [each.stack, person(() => contextOf({ stack: each.stack, config }, register, known))];
    }),
  );
  const own = states.every(({ project }) => project === projectName);
  return audit(states, {
    rules,
    exemptions,
    contextOf: (stack) => contexts.get(stack) as Context,
    // Of other projects nobody here knows how many stacks there are.
    complete: own && allStacks().every((stack) => names.includes(stack)),
  });
}

/** The stack's configuration: from the file of its name, from the only one given, or from what this project has committed. */
function configOf({ stack, project }: StackState, files: readonly string[], only: boolean): Record<string, string> {
  const named = files.find((file) => basename(file) === `Pulumi.${stack}.yaml`) ?? (only ? files[0] : undefined);
  const committed = project === projectName && existsSync(committedConfig(stack)) ? committedConfig(stack) : undefined;
  const file = named ?? committed;
  if (file === undefined) return {};
  const { config = {} } = (person(() => parse(readFileSync(file, "utf8"))) as { config?: Record<string, unknown> } | null) ?? {};
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]));
}

/** What is wrong with a person's file is no bug. */
function person<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new PersonError(
      error instanceof Error ? error.message : String(error),
      "Mend the file. A state is made by: pulumi stack export -s STACK --file FILE.",
      exitCodes.usage,
    );
  }
}
