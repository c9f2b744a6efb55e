// Paths into properties, in Pulumi's spelling: `template.containers[0].env`, `labels["data-class"]`; and globs over them.

export type Segment = string | number;
export type Path = readonly Segment[];

export function formatPath(path: Path): string {
  return path.reduce<string>((text, segment) => {
    if (typeof segment === "number") return `${text}[${segment}]`;
    if (!/^[A-Za-z_$][\w$]*$/.test(segment)) return `${text}[${JSON.stringify(segment)}]`;
    return text === "" ? segment : `${text}.${segment}`;
  }, "");
}

/** `versions[*].id` -> ["versions", "*", "id"]; a `*` stands for any one key or index. */
export function parseGlob(glob: string): string[] {
  return [...glob.matchAll(/\["([^"]*)"\]|\[([^\]]*)\]|([^.[\]]+)/g)].map((match) => (match[1] ?? match[2] ?? match[3]) as string);
}

function agrees(pattern: readonly string[], path: Path, length: number): boolean {
  for (let at = 0; at < length; at++) if (pattern[at] !== "*" && pattern[at] !== String(path[at])) return false;
  return true;
}

/** Whether the glob names exactly this path. */
export function matches(glob: string, path: Path): boolean {
  const pattern = parseGlob(glob);
  return pattern.length === path.length && agrees(pattern, path, path.length);
}

/** Whether the glob names this path or something that contains it. */
export function covers(glob: string, path: Path): boolean {
  const pattern = parseGlob(glob);
  return pattern.length <= path.length && agrees(pattern, path, pattern.length);
}

/** Whether the glob names something inside of what is at this path. */
export function reachesInto(glob: string, path: Path): boolean {
  const pattern = parseGlob(glob);
  return pattern.length > path.length && agrees(pattern, path, path.length);
}
