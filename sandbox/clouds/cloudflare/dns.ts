// DnsRecord: what a name of a zone stands for. Unproxied, anyone may look it up and go there; proxied, the name is Cloudflare's own,
// which passes requests on.
import { isIPv4, isIPv6 } from "node:net";
import { CloudError, type Context, type Failure, type Properties, type ResourceDefinition, UNKNOWN } from "../../engine/definition.ts";
import { canonicalName, type Internet, Unreachable } from "../../engine/internet.ts";
import type { Store } from "../../engine/store.ts";
import { DOMAIN, hexId, now } from "./worker.ts";

export const DNS_RECORD = "cloudflare:index/dnsRecord:DnsRecord";

/** Types that say where a host is. Cloudflare proxies these only. */
const addressTypes = ["A", "AAAA", "CNAME"];

/** Puts a record on the internet, and says how to take it off again. */
export function serveRecord(internet: Internet, record: Properties): () => void {
  const [name, type, content] = [canonicalName(String(record.name)), String(record.type), String(record.content ?? "")];
  return record.proxied === true ? internet.register(name, proxyTo(internet, name, content)) : internet.publish({ name, type, content });
}

/** Cloudflare in front of an origin: it says for whom it asks, and answers itself where the origin does not (developers.cloudflare.com/support, 5xx). */
const proxyTo = (internet: Internet, name: string, origin: string) => async (request: Request) => {
  const headers = new Headers(request.headers);
  headers.set("cf-connecting-ip", request.headers.get("cf-connecting-ip") ?? "203.0.113.1");
  headers.set("x-forwarded-proto", new URL(request.url).protocol.slice(0, -1));
  const unreachable = (reason: string) =>
    new Response(`error code: 523: ${reason}\n`, { status: 523, statusText: "Origin Is Unreachable" });
  const handler = internet.resolve(canonicalName(origin));
  if (!handler) return unreachable(`nobody answers at ${origin}, the origin of ${name}`);
  try {
    return await handler(new Request(request, { headers }));
  } catch (error) {
    if (error instanceof Unreachable) return unreachable(error.message);
    throw error;
  }
};

/** What stands in a zone under this name that says where a host is. */
export const addressRecords = (store: Store, hostname: string) =>
  store
    .list(DNS_RECORD)
    .filter(({ state }) => canonicalName(String(state.name)) === canonicalName(hostname) && addressTypes.includes(String(state.type)));

function refuse({ type, content, ttl, proxied, name }: Properties): Failure[] {
  const failures: Failure[] = [];
  const say = (property: string, reason: string) => failures.push({ property, reason });
  const isKnown = (value: unknown): value is string => typeof value === "string" && value !== UNKNOWN;
  if (addressTypes.includes(String(type)) && content === undefined) say("content", `a record of type ${type} needs content`);
  if (isKnown(content)) {
    if (type === "A" && !isIPv4(content)) say("content", `"${content}": content for A record must be a valid IPv4 address (9005)`);
    if (type === "AAAA" && !isIPv6(content)) say("content", `"${content}": content for AAAA record must be a valid IPv6 address (9006)`);
    if (type === "CNAME" && !/^([\w-]+\.)+[\w-]+\.?$/.test(content))
      say("content", `"${content}": content for CNAME record is no host name (9007)`);
    if (type === "CNAME" && isKnown(name) && canonicalName(content) === canonicalName(name))
      say("content", `"${content}": a CNAME record cannot reference itself (9039)`);
  }
  if (typeof ttl === "number" && ttl !== 1 && (ttl < 60 || ttl > 86_400))
    say("ttl", `${ttl}: TTL must be between 60 and 86400 seconds, or 1 for automatic (9021)`);
  if (proxied === true && isKnown(type) && !addressTypes.includes(type))
    say("proxied", `a record of type ${type} cannot be proxied (9004): ${addressTypes.join(", ")} can`);
  return failures;
}

/** Which records may stand beside each other (developers.cloudflare.com/dns/manage-dns-records/troubleshooting/records-with-same-name). */
function refuseConflict({ store, orphan }: Context, inputs: Properties, self?: string): void {
  const type = String(inputs.type);
  if (!addressTypes.includes(type)) return;
  const name = canonicalName(String(inputs.name));
  const domain = store.list(DOMAIN).find(({ state }) => state.hostname === name);
  if (domain)
    throw new CloudError(
      "100117",
      `'${name}' is a custom domain of the Worker "${domain.state.service}" (${domain.urn}), which manages its DNS record.`,
    );
  const others = addressRecords(store, name).filter(({ id }) => id !== self && id !== orphan?.id);
  const same = others.find(
    ({ state }) => state.type === type && canonicalName(String(state.content)) === canonicalName(String(inputs.content)),
  );
  if (same) throw new CloudError("81058", `An identical record already exists (${same.urn}).`);
  const alias = others.find(({ state }) => state.type === "CNAME");
  if (alias) throw new CloudError("81054", `A CNAME record with that host already exists: ${name} (${alias.urn}).`);
  if (type === "CNAME" && others[0])
    throw new CloudError("81053", `An A, AAAA, or CNAME record with that host already exists: ${name} (${others[0].urn}).`);
}

/** @param served what takes each record off the internet again, by the record's id */
export function dnsDefinitions(internet: Internet, served: Map<string, () => void>): ResourceDefinition[] {
  const outputsOf = (inputs: Properties, createdOn: string): Properties => ({
    createdOn,
    modifiedOn: now(),
    meta: "{}",
    proxiable: addressTypes.includes(String(inputs.type)),
    proxied: inputs.proxied ?? false,
    tags: inputs.tags ?? [],
  });
  const replace = (id: string, inputs: Properties) => {
    served.get(id)?.();
    served.set(id, serveRecord(internet, inputs));
  };
  return [
    {
      token: DNS_RECORD,
      fidelity: {
        level: "runs",
        how: "A, AAAA and CNAME lead to who answers there, proxied or not; every record can be looked up",
        test: "test/sandbox/cloudflare/dns.test.ts",
      },
      replaceOn: ["zoneId"],
      recomputed: ["modifiedOn"],
      refuse,
      create(context, inputs) {
        refuseConflict(context, inputs);
        const id = context.orphan?.id ?? hexId();
        replace(id, inputs);
        return { id, outputs: outputsOf(inputs, now()) };
      },
      update(context, old, inputs) {
        refuseConflict(context, inputs, old.id);
        replace(old.id, inputs);
        return outputsOf(inputs, String(old.state.createdOn));
      },
      delete(_context, { id }) {
        served.get(id)?.();
        served.delete(id);
      },
    },
  ];
}
