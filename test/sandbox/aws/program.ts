// A program's resources on a cloud's definitions, without an engine between: refusals, defaults, create, keep.
import { randomBytes } from "node:crypto";
import type { Context, Properties, ResourceDefinition, Stored } from "../../../sandbox/engine/definition.ts";
import type { Store } from "../../../sandbox/engine/store.ts";

export class Program {
  readonly #config: Properties;
  #definitions: readonly ResourceDefinition[] = [];
  #store!: Store;

  /** @param config of the provider */
  constructor(config: Properties) {
    this.#config = config;
  }

  deploysTo(store: Store, definitions: readonly ResourceDefinition[]): void {
    this.#store = store;
    this.#definitions = definitions;
  }

  /** @param token its last part or parts: `Bucket`, `storage/bucket:Bucket` */
  definition(token: string): ResourceDefinition {
    const definition = this.#definitions.find((each) => each.token === token || new RegExp(`[:/]${token}$`).test(each.token));
    if (!definition) throw new Error(`no such type: ${token}`);
    return definition;
  }

  context(urn = "urn:pulumi:test::test::x::x"): Context {
    return { config: this.#config, store: this.#store, urn };
  }

  async create(token: string, inputs: Properties): Promise<Stored> {
    const definition = this.definition(token);
    const context = this.context(`urn:pulumi:test::test::${definition.token}::${randomBytes(4).toString("hex")}`);
    this.#check(definition, inputs, context);
    const full = { ...definition.defaults?.(inputs, context), ...inputs };
    const { id, outputs } = await definition.create(context, full);
    return this.#keep({ token: definition.token, id, urn: context.urn, inputs: full, state: { ...full, ...outputs } });
  }

  async update(stored: Stored, change: Properties): Promise<Stored> {
    const definition = this.definition(stored.token);
    const context = this.context(stored.urn);
    const inputs = { ...stored.inputs, ...change };
    this.#check(definition, inputs, context);
    const outputs = await definition.update?.(context, stored, inputs);
    return this.#keep({ ...stored, inputs, state: { ...stored.state, ...inputs, ...outputs } });
  }

  async delete(stored: Stored): Promise<void> {
    await this.definition(stored.token).delete?.(this.context(stored.urn), stored);
    this.#store.remove(stored.token, stored.id);
  }

  #check(definition: ResourceDefinition, inputs: Properties, context: Context): void {
    const refused = definition.refuse?.(inputs, context) ?? [];
    if (refused.length > 0) throw new Error(refused.map(({ property, reason }) => `${property}: ${reason}`).join("\n"));
  }

  #keep(stored: Stored): Stored {
    this.#store.put(stored);
    return stored;
  }
}
