// A resource as a rule sees it, and the ways to read its properties when some of them are not known yet.

/** Stands for a value that only the deployment itself will tell (an id, an address). Present, but not readable. */
export const UNKNOWN: unique symbol = Symbol("known only after the deployment");

export type Value = null | boolean | number | string | typeof UNKNOWN | readonly Value[] | { readonly [key: string]: Value };
export type Properties = { readonly [key: string]: Value };

/** The provider instance that a resource is managed by. Absent for components: they create nothing themselves. */
export interface ProviderInstance {
  readonly type: string;
  readonly name: string;
  readonly urn: string;
  readonly props: Properties;
}

export interface Resource {
  readonly urn: string;
  /** `aws:s3/bucket:Bucket` */
  readonly type: string;
  readonly name: string;
  /** Resource rules see the inputs; stack rules see the outputs, which repeat the inputs. Secrets are unwrapped. */
  readonly props: Properties;
  /** Paths of the properties that are secret. Their values must not appear in a message. */
  readonly secrets: ReadonlySet<string>;
  readonly options: { readonly protect: boolean };
  /** URN of the component or resource that it is a child of; a stack's own has none. */
  readonly parent?: string;
  readonly provider?: ProviderInstance;
  /** Top-level property -> URNs of the resources its value comes from. The engine tells it to stack rules only. */
  readonly propertyDependencies?: Readonly<Record<string, readonly string[]>>;
}

/** One value and where it stands: `replicas[1].regionName`. */
export interface Located {
  readonly path: string;
  readonly value: Value;
}

const isRecord = (value: Value | undefined): value is { readonly [key: string]: Value } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Every value at a path such as `settings.replicas[*].location` or `ingress[0].cidrBlocks`; nothing where it is absent or null.
 * Where something on the way is unknown, that place is returned with `UNKNOWN`, for the value may be anything.
 */
export function select(props: Properties, path: string): Located[] {
  let found: Located[] = [{ path: "", value: props }];
  for (const step of path.replace(/\[(\*|\d+)\]/g, ".$1").split(".")) found = found.flatMap((place) => descend(place, step));
  return found;
}

function descend({ path, value }: Located, step: string): Located[] {
  if (value === UNKNOWN) return [{ path, value }];
  if (Array.isArray(value)) {
    return (value as readonly Value[])
      .map((item, index): Located => ({ path: `${path}[${index}]`, value: item }))
      .filter(({ value: item }, index) => item !== null && (step === "*" || step === String(index)));
  }
  // A map's every value, as a list's: `r2Buckets[*].jurisdiction`.
  if (step === "*" && isRecord(value)) return Object.keys(value).flatMap((key) => descend({ path, value }, key));
  const next = isRecord(value) ? value[step] : undefined;
  return next === undefined || next === null ? [] : [{ path: path === "" ? step : `${path}.${step}`, value: next }];
}

/** The one value at a path without `[*]`: `undefined` if absent, `UNKNOWN` if it or something on the way is unknown. */
export function read(props: Properties, path: string): Value | undefined {
  return select(props, path)[0]?.value;
}

/** Whether there is a value. Unknown counts as present: a key whose id is not known yet is still a key. */
export function isPresent(props: Properties, path: string): boolean {
  return select(props, path).length > 0;
}

/** A text, number or switch as a text; `""` for anything else, unknown included: `String` throws on what a list of unknowns is. */
export const textOf = (value: Value | undefined): string => (["string", "number", "boolean"].includes(typeof value) ? String(value) : "");

/** A number, also where it is written as a text, or as Google writes durations (`2592000s`). NaN for whatever else. */
export function numberOf(value: Value | undefined): number {
  if (typeof value === "string" && value.trim() !== "") return Number(value.replace(/s$/, ""));
  return typeof value === "number" ? value : Number.NaN;
}

/** A value as a finding may show it. Secrets and long texts are not shown. */
export function show(resource: Resource, { path, value }: Located): string {
  if ([...resource.secrets].some((secret) => path === secret || path.startsWith(`${secret}.`) || path.startsWith(`${secret}[`)))
    return "[secret]";
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}
