// Worker (identity), WorkerVersion (code and bindings, immutable), WorkersDeployment (which versions serve).
import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { CloudError, type Context, type Failure, type Properties, type ResourceDefinition, UNKNOWN } from "../../engine/definition.ts";
import type { Store } from "../../engine/store.ts";
import { type Module, mediaTypes } from "../../runtimes/workerd/workerd.ts";
import { CONSUMER } from "./queue-delivery.ts";
import type { Binding, Share, Versions } from "./versions.ts";

export const WORKER = "cloudflare:index/worker:Worker";
export const DOMAIN = "cloudflare:index/workersCustomDomain:WorkersCustomDomain";

export const hexId = () => randomBytes(16).toString("hex");
export const now = () => new Date().toISOString();

/** Reads a file that an upload names; a relative path counts from the program's folder. */
export function readUpload(path: string, { programDir = "." }: Pick<Context, "programDir">): Uint8Array {
  try {
    return readFileSync(resolve(programDir, path));
  } catch (error) {
    throw new CloudError("InvalidFile", `cannot read contentFile "${path}": ${(error as NodeJS.ErrnoException).code}.`);
  }
}

export const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** "Worker still in use": a domain points at it, or others bind what it owns (developers.cloudflare.com/workers, error 10064 and kin). */
export function refuseWhileInUse(store: Store, versions: Versions, script: string): void {
  const domains = store.list(DOMAIN).filter((domain) => domain.state.service === script);
  if (domains.length > 0)
    throw new CloudError(
      "10064",
      `Worker "${script}" serves the custom domain ${domains.map((d) => d.state.hostname).join(", ")}. Remove it first.`,
    );
  const consumers = store.list(CONSUMER).filter((consumer) => consumer.state.scriptName === script);
  if (consumers.length > 0)
    throw new CloudError(
      "10064",
      `Worker "${script}" consumes the queue ${consumers.map(({ state }) => state.queueName).join(", ")}. Remove the consumer first.`,
    );
  const binders = versions.boundBy(script);
  if (binders.length > 0)
    throw new CloudError("10064", `Worker "${script}" owns what ${binders.join(", ")} binds. Remove the binders first.`);
}

const nameOf = (store: Store, id: string): string => {
  const worker = store.get(WORKER, id) ?? store.list(WORKER).find((row) => row.state.name === id);
  if (!worker) throw new CloudError("10007", `This Worker does not exist on your account: "${id}".`);
  return worker.state.name as string;
};

