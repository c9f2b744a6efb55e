// compute.RegionUrlMap: which backend service a request goes to, by its host and path.
import { CloudError, type Failure, type Properties, type ResourceDefinition, UNKNOWN } from "../../engine/definition.ts";
import { nameOf, numericId, regional } from "./compute.ts";
import { listOf, objectOf } from "./outputs.ts";

export const urlMapToken = "gcp:compute/regionUrlMap:RegionUrlMap";

/** Where a request goes on to, or is sent back to. */
export type Route = { readonly service: string } | { readonly redirect: Properties };

const routeOf = ({ service, defaultService, urlRedirect, defaultUrlRedirect }: Properties): Route | undefined => {
  const target = service ?? defaultService;
  if (typeof target === "string") return { service: nameOf(target) };
  const redirect = urlRedirect ?? defaultUrlRedirect;
  return redirect === undefined || redirect === null ? undefined : { redirect: objectOf(redirect) };
};

/** How well a host fits a pattern: an exact name best, then the longest wildcard, `*` last; 0 where it does not. */
function closeness(pattern: string, host: string): number {
  if (pattern === host) return Number.POSITIVE_INFINITY;
  return pattern.startsWith("*") && host.endsWith(pattern.slice(1)) ? pattern.length : 0;
}

const pathFits = (pattern: string, path: string) => (pattern.endsWith("/*") ? path.startsWith(pattern.slice(0, -1)) : path === pattern);

/** The longest pattern wins, whatever the order. [SDK RegionUrlMapPathMatcher.pathRules] */
export function route(map: Properties, host: string, path: string): Route | undefined {
  const best = <T>(candidates: readonly (readonly [number, T])[]): T | undefined =>
    candidates.filter(([score]) => score > 0).sort(([a], [b]) => b - a)[0]?.[1];
  const hosts = listOf(map.hostRules).flatMap((rule) =>
    ((rule.hosts ?? []) as string[]).map((pattern) => [closeness(pattern, host), rule] as const),
  );
  const rule = best(hosts);
  const matcher = rule && listOf(map.pathMatchers).find(({ name }) => name === rule.pathMatcher);
  if (!matcher) return routeOf(map);
  const paths = listOf(matcher.pathRules).flatMap((pathRule) =>
    ((pathRule.paths ?? []) as string[]).map((pattern) => [pathFits(pattern, path) ? pattern.length : 0, pathRule] as const),
  );
  return routeOf(best(paths) ?? matcher);
}

/** A redirect's answer (cloud.google.com/load-balancing/docs/url-map-concepts). */
export function redirectTo({ hostRedirect, pathRedirect, stripQuery, redirectResponseCode }: Properties, url: URL): Response {
  const codes: Readonly<Record<string, number>> = {
    FOUND: 302,
    SEE_OTHER: 303,
    TEMPORARY_REDIRECT: 307,
    PERMANENT_REDIRECT: 308,
  };
  const target = new URL(url);
  if (hostRedirect) target.host = String(hostRedirect);
  if (pathRedirect) target.pathname = String(pathRedirect);
  if (stripQuery === true) target.search = "";
  return new Response(null, { status: codes[String(redirectResponseCode)] ?? 301, headers: { location: String(target) } });
}

function refuse(inputs: Properties): Failure[] {
  const failures: Failure[] = [];
  const say = (property: string, reason: string) => failures.push({ property, reason });
  const matchers = listOf(inputs.pathMatchers);
  const rules = listOf(inputs.hostRules);
  for (const [at, level] of [["", inputs] as const, ...matchers.map((matcher, i) => [`pathMatchers[${i}].`, matcher] as const)]) {
    if (level.defaultRouteAction !== undefined || level.routeRules !== undefined)
      say(`${at}${level.routeRules ? "routeRules" : "defaultRouteAction"}`, "route actions are not run here; services and redirects are");
    else if ((level.defaultService === undefined) === (level.defaultUrlRedirect === undefined))
      say(`${at}defaultService`, "give either defaultService or defaultUrlRedirect");
    if (level.defaultUrlRedirect !== undefined && objectOf(level.defaultUrlRedirect).httpsRedirect === true)
      say(`${at}defaultUrlRedirect.httpsRedirect`, "is not permitted behind a target HTTPS proxy");
  }
  const hosts = rules.flatMap((rule) => (rule.hosts ?? []) as string[]).filter((host) => host !== UNKNOWN);
  for (const host of new Set(hosts)) {
    if (hosts.filter((other) => other === host).length > 1) say("hostRules", `the host "${host}" stands in more than one rule`);
    if (host.slice(1).includes("*") || !/^(\*|\*[-.][a-z0-9-.]+|[a-z0-9-.]+)$/.test(host))
      say("hostRules", `"${host}" is no host pattern; * may only be the first character, followed by - or .`);
  }
  for (const { pathMatcher } of rules)
    if (pathMatcher !== UNKNOWN && !matchers.some(({ name }) => name === pathMatcher))
      say("hostRules", `there is no path matcher called "${pathMatcher}"`);
  for (const { name } of matchers)
    if (!rules.some(({ pathMatcher }) => pathMatcher === name)) say("pathMatchers", `the path matcher "${name}" is used by no host rule`);
  const paths = matchers.flatMap((matcher) => listOf(matcher.pathRules)).flatMap((rule) => (rule.paths ?? []) as string[]);
  for (const path of paths)
    if (path !== UNKNOWN && !/^\/([^*?#]*\/)?(\*|[^*?#]*)$/.test(path))
      say("pathMatchers", `"${path}" is no path pattern; it starts with /, and * may only stand at the end after a /`);
  return failures;
}

/** Everything that names a backend service. */
function servicesOf(inputs: Properties): unknown[] {
  const matchers = listOf(inputs.pathMatchers);
  const rules = matchers.flatMap((matcher) => listOf(matcher.pathRules));
  return [inputs.defaultService, ...matchers.map((matcher) => matcher.defaultService), ...rules.map((rule) => rule.service)];
}

/** @param backendServiceToken the type that it refers to */
export const urlMap = (backendServiceToken: string, users: readonly string[]): ResourceDefinition =>
  regional({
    token: urlMapToken,
    fidelity: {
      level: "runs",
      how: "requests are routed by host and path; its tests are run",
      test: "test/sandbox/gcp/load-balancer.test.ts",
    },
    collection: "urlMaps",
    replaceOn: ["name", "project", "region"],
    unordered: ["hostRules", "pathMatchers[*].pathRules", "hostRules[*].hosts", "pathMatchers[*].pathRules[*].paths"],
    recomputed: ["fingerprint"],
    refuse,
    users,
    references: (inputs) => servicesOf(inputs).map((to) => ({ token: backendServiceToken, to: to as string | undefined })),
    admit(_context, inputs) {
      for (const { host, path, service } of listOf(inputs.tests)) {
        const found = route(inputs, String(host), String(path));
        const reached = found && "service" in found ? found.service : "a redirect";
        if (reached !== nameOf(service))
          throw new CloudError(
            "invalid",
            `googleapi: Error 400: Invalid value for field 'resource.tests': expected ${host}${path} to go to '${nameOf(service)}', it goes to '${reached}', invalid`,
          );
      }
    },
    computed: (_context, _inputs, _place, before) => ({
      mapId: before.mapId ?? Number(numericId().slice(0, 15)),
      fingerprint: numericId().slice(0, 12),
    }),
  });
