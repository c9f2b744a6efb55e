// Golden plans: what a stack makes, with only the properties that a reader cares about. See README.md in this folder.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Document, isCollection, isMap, parseDocument } from "yaml";
import type { PlannedResource } from "./plan.ts";

/** Set it to `update`, and golden plans are written instead of compared. */
const variable = "BAILIWICK_GOLDEN";

type Tree = Readonly<Record<string, unknown>>;

const isTree = (value: unknown): value is Tree => typeof value === "object" && value !== null && !Array.isArray(value);

/** The part of a value that a shape names: the same keys, the same depth; of a list every element, each by the shape's at its place. */
function projected(value: unknown, shape: unknown): unknown {
  if (isTree(shape) && isTree(value)) return Object.fromEntries(Object.keys(shape).map((key) => [key, projected(value[key], shape[key])]));
  if (Array.isArray(shape) && shape.length > 0 && Array.isArray(value))
    return value.map((element, i) => projected(element, shape[Math.min(i, shape.length - 1)]));
  return value;
}

/** What changes from build to build and from machine to machine, in words that stay. */
export interface Names {
  /** Digest of a release to its artifact's name. */
  readonly releases: ReadonlyMap<string, string>;
  /** The work tree. */
  readonly folder: string;
}

function settled(resources: readonly PlannedResource[], { releases, folder }: Names): PlannedResource[] {
  let text = JSON.stringify(resources)
    .replaceAll(folder, "(work tree)")
    .replaceAll(/\bservice-\d+@/g, "service-(project number)@");
  for (const [digest, name] of releases) {
    const hex = digest.replace("sha256:", "");
    text = text
      .replaceAll(hex, `(digest of ${name})`)
      .replaceAll(hex.slice(0, 16), `(release of ${name})`)
      .replaceAll(hex.slice(0, 12), `(release of ${name})`);
  }
  return JSON.parse(text) as PlannedResource[];
}

/** The stack itself, what it only reads and the engine's own provider are of no interest to a reader. */
const ownMaking = ({ type, external }: PlannedResource) =>
  !external && type !== "pulumi:pulumi:Stack" && type !== "pulumi:providers:pulumi";

function entry({ type, protect, retainOnDelete, inputs }: PlannedResource, shape: unknown): Tree {
  const wanted = isTree(shape) && isTree(shape.inputs) ? { inputs: projected(inputs, shape.inputs) } : {};
  return { type, ...(protect ? { protect } : {}), ...(retainOnDelete ? { retainOnDelete } : {}), ...wanted };
}

/**
 * Compares a plan with `golden/<stack>.yaml`, or, when asked to, writes the plan into it: the properties that the file names get their
 * new values, resources come and go, comments stay.
 * @returns both sides, and a sentence on how to regenerate; equal when nothing that a reader cares about is different
 */
export function golden(stack: string, resources: readonly PlannedResource[], names: Names): { plan: Tree; golden: Tree; hint: string } {
  const file = join(import.meta.dirname, "golden", `${stack}.yaml`);
  const document = parseDocument(readFileSync(file, "utf8"));
  const before = (document.toJS() ?? {}) as Tree;
  const plan: Record<string, Tree> = {};
  for (const each of settled(resources.filter(ownMaking), names)) {
    if (each.name in plan) throw new Error(`two resources of "${stack}" are called "${each.name}": a reader could not tell them apart`);
    plan[each.name] = entry(each, before[each.name]);
  }
  if (process.env[variable] === "update") {
    write(document, plan);
    writeFileSync(file, document.toString({ lineWidth: 0 }));
    return { plan, golden: document.toJS() as Tree, hint: "" };
  }
  const hint = `The plan of "${stack}" is not test/plan/golden/${stack}.yaml. If that is meant: ${variable}=update ./bailiwick test plan, then read the diff.`;
  return { plan, golden: before, hint };
}

function write(document: Document, plan: Tree): void {
  const before = (document.toJS() ?? {}) as Tree;
  for (const name of Object.keys(before)) if (!(name in plan)) document.delete(name);
  merge(document, [], plan);
  if (isMap(document.contents)) document.contents.items.sort((a, b) => String(a.key).localeCompare(String(b.key)));
}

/** Sets what is different only, so that comments beside what stays are kept. */
function merge(document: Document, path: readonly string[], value: unknown): void {
  const now = path.length === 0 ? document.contents : document.getIn(path);
  if (isTree(value) && (isCollection(now) || path.length === 0)) {
    const known = ((path.length === 0 ? document.toJS() : JSON.parse(JSON.stringify(now))) ?? {}) as Tree;
    for (const key of Object.keys(known)) if (path.length > 0 && !(key in value)) document.deleteIn([...path, key]);
    for (const [key, inner] of Object.entries(value)) merge(document, [...path, key], inner);
    return;
  }
  const same = JSON.stringify(isCollection(now) ? now.toJSON() : now) === JSON.stringify(value);
  if (!same) document.setIn(path, document.createNode(value));
}
