// What changed between the inputs that a resource was made with and those that a program now gives, and what that change costs.
import { type Properties, UNKNOWN, type Value } from "./definition.ts";
import { covers, formatPath, matches, type Path, reachesInto } from "./property-path.ts";
import { isRecord, signatureOf } from "./wire.ts";

export interface Change {
  /** Pulumi's spelling of the path: `template.containers[0].image`. */
  readonly path: string;
  readonly kind: "add" | "delete" | "update";
  readonly replaces: boolean;
}

export interface Rules {
  /** Globs of the inputs whose change replaces; "all" where the type cannot be changed in place. */
  readonly replaceOn: readonly string[] | "all";
  /** Globs of the lists that are sets. */
  readonly unordered: readonly string[];
}

/** Every changed leaf. Absent, null and the empty list are the same; so are two orders of an unordered list. */
export function diffInputs(olds: Properties, news: Properties, rules: Rules): Change[] {
  const changes: Change[] = [];
  walk(olds, news, []);
  return changes;

  function walk(old: Value | undefined, now: Value | undefined, path: Path): void {
    if (isAbsent(old) && isAbsent(now)) return;
    if (Array.isArray(old) && Array.isArray(now)) {
      if (rules.unordered.some((glob) => matches(glob, path)) && sameElements(old, now)) return;
      for (let at = 0; at < Math.max(old.length, now.length); at++) walk(old[at], now[at], [...path, at]);
    } else if (isBranch(old) || isBranch(now)) {
      // One side may be missing: its members then count as added or deleted one by one, so that a glob can name them.
      const before = isBranch(old) ? old : undefined;
      const after = isBranch(now) ? now : undefined;
      const names = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})]);
      const changedForm = (!before && !isAbsent(old)) || (!after && !isAbsent(now));
      const emptyCameOrWent = names.size === 0 && !(before && after);
      if (changedForm || emptyCameOrWent) record(old, now, path);
      else for (const name of names) walk(before?.[name], after?.[name], [...path, name]);
    } else if (JSON.stringify(old) !== JSON.stringify(now)) {
      record(old, now, path);
    }
  }

  function record(old: Value | undefined, now: Value | undefined, path: Path): void {
    const kind = isAbsent(old) ? "add" : isAbsent(now) ? "delete" : "update";
    // An unknown value, or one that changed its form, may change whatever is inside of it.
    const whole = now === UNKNOWN || isBranch(old) || isBranch(now) || Array.isArray(old) || Array.isArray(now);
    const replaces = rules.replaceOn === "all" || rules.replaceOn.some((glob) => covers(glob, path) || (whole && reachesInto(glob, path)));
    changes.push({ path: formatPath(path), kind, replaces });
  }
}

function isAbsent(value: Value | undefined): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}

/** An object of members; an asset or archive is one value. */
function isBranch(value: Value | undefined): value is { [key: string]: Value } {
  return isRecord(value) && signatureOf(value) === undefined;
}

function sameElements(a: readonly Value[], b: readonly Value[]): boolean {
  const spell = (list: readonly Value[]) => list.map((element) => canonical(element)).sort();
  return JSON.stringify(spell(a)) === JSON.stringify(spell(b));
}

function canonical(value: Value): string {
  return JSON.stringify(value, (_key, inner: Value) =>
    isRecord(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );
}
