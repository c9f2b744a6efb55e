// A stack as `pulumi stack export` writes it, turned into what rules judge: the inputs of each resource, and the outputs of all.
// As the engine does it with a snapshot (pkg/resource/deploy/analyze_snapshot.go, v3.259).
import * as z from "zod";
import { stackOf } from "./glob.ts";
import type { ProviderInstance, Resource } from "./resource.ts";
import { decode } from "./wire.ts";

const properties = z.record(z.string(), z.unknown());
const resource = z.object({
  urn: z.string().startsWith("urn:pulumi:"),
  type: z.string(),
  id: z.string().optional(),
  inputs: properties.default({}),
  outputs: properties.default({}),
  parent: z.string().optional(),
  /** URN and id of its provider, with `::` between. */
  provider: z.string().optional(),
  protect: z.boolean().default(false),
  /** Waits to be deleted after a replacement. */
  delete: z.boolean().default(false),
  /** Read, not managed. */
  external: z.boolean().default(false),
  propertyDependencies: z.record(z.string(), z.array(z.string()).nullable()).default({}),
});
/** A resource as Pulumi's state holds it, as far as it is read here. */
export type ResourceState = Readonly<z.input<typeof resource>>;

const exported = z.object({ deployment: z.object({ resources: z.array(resource).min(1, "holds no resource") }) });

export interface StackState {
  readonly stack: string;
  readonly project: string;
  /** As each resource was asked for; what is only read is not judged. */
  readonly inputs: readonly Resource[];
  /** As they became, with what is only read. */
  readonly outputs: readonly Resource[];
}

/**
 * @param name how the person named the file
 * @throws Error saying what is wrong with it and how to make one
 */
export function readState(name: string, text: string): StackState {
  const refuse = (problem: string): never => {
    throw new Error(`${name} is no exported state: ${problem}`);
  };
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    return refuse((error as Error).message);
  }
  const result = exported.safeParse(content);
  if (!result.success) {
    const [{ path, message } = { path: [], message: "" }] = result.error.issues;
    return refuse(`${path.join(".") || "the file"}: ${message}`);
  }
  const { resources } = result.data.deployment;
  const stacks = [...new Set(resources.map(({ urn }) => `${stackOf(urn)} of ${projectOf(urn)}`))];
  if (stacks.length > 1) return refuse(`it holds resources of ${stacks.join(" and ")}`);
  const urn = resources[0]?.urn ?? "";
  const live = resources.filter((item) => !item.delete);
  const providers = new Map(live.filter(({ type }) => type.startsWith("pulumi:providers:")).map((item) => [item.urn, providerOf(item)]));
  const read = (item: State, from: "inputs" | "outputs") => resourceOf(item, decode(item[from]), providers);
  return {
    stack: stackOf(urn) ?? "",
    project: projectOf(urn),
    inputs: live.filter(({ external }) => !external).map((item) => read(item, "inputs")),
    outputs: live.map((item) => read(item, "outputs")),
  };
}

type State = z.infer<typeof resource>;

const projectOf = (urn: string): string => urn.split("::")[1] ?? "";
const nameOf = (urn: string): string => urn.slice(urn.lastIndexOf("::") + 2);

const providerOf = ({ urn, type, inputs }: State): ProviderInstance => ({ type, name: nameOf(urn), urn, props: decode(inputs).props });

function resourceOf(
  item: State,
  { props, secrets }: ReturnType<typeof decode>,
  providers: ReadonlyMap<string, ProviderInstance>,
): Resource {
  const reference = item.provider ?? "";
  const provider = providers.get(reference.slice(0, reference.lastIndexOf("::")));
  const dependencies = Object.entries(item.propertyDependencies).map(([property, urns]) => [property, urns ?? []] as const);
  return {
    urn: item.urn,
    type: item.type,
    name: nameOf(item.urn),
    props,
    secrets,
    options: { protect: item.protect },
    propertyDependencies: Object.fromEntries(dependencies),
    ...(item.parent ? { parent: item.parent } : {}),
    ...(provider ? { provider } : {}),
  };
}
