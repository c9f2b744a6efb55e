// What a provider does, apart from how it is asked: one generic provider over a table of resource definitions and an SDK's declarations.
import { autoname, NameTooLong } from "./autoname.ts";
import { checkInputs } from "./check.ts";
import {
  CloudError,
  type Context,
  type Failure,
  type FunctionDefinition,
  PartialFailure,
  type Properties,
  type ResourceDefinition,
  type Stored,
  UNKNOWN,
} from "./definition.ts";
import { type Change, diffInputs } from "./diff.ts";
import { nearest } from "./nearest.ts";
import type { ResourceSchema, Sdk } from "./schema.ts";
import type { Store } from "./store.ts";
import { addMissing, carryOver, outputsOfCreate } from "./unknowns.ts";
import { unwrap, type WireProperties } from "./wire.ts";

export interface ProviderOptions {
  readonly resources: readonly ResourceDefinition[];
  readonly functions: readonly FunctionDefinition[];
  readonly store: Store;
  /** The declarations of the SDK that programs use. */
  readonly sdk: Sdk;
  readonly log: (message: string) => void;
}

/** A resource as Pulumi's state holds it. */
export interface Known {
  readonly id: string;
  readonly urn: string;
  readonly inputs: Properties;
  readonly state: Properties;
}

export interface Provider {
  readonly sdk: Sdk;
  readonly log: (message: string) => void;
  /** Checks and parses the configuration of a provider instance, whose values arrive as text. */
  checkConfig(config: WireProperties): Failure[];
  parseConfig(config: Properties): Properties;
  /** One configured instance; Pulumi makes one for each provider resource of each operation. @param programDir asked at each call */
  session(config: Properties, programDir?: () => string | undefined): Session;
}

