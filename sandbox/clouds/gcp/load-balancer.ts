// The regional external Application Load Balancer at work: a request that reaches a rule's address goes through TLS, URL map and security
// policy to a Cloud Run service.
import type { Ground, Part } from "../../engine/cloud.ts";
import type { Stored } from "../../engine/definition.ts";
import { Unreachable } from "../../engine/internet.ts";
import { certificateToken, covers, stateOf } from "./certificate-manager.ts";
import { nameOf } from "./compute.ts";
import { backendService, backendServiceToken, cloudRunBehind, endpointGroup } from "./load-balancer-backend.ts";
import { address, forwardingRule, portOf, proxyToken, sslPolicy, targetHttpsProxy } from "./load-balancer-front.ts";
import { redirectTo, route, urlMap, urlMapToken } from "./load-balancer-routing.ts";
import { activeProxySubnetwork, forwardingRuleToken } from "./network.ts";
import { judge, RateLimits, securityPolicy, securityPolicyToken } from "./security-policy.ts";
import type { GcpService } from "./service.ts";

/** Answers as a Cloud Run service does to what comes through a load balancer. `id`: `projects/P/locations/L/services/S`. */
export type Backend = (service: { readonly id: string; readonly tag?: string }, request: Request) => Promise<Response>;

/** Where all requests of the sandbox seem to come from: a documentation address (RFC 5737). */
const outside = "203.0.113.1";

/** Types that refer to certificates. */
export const certificateUsers = [proxyToken];

export function createLoadBalancers({ store, internet }: Ground, backend: Backend): GcpService {
  const limits = new RateLimits();
  const offline = new Map<string, () => void>();

  function listen(id: string, at: string | undefined): void {
    offline.get(id)?.();
    offline.delete(id);
    if (at !== undefined)
      offline.set(
        id,
        internet.register(at, (request) => answer(id, request)),
      );
  }

  /** @throws Unreachable where no connection would come about */
  async function answer(id: string, request: Request): Promise<Response> {
    const url = new URL(request.url);
    const rule = store.get(forwardingRuleToken, id);
    if (!rule || url.protocol !== "https:" || (url.port || "443") !== portOf(rule.state))
      throw new Unreachable(`nothing listens on port ${url.port || (url.protocol === "https:" ? 443 : 80)} of ${url.hostname}`);
    if (!activeProxySubnetwork({ store }, String(rule.state.network), String(rule.state.region)))
      throw new Unreachable(`${url.hostname} times out: ${id} has no active proxy-only subnetwork`);
    const proxy = store.get(proxyToken, nameOf(rule.state.target));
    if (!proxy || !speaksFor(proxy, url.hostname))
      throw new Unreachable(`TLS with ${url.hostname} fails: the load balancer has no active certificate for it`);

    const map = store.get(urlMapToken, nameOf(proxy.state.urlMap));
    const way = map && route(map.state, url.hostname, url.pathname);
    if (!way) return page(404);
    if ("redirect" in way) return redirectTo(way.redirect, url);
    const service = store.get(backendServiceToken, way.service);
    if (!service) return page(502);
    const refusal = refusalOf(service, request, url);
    if (refusal !== undefined) return page(refusal);
    const target = cloudRunBehind(store, service);
    return target ? backend(target, forwarded(request, String(rule.state.ipAddress))) : page(502);
  }

  const speaksFor = (proxy: Stored, host: string) =>
    ((proxy.state.certificateManagerCertificates ?? []) as string[])
      .flatMap((name) => store.get(certificateToken, nameOf(name)) ?? [])
      .some((certificate) => covers(certificate, host) && stateOf({ store }, internet, certificate) === "ACTIVE");

  function refusalOf({ state }: Stored, { method, headers }: Request, url: URL): number | undefined {
    const policy = state.securityPolicy ? store.get(securityPolicyToken, nameOf(state.securityPolicy)) : undefined;
    const facts = { ip: outside, method, headers, path: url.pathname, query: url.search.slice(1), scheme: url.protocol.slice(0, -1) };
    return policy && judge(policy, facts, limits);
  }

  return {
    resources: [
      address,
      sslPolicy,
      endpointGroup,
      securityPolicy([backendServiceToken]),
      backendService([urlMapToken]),
      urlMap(backendServiceToken, [proxyToken]),
      targetHttpsProxy,
      forwardingRule(listen),
    ],
    functions: [],
    async start() {
      for (const { id, state } of store.list(forwardingRuleToken)) listen(id, String(state.ipAddress));
    },
    async stop() {
      for (const close of offline.values()) close();
      offline.clear();
    },
    parts: (): Part[] =>
      store.list(forwardingRuleToken).map(({ state }) => {
        const served = activeProxySubnetwork({ store }, String(state.network), String(state.region)) !== undefined;
        return {
          kind: "load balancer",
          name: String(state.name),
          state: served ? "running" : "failed",
          detail: `${state.ipAddress}:${portOf(state)} in ${state.region}${served ? "" : ", without an active proxy-only subnetwork"}`,
        };
      }),
  };
}

/** What the load balancer adds (cloud.google.com/load-balancing/docs/https, "X-Forwarded-For header"): whatever came stays in front. */
function forwarded(request: Request, balancer: string): Request {
  const headers = new Headers(request.headers);
  const before = headers.get("x-forwarded-for");
  headers.set("x-forwarded-for", [...(before ? [before] : []), outside, balancer].join(","));
  headers.set("x-forwarded-proto", "https");
  headers.set("via", "1.1 google");
  return new Request(request, { headers });
}

const titles: Readonly<Record<number, string>> = { 403: "Forbidden", 404: "Not Found", 429: "Too Many Requests", 502: "Server Error" };

function page(status: number): Response {
  const html = `<!doctype html><meta charset="utf-8"><title>${status}</title>${status} ${titles[status] ?? "Error"}\n`;
  return new Response(html, { status, headers: { "content-type": "text/html; charset=utf-8" } });
}
