// WorkersScript: the all-in-one upload that deploys at 100 % at once, the way of Workers that own Durable Object classes.
import { CloudError, type Context, type Properties, type ResourceDefinition } from "../../engine/definition.ts";
import { recorded } from "../../engine/recorded.ts";
import type { Binding, Versions } from "./versions.ts";
import { now, readUpload, refuseWhileInUse, sha256 } from "./worker.ts";

const SCRIPT = "cloudflare:index/workersScript:WorkersScript";

interface Migrations {
  readonly newTag?: string;
  readonly oldTag?: string;
  readonly newSqliteClasses?: readonly string[];
  readonly newClasses?: readonly string[];
  readonly deletedClasses?: readonly string[];
}

/** Applies a migration to the classes a script owns (developers.cloudflare.com/durable-objects/reference/durable-objects-migrations). */
export function migrate(owned: { tag: string; names: readonly string[] }, migrations: Migrations | undefined) {
  if (!migrations) return owned;
  if ((migrations.oldTag ?? "") !== owned.tag)
    throw new CloudError(
      "10079",
      `Migration tag precondition failed; expected tag '${migrations.oldTag ?? ""}', but got '${owned.tag}'. Set oldTag to what is applied, and leave out the classes that exist.`,
    );
  if (migrations.newClasses?.length)
    throw new CloudError("10099", `New key-value classes cannot be created (${migrations.newClasses.join(", ")}): use newSqliteClasses.`);
  const fresh = migrations.newSqliteClasses ?? [];
  const again = fresh.filter((name) => owned.names.includes(name));
  if (again.length > 0)
    throw new CloudError(
      "10074",
      `Cannot apply new-class migration to class '${again[0]}' that is already depended on by existing Durable Objects.`,
    );
  const gone = new Set(migrations.deletedClasses ?? []);
  return { tag: migrations.newTag ?? owned.tag, names: [...owned.names.filter((name) => !gone.has(name)), ...fresh] };
}

export function scriptDefinitions(versions: Versions): ResourceDefinition[] {
  /** Uploads, migrates and deploys in one step, as the API's `PUT .../scripts/{name}` does. */
  const put = async (context: Context, inputs: Properties) => {
    const script = inputs.scriptName as string;
    const bytes =
      inputs.contentFile === undefined ? Buffer.from((inputs.content as string) ?? "") : readUpload(inputs.contentFile as string, context);
    if (inputs.contentSha256 !== undefined && sha256(bytes) !== inputs.contentSha256)
      throw new CloudError(
        "InvalidFile",
        `contentSha256 of Worker "${script}" is ${inputs.contentSha256}, but the content's is ${sha256(bytes)}.`,
      );
    const before = versions.classes(script);
    const after = migrate(before, inputs.migrations as unknown as Migrations | undefined);
    versions.setClasses(script, after.tag, after.names);
    try {
      const kept = versions.upload(
        {
          script,
          mainModule: (inputs.mainModule as string) ?? "index.js",
          compatibilityDate: (inputs.compatibilityDate as string) ?? "2021-11-02",
          compatibilityFlags: (inputs.compatibilityFlags as string[]) ?? [],
          bindings: (inputs.bindings ?? []) as unknown as Binding[],
          tag: ((inputs.annotations as Properties | undefined)?.workersTag as string) ?? "",
        },
        [
          {
            name: (inputs.mainModule as string) ?? "index.js",
            type: (inputs.contentType as string) ?? "application/javascript+module",
            bytes,
          },
        ],
      );
      await versions.deploy(script, [{ versionId: kept.id, percentage: 100 }]);
      for (const name of before.names) if (!after.names.includes(name)) versions.forget(script, name);
      return { modifiedOn: now(), etag: sha256(bytes), migrationTag: after.tag, startupTimeMs: 0, hasModules: true, hasAssets: false };
    } catch (error) {
      versions.setClasses(script, before.tag, before.names);
      throw error;
    }
  };

  const script: ResourceDefinition = {
    token: SCRIPT,
    fidelity: {
      level: "runs",
      how: "a service of workerd, with its Durable Objects on disk",
      test: "test/sandbox/cloudflare/scripts.test.ts",
    },
    replaceOn: ["accountId", "scriptName"],
    unordered: ["bindings"],
    recomputed: ["modifiedOn", "etag", "migrationTag", "startupTimeMs"],
    refuse: (inputs) =>
      inputs.contentFile !== undefined && inputs.contentSha256 === undefined
        ? [{ property: "contentSha256", reason: "contentFile needs contentSha256" }]
        : (inputs.contentFile === undefined) === (inputs.content === undefined)
          ? [{ property: "content", reason: "exactly one of content and contentFile must be given" }]
          : [],
    async create(context, inputs) {
      const { store, orphan, urn } = context;
      // The API's PUT is an upsert: creating a script that exists uploads over it.
      const id = inputs.scriptName as string;
      const owned = versions.classes(id);
      const wanted = inputs.migrations as unknown as Migrations | undefined;
      // An upload that was cut off may have applied its migration already.
      const done = orphan !== undefined && wanted?.newTag !== undefined && wanted.newTag === owned.tag;
      const migrations = { oldTag: owned.tag, newTag: owned.tag };
      // Written down before anything happens, so that an upload that is cut off is found again.
      const before = store.get(SCRIPT, id);
      store.put({ token: SCRIPT, id, urn, inputs, state: inputs });
      try {
        return { id, outputs: { createdOn: now(), ...(await put(context, done ? { ...inputs, migrations } : inputs)) } };
      } catch (error) {
        if (before) store.put(before);
        else store.remove(SCRIPT, id);
        throw error;
      }
    },
    async update(context, old, inputs) {
      // The provider sends `migrations` at every update and the API compares the tag: the block that created a class is refused
      // the second time, `{oldTag: "v1", newTag: "v1"}` is not.
      return { createdOn: old.state.createdOn ?? now(), ...(await put(context, inputs)) };
    },
    async delete({ store }, stored) {
      const name = stored.state.scriptName as string;
      if (stored.inputs.force !== true) refuseWhileInUse(store, versions, name);
      await versions.remove(name);
    },
  };

  const subdomain = recorded({
    token: "cloudflare:index/workersScriptSubdomain:WorkersScriptSubdomain",
    why: "workers.dev does not exist here: a Worker is reached by its own hostnames only",
    id: (inputs) => `${inputs.accountId}/${inputs.scriptName}`,
    replaceOn: ["accountId", "scriptName"],
    existing: "adopt",
  });
  return [script, subdomain];
}