export function createProvider(options: ProviderOptions): Provider {
  const { sdk, log } = options;
  const configToken = `pulumi:providers:${sdk.name}`;
  const definitions = new Map(options.resources.map((definition) => [definition.token, definition]));
  const functions = new Map(options.functions.map((definition) => [definition.token, definition]));

  function parseConfig(config: Properties): Properties {
    const schema = sdk.resource(configToken)?.inputs ?? {};
    const parsed = Object.entries(config).map(([name, value]) => {
      const isText = schema[name]?.shape.kind === "string" || typeof value !== "string";
      return [name, isText ? value : parseJson(value)];
    });
    return Object.fromEntries(parsed) as Properties;
  }

  return {
    sdk,
    log,
    parseConfig,
    checkConfig({ version, pluginDownloadURL, ...config }) {
      // The engine adds these two of its own to what the program gives.
      return checkInputs(sdk, sdk.resource(configToken)?.inputs ?? {}, parseConfig(config));
    },
    session: (config, programDir) => new Session(options, definitions, functions, config, programDir),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Every operation takes and returns plain properties; only `check` sees which of them are secret, so as never to print one. */
export class Session {
  readonly #options: ProviderOptions;
  readonly #definitions: ReadonlyMap<string, ResourceDefinition>;
  readonly #functions: ReadonlyMap<string, FunctionDefinition>;
  readonly #config: Properties;
  readonly #programDir: () => string | undefined;
  /** The ids that Pulumi has named, by URN: of those it knows. */
  readonly #known = new Map<string, Set<string>>();

  constructor(
    options: ProviderOptions,
    definitions: ReadonlyMap<string, ResourceDefinition>,
    functions: ReadonlyMap<string, FunctionDefinition>,
    config: Properties,
    programDir: () => string | undefined = () => undefined,
  ) {
    this.#options = options;
    this.#definitions = definitions;
    this.#functions = functions;
    this.#config = config;
    this.#programDir = programDir;
  }

  check(token: string, urn: string, news: WireProperties, naming: { name: string; seed: Uint8Array; olds: Properties }) {
    const schema = this.#schema(token);
    const failures = checkInputs(this.#options.sdk, schema.inputs, news);
    const definition = this.#definitions.get(token);
    const inputs = unwrap(news);
    if (failures.length > 0 || !definition) return { inputs, failures };

    const context = this.#context(urn);
    if (definition.autoname) {
      const { property } = definition.autoname;
      try {
        const name = autoname(definition.autoname, inputs, { ...naming, urn });
        if (name !== undefined) inputs[property] = name;
      } catch (error) {
        if (!(error instanceof NameTooLong)) throw error;
        return {
          inputs,
          failures: [{ property, reason: `${error.message}: give the resource a shorter name, or \`${property}\` itself` }],
        };
      }
    }
    const complete = addMissing(inputs, definition.defaults?.(inputs, context) ?? {});
    return { inputs: complete, failures: [...(definition.refuse?.(complete, context) ?? [])] };
  }

  diff(token: string, known: Known, news: Properties): { changes: Change[]; deleteBeforeReplace: boolean } {
    this.#remember(known);
    const definition = this.#definitions.get(token);
    const changes = diffInputs(known.inputs, news, {
      replaceOn: definition && !definition.update ? "all" : (definition?.replaceOn ?? []),
      unordered: definition?.unordered ?? [],
    });
    return { changes, deleteBeforeReplace: definition?.deleteBeforeReplace ?? false };
  }

  previewCreate(token: string, inputs: Properties): Properties {
    return outputsOfCreate(this.#options.sdk, this.#schema(token), inputs);
  }

  /** @throws PartialFailure when it exists but is not well; CloudError when the cloud refuses. */
  async create(token: string, urn: string, inputs: Properties): Promise<{ id: string; state: Properties }> {
    const definition = this.#definition(token);
    const orphan = this.#orphan(token, urn);
    try {
      const created = await definition.create({ ...this.#context(urn), ...(orphan && { orphan }) }, inputs);
      return this.#keep(token, urn, inputs, created.id, { ...inputs, ...created.outputs });
    } catch (error) {
      if (error instanceof PartialFailure) {
        this.#keep(token, urn, inputs, error.created.id, { ...inputs, ...error.created.outputs });
      }
      throw error;
    }
  }

  previewUpdate(token: string, known: Known, inputs: Properties): Properties {
    const state = carryOver(known, inputs);
    for (const name of this.#definitions.get(token)?.recomputed ?? []) if (!(name in inputs)) state[name] = UNKNOWN;
    return state;
  }

  /** @throws PartialFailure, CloudError as `create` */
  async update(token: string, known: Known, inputs: Properties): Promise<Properties> {
    const definition = this.#definition(token);
    const old = this.#options.store.get(token, known.id);
    if (!old) {
      throw new CloudError("NotFound", `${token} "${known.id}" does not exist any more. Run \`pulumi refresh\`, then update again.`);
    }
    if (!definition.update) {
      throw new CloudError(
        "NotSupported",
        `${token} "${known.id}" cannot be changed in place. Replace it: \`pulumi up --target-replace '${known.urn}'\`.`,
      );
    }
    const carried = carryOver(old, inputs);
    try {
      const outputs = await definition.update(this.#context(known.urn), old, inputs);
      return this.#keep(token, known.urn, inputs, known.id, { ...carried, ...outputs }).state;
    } catch (error) {
      if (error instanceof PartialFailure) this.#keep(token, known.urn, inputs, known.id, { ...carried, ...error.created.outputs });
      throw error;
    }
  }

  /** The present inputs and state, or undefined when it is gone. For an id that Pulumi has no state of, this is an import. */
  async read(token: string, known: Known): Promise<{ inputs: Properties; state: Properties } | undefined> {
    this.#remember(known);
    const definition = this.#definitions.get(token);
    const context = this.#context(known.urn);
    const stored = this.#options.store.get(token, known.id);
    if (!stored) {
      const found = await definition?.import?.(context, known.id);
      if (!found) return undefined;
      const state = { ...found.inputs, ...found.outputs };
      this.#keep(token, known.urn, found.inputs, known.id, state);
      return { inputs: found.inputs, state };
    }
    if (!definition?.read) return { inputs: stored.inputs, state: stored.state };
    const present = await definition.read(context, stored);
    if (!present) {
      this.#options.store.remove(token, known.id);
      return undefined;
    }
    const state = { ...stored.state, ...present };
    const inputs = driftedInputs(this.#options.sdk.resource(token), stored, state);
    this.#options.store.put({ ...stored, inputs, state });
    return { inputs, state };
  }

  /** @throws CloudError when the cloud refuses. What is gone already is no error. */
  async delete(token: string, known: Known): Promise<void> {
    const stored = this.#options.store.get(token, known.id);
    if (!stored) return;
    await this.#definitions.get(token)?.delete?.(this.#context(known.urn), stored);
    this.#options.store.remove(token, known.id);
  }

  /** @throws CloudError when the cloud has no such function */
  async invoke(token: string, args: Properties): Promise<Properties> {
    const definition = this.#functions.get(token);
    if (!definition) {
      const near = nearest(token, [...this.#functions.keys()]);
      throw new CloudError(
        "NotImplemented",
        `this cloud has no function ${token}. ${near ? `Did you mean ${near}?` : "Add a definition for it, or deploy to the real cloud."}`,
      );
    }
    return definition.call(this.#context(""), args);
  }

  /** At the end of an operation: what Pulumi knows may be otherwise in the next one. */
  forget(): void {
    this.#known.clear();
  }

  #keep(token: string, urn: string, inputs: Properties, id: string, state: Properties): { id: string; state: Properties } {
    this.#options.store.put({ token, id, urn, inputs, state });
    this.#remember({ id, urn });
    return { id, state };
  }

  #remember(known: { id: string; urn: string }): void {
    const ids = this.#known.get(known.urn) ?? new Set();
    this.#known.set(known.urn, ids.add(known.id));
  }

  /** A resource of this URN that the store holds and Pulumi has not spoken of: its creation was interrupted. */
  #orphan(token: string, urn: string): Stored | undefined {
    const known = this.#known.get(urn);
    return this.#options.store.ofUrn(urn).findLast((stored) => stored.token === token && !known?.has(stored.id));
  }

  #context(urn: string): Context {
    const programDir = this.#programDir();
    return { config: this.#config, store: this.#options.store, urn, ...(programDir !== undefined && { programDir }) };
  }

  #schema(token: string): ResourceSchema {
    const { sdk } = this.#options;
    const schema = sdk.resource(token);
    if (schema) return schema;
    throw new CloudError("UnknownType", `@pulumi/${sdk.name} ${sdk.version} has no resource type ${token}.`);
  }

  #definition(token: string): ResourceDefinition {
    const definition = this.#definitions.get(token);
    if (definition) return definition;
    throw new CloudError(
      "NotImplemented",
      `${token} cannot be created in this embedded cloud: its schema is known, so it can be previewed, but nothing stands behind it. ` +
        "Add a resource definition for it, or deploy this stack to the real cloud.",
    );
  }
}

/** Inputs as they are now: those that were given, and those that someone set from outside. */
function driftedInputs(schema: ResourceSchema | undefined, stored: Stored, state: Properties): Properties {
  const inputs: Properties = {};
  for (const [name, value] of Object.entries(state)) {
    const changed = JSON.stringify(value) !== JSON.stringify(stored.state[name]);
    const isInput = name in stored.inputs || (changed && name in (schema?.inputs ?? {}));
    if (isInput) inputs[name] = changed ? value : (stored.inputs[name] ?? value);
  }
  return inputs;
}