export function workerDefinitions(versions: Versions): ResourceDefinition[] {
  const worker: ResourceDefinition = {
    token: WORKER,
    fidelity: { level: "runs", how: "a service of workerd", test: "test/sandbox/cloudflare/versions.test.ts" },
    replaceOn: ["accountId"],
    defaults: () => ({ logpush: false, tags: [] }),
    create({ store, orphan }, inputs) {
      const taken = store.list(WORKER).find((row) => row.state.name === inputs.name && row.id !== orphan?.id);
      if (taken) throw new CloudError("10026", `A Worker named "${inputs.name}" already exists on this account (${taken.urn}).`);
      return { id: orphan?.id ?? hexId(), outputs: { createdOn: now(), updatedOn: now(), deployedOn: "" } };
    },
    async update({ store }, old, inputs) {
      if (old.inputs.name !== inputs.name && versions.live(old.inputs.name as string)) {
        // The name is the key of what serves, so a rename of a Worker that serves is not done behind anybody's back.
        throw new CloudError("NotImplemented", `the sandbox does not rename a deployed Worker ("${old.inputs.name}" to "${inputs.name}").`);
      }
      return { createdOn: store.get(WORKER, old.id)?.state.createdOn ?? now(), updatedOn: now(), deployedOn: old.state.deployedOn ?? "" };
    },
    async delete({ store }, stored) {
      const script = stored.state.name as string;
      if (stored.inputs.force !== true) refuseWhileInUse(store, versions, script);
      await versions.remove(script);
    },
  };

  const version: ResourceDefinition = {
    token: "cloudflare:index/workerVersion:WorkerVersion",
    fidelity: { level: "runs", how: "runs on workerd while a deployment names it", test: "test/sandbox/cloudflare/versions.test.ts" },
    unordered: ["modules", "bindings"],
    refuse(inputs) {
      const failures: Failure[] = [];
      const modules = Array.isArray(inputs.modules) ? (inputs.modules as Properties[]) : [];
      const isMain = (module: Properties) => module.name === inputs.mainModule || module.name === UNKNOWN;
      if (modules.length > 0 && inputs.mainModule !== UNKNOWN && !modules.some(isMain))
        failures.push({
          property: "mainModule",
          reason: `"${inputs.mainModule}" is none of the modules: ${modules.map((m) => m.name).join(", ")}`,
        });
      for (const [i, module] of modules.entries()) {
        if ((module.contentFile === undefined) === (module.contentBase64 === undefined))
          failures.push({ property: `modules[${i}]`, reason: "exactly one of contentFile and contentBase64 must be given" });
        if (!mediaTypes.includes(module.contentType as string) && module.contentType !== UNKNOWN)
          failures.push({
            property: `modules[${i}].contentType`,
            reason: `"${module.contentType}" is not one of ${mediaTypes.join(", ")}`,
          });
      }
      // A class created and bound in one version fails (error 10211): a version upload may not carry a migration.
      if (inputs.migrations !== undefined)
        failures.push({
          property: "migrations",
          reason: "a version upload cannot carry a Durable Object migration (error 10211): use WorkersScript for the owner of the class",
        });
      return failures;
    },
    create(context, inputs) {
      const script = nameOf(context.store, inputs.workerId as string);
      const modules: Module[] = ((inputs.modules ?? []) as Properties[]).map((module) => ({
        name: module.name as string,
        type: module.contentType as string,
        bytes:
          module.contentFile === undefined
            ? Buffer.from(module.contentBase64 as string, "base64")
            : readUpload(module.contentFile as string, context),
      }));
      const annotations = (inputs.annotations ?? {}) as Properties;
      const kept = versions.upload(
        {
          script,
          mainModule: inputs.mainModule as string,
          compatibilityDate: (inputs.compatibilityDate as string) ?? "2021-11-02",
          compatibilityFlags: (inputs.compatibilityFlags as string[]) ?? [],
          bindings: (inputs.bindings ?? []) as unknown as Binding[],
          tag: (annotations.workersTag as string) ?? "",
        },
        modules,
      );
      return {
        id: kept.id,
        outputs: {
          number: versions.list(script).length,
          createdOn: kept.createdOn,
          source: "api",
          startupTimeMs: 0,
          usageModel: "standard",
        },
      };
    },
    // Every meaningful change replaces; deleting is a no-op at Cloudflare: versions go with their Worker only.
  };

  const deployment: ResourceDefinition = {
    token: "cloudflare:index/workersDeployment:WorkersDeployment",
    fidelity: { level: "runs", how: "requests are split over versions by share", test: "test/sandbox/cloudflare/versions.test.ts" },
    refuse(inputs) {
      if (!Array.isArray(inputs.versions)) return [];
      const shares = inputs.versions as Properties[];
      if (shares.some((share) => share.percentage === UNKNOWN)) return [];
      const failures: Failure[] = [];
      if (shares.length < 1 || shares.length > 2)
        failures.push({ property: "versions", reason: `a deployment has one or two versions, not ${shares.length}` });
      for (const [i, share] of shares.entries())
        if ((share.percentage as number) < 0.01 || (share.percentage as number) > 100)
          failures.push({ property: `versions[${i}].percentage`, reason: `${share.percentage} is outside of 0.01 to 100` });
      const sum = shares.reduce((total, share) => total + (share.percentage as number), 0);
      if (Math.abs(sum - 100) > 0.001) failures.push({ property: "versions", reason: `the percentages add up to ${sum}, not 100` });
      return failures;
    },
    async create({ store }, inputs) {
      const script = nameOf(store, inputs.scriptName as string);
      const shares = (inputs.versions as Properties[]).map(
        (share) => ({ versionId: share.versionId, percentage: share.percentage }) as unknown as Share,
      );
      for (const { versionId } of shares) {
        const found = versions.get(versionId);
        if (found?.script !== script) throw new CloudError("10154", `Version "${versionId}" does not exist on Worker "${script}".`);
      }
      if (shares.length > 1 && !versions.live(script))
        throw new CloudError("10220", `The first deployment of Worker "${script}" must be one version at 100 %, not a split.`);
      await versions.deploy(script, shares);
      return { id: hexId(), outputs: { createdOn: now(), authorEmail: "deployer@sandbox.example", source: "api" } };
    },
    // Every change is a new deployment; destroying one changes nothing: the last deployment keeps serving.
  };
  return [worker, version, deployment];
}
