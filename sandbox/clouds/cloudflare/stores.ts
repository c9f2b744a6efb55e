// Workers KV, which runs on workerd.
import { CloudError, type ResourceDefinition } from "../../engine/definition.ts";
import type { Workerd } from "../../runtimes/workerd/workerd.ts";
import { kvApi, kvApiName } from "./kv-api.ts";
import type { Versions } from "./versions.ts";
import { hexId } from "./worker.ts";

const NAMESPACE = "cloudflare:index/workersKvNamespace:WorkersKvNamespace";

export function storeDefinitions(versions: Versions, workerd: Workerd): ResourceDefinition[] {
  const namespace: ResourceDefinition = {
    token: NAMESPACE,
    fidelity: { level: "runs", how: "a KV namespace of workerd, on disk", test: "test/sandbox/cloudflare/stores.test.ts" },
    replaceOn: ["accountId", "jurisdiction"],
    async create({ store, orphan, urn }, inputs) {
      const taken = store.list(NAMESPACE).find((row) => row.state.title === inputs.title && row.id !== orphan?.id);
      if (taken)
        throw new CloudError("10014", `create namespace: a namespace with the title '${inputs.title}' already exists (${taken.urn}).`);
      const id = orphan?.id ?? hexId();
      const outputs = { supportsUrlEncoding: true };
      store.put({ token: NAMESPACE, id, urn, inputs, state: { ...inputs, ...outputs } });
      await versions.refresh();
      return { id, outputs };
    },
    update: () => ({ supportsUrlEncoding: true }),
    async delete({ store }, stored) {
      store.remove(NAMESPACE, stored.id);
      await versions.refresh();
    },
  };

  const write = async (inputs: { [key: string]: unknown }) => {
    const url = kvApi(inputs.namespaceId as string, inputs.keyName as string);
    const answer = await workerd.fetch(() => kvApiName, new Request(url, { method: "PUT", body: inputs.value as string }));
    if (!answer.ok) throw new CloudError("10013", `put: '${inputs.keyName}': ${await answer.text()}`);
  };
  const pair: ResourceDefinition = {
    token: "cloudflare:index/workersKv:WorkersKv",
    fidelity: { level: "runs", how: "written into the namespace", test: "test/sandbox/cloudflare/stores.test.ts" },
    replaceOn: ["accountId", "namespaceId", "keyName"],
    async create(_context, inputs) {
      await write(inputs);
      return { id: `${inputs.namespaceId}/${inputs.keyName}`, outputs: {} };
    },
    async update(_context, _old, inputs) {
      await write(inputs);
      return {};
    },
    async read(_context, stored) {
      const answer = await workerd.fetch(
        () => kvApiName,
        new Request(kvApi(stored.state.namespaceId as string, stored.state.keyName as string)),
      );
      return answer.ok ? { value: await answer.text() } : undefined;
    },
    async delete(_context, stored) {
      const url = kvApi(stored.state.namespaceId as string, stored.state.keyName as string);
      await workerd.fetch(() => kvApiName, new Request(url, { method: "DELETE" }));
    },
  };

  return [namespace, pair];
}
