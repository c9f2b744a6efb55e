// Data that would leave the jurisdiction is refused by a real preview, by exactly the rule that a person would expect, and by no other.
import { appendFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Platform } from "../platform.ts";
import { ruleIds } from "../policies/rule-ids.ts";
import { additions, isAt, mutations, registered, wrapper } from "./mutations.ts";
import { planOf } from "./plan.ts";

interface Previewed {
  readonly stacks: readonly {
    readonly findings: readonly { rule: string; urn: string; message: string }[];
    readonly errors: readonly string[];
  }[];
}

let platform: Platform;
let code: number;
let previewed: Previewed;
/** Name and type of everything that the mutated program makes. */
let made: readonly { readonly name: string; readonly type: string }[];

beforeAll(async () => {
  platform = await Platform.built();
  await platform.succeed("up", "global");
  const stacks = join(platform.dir, "stacks");
  renameSync(join(stacks, "index.ts"), join(stacks, "program.ts"));
  writeFileSync(join(stacks, "index.ts"), wrapper);
  appendFileSync(join(platform.dir, "policies/register.yaml"), registered);
  const { stdout, code: ended } = await platform.bailiwick(["preview", "eu", "--json"]);
  code = ended;
  previewed = JSON.parse(stdout) as Previewed;
  made = planOf(platform, "eu");
});

afterAll(() => platform[Symbol.asyncDispose]());

const nameOf = (urn: string) => urn.slice(urn.lastIndexOf("::") + 2);

it("every mutation is of something that the program makes, and each of something else", () => {
  for (const mutation of mutations) expect(made.filter(({ name, type }) => isAt(mutation, name, type)).length, mutation.at).toBe(1);
  const places = [...mutations.map(({ at, type = "" }) => `${at} ${type}`), ...additions.map(({ name }) => name)];
  expect(new Set(places).size).toBe(places.length);
});

it("there is one for every rule on residency", () => {
  const tried = new Set([...mutations, ...additions].map(({ rule }) => rule));
  expect(ruleIds.residency.map((name) => `residency/${name}`).filter((id) => !tried.has(id))).toEqual([]);
});

it("each is refused by its rule and by no other, and nothing else is refused", () => {
  const expected = [
    ...mutations.map((mutation) => {
      const at = made.find(({ name, type }) => isAt(mutation, name, type))?.name;
      return `${mutation.rule} at ${mutation.found ?? at}`;
    }),
    ...additions.map(({ rule, name }) => `${rule} at ${name}`),
  ];
  const found = previewed.stacks.flatMap(({ findings }) => findings.map(({ rule, urn }) => `${rule} at ${nameOf(urn)}`));
  expect(found.sort()).toEqual(expected.sort());
  expect(previewed.stacks.flatMap(({ errors }) => errors)).toEqual([]);
  expect(code).toBe(2);
});
