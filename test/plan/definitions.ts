// What the embedded clouds know, without starting any of them.
import { tmpdir } from "node:os";
import { createAws } from "../../sandbox/clouds/aws/index.ts";
import { createCloudflare } from "../../sandbox/clouds/cloudflare/index.ts";
import { createGcp } from "../../sandbox/clouds/gcp/index.ts";
import { createRandom } from "../../sandbox/clouds/random/index.ts";
import { createTls } from "../../sandbox/clouds/tls/index.ts";
import type { Ground } from "../../sandbox/engine/cloud.ts";
import type { ResourceDefinition } from "../../sandbox/engine/definition.ts";
import { Internet } from "../../sandbox/engine/internet.ts";
import { Store } from "../../sandbox/engine/store.ts";

/** Every resource type with a definition. */
export function definitions(): Map<string, ResourceDefinition> {
  const store = new Store(":memory:");
  const folder = tmpdir();
  const ground: Ground = {
    store,
    internet: new Internet(),
    dataDir: folder,
    logDir: folder,
    socketDir: folder,
    tools: { versitygw: "versitygw" },
    egress: { proxyUrl: "", caFile: "" },
    log: () => {},
  };
  const clouds = [createAws(ground), createGcp(ground), createCloudflare(ground), createTls(), createRandom()];
  const all = new Map(clouds.flatMap(({ resources }) => resources.map((definition) => [definition.token, definition] as const)));
  store.close();
  return all;
}
