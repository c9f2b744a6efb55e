// WorkersCustomDomain (a hostname whose origin is a Worker) and RegionalHostname (where its TLS is ended).
import { CloudError, type ResourceDefinition, UNKNOWN } from "../../engine/definition.ts";
import type { Internet } from "../../engine/internet.ts";
import { addressRecords } from "./dns.ts";
import type { Versions } from "./versions.ts";
import { DOMAIN, hexId, now } from "./worker.ts";

/**
 * Keys of Regional Services. `eu`, `us`, `ca`: the SDK's documentation; `isoeu` and those up to `fedramp`: other tools' documentation and tests.
 * `sg` and `uk` are guesses: developers.cloudflare.com/data-localization/region-support offers Singapore and the United Kingdom and names no
 * keys. An account's own list: GET /accounts/{id}/addressing/regional_hostnames/regions.
 */
const regionKeys = ["eu", "us", "ca", "isoeu", "ap", "in", "jp", "kr", "br", "za", "ae", "fedramp", "sg", "uk"];

/** Puts a hostname on the internet, answered by a Worker. */
export function serveDomain(internet: Internet, versions: Versions, hostname: string, script: string): () => void {
  return internet.register(hostname, (request) => versions.serve(script, request));
}

export function domainDefinitions(internet: Internet, versions: Versions, closers: Map<string, () => void>): ResourceDefinition[] {
  const domain: ResourceDefinition = {
    token: DOMAIN,
    fidelity: {
      level: "runs",
      how: "the hostname is on the sandbox's internet and, as x.localhost, on the gateway",
      test: "test/sandbox/cloudflare/domains.test.ts",
    },
    deleteBeforeReplace: true,
    defaults: () => ({ environment: "production" }),
    refuse: (inputs) =>
      typeof inputs.hostname === "string" && inputs.hostname !== UNKNOWN && inputs.hostname.includes("*")
        ? [{ property: "hostname", reason: `"${inputs.hostname}": a custom domain takes no wildcard` }]
        : [],
    create({ store, orphan }, inputs) {
      const hostname = inputs.hostname as string;
      const domains = store.list(DOMAIN).filter((row) => row.state.hostname === hostname && row.id !== orphan?.id);
      const [taken] = [...domains, ...addressRecords(store, hostname)];
      if (taken)
        throw new CloudError(
          "100117",
          `Hostname '${hostname}' already has externally managed DNS records (${taken.urn}). Delete them first.`,
        );
      if (!versions.live(inputs.service as string))
        throw new CloudError("10007", `This Worker does not exist on your account, or is not deployed: "${inputs.service}".`);
      closers.set(hostname, serveDomain(internet, versions, hostname, inputs.service as string));
      return { id: orphan?.id ?? hexId(), outputs: { certId: hexId(), zoneName: hostname.split(".").slice(-2).join(".") } };
    },
    delete(_context, stored) {
      const hostname = stored.state.hostname as string;
      closers.get(hostname)?.();
      closers.delete(hostname);
    },
  };

  const regional: ResourceDefinition = {
    token: "cloudflare:index/regionalHostname:RegionalHostname",
    fidelity: { level: "records", why: "there is one place only on this machine; the key is checked against those Cloudflare names" },
    replaceOn: ["hostname", "zoneId", "routing"],
    deleteBeforeReplace: true,
    defaults: () => ({ routing: "dns" }),
    refuse: (inputs) =>
      inputs.regionKey === UNKNOWN || regionKeys.includes(inputs.regionKey as string)
        ? []
        : [{ property: "regionKey", reason: `"${inputs.regionKey}" is no processing region; there are ${regionKeys.join(", ")}` }],
    create: (_context, inputs) => ({ id: inputs.hostname as string, outputs: { createdOn: now() } }),
    update: (_context, old) => ({ createdOn: old.state.createdOn ?? now() }),
  };
  return [domain, regional];
}
