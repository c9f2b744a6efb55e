// Which action of a listener a request gets: pure, over the properties of rules.
// Source: docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-rules.html
import type { Properties } from "../../engine/definition.ts";
import { contains } from "./cidr.ts";
import { listOf, objectOf, textsOf } from "./values.ts";

export interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
}

/** The action of the first rule that fits, by priority; else the default one. Of several actions the last decides. */
export function actionFor(rules: readonly Properties[], defaults: readonly Properties[], asked: Asked): Properties {
  const fitting = [...rules]
    .sort((a, b) => Number(a.priority) - Number(b.priority))
    .find((rule) => listOf(rule.conditions).every((each) => fits(each, asked)));
  const actions = fitting ? listOf(fitting.actions) : defaults;
  return actions.at(-1) ?? {};
}

const wildcard = (pattern: string, text: string, ignoreCase: boolean) => {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, ignoreCase ? "is" : "s").test(text);
};

function fits(condition: Properties, { method, url, headers }: Asked): boolean {
  const values = (kind: string) => textsOf(objectOf(condition[kind]).values);
  if (condition.hostHeader) return values("hostHeader").some((each) => wildcard(each, url.hostname, true));
  if (condition.pathPattern) return values("pathPattern").some((each) => wildcard(each, url.pathname, false));
  if (condition.httpRequestMethod) return values("httpRequestMethod").includes(method);
  if (condition.httpHeader) {
    const given = headers.get(String(objectOf(condition.httpHeader).httpHeaderName));
    return given !== null && values("httpHeader").some((each) => wildcard(each, given, true));
  }
  if (condition.queryStrings) {
    return listOf(condition.queryStrings).some(({ key, value }) =>
      [...url.searchParams].some(
        ([name, text]) => (key === undefined || wildcard(String(key), name, true)) && wildcard(String(value), text, true),
      ),
    );
  }
  if (condition.sourceIp) {
    const client = headers.get("x-forwarded-for")?.split(",")[0]?.trim() ?? "203.0.113.1";
    return values("sourceIp").some((range) => contains(range, client));
  }
  return false;
}

/** The target group that a forward action sends to: by weight, where there are several. `roll` is in [0, 1). */
export function targetGroupOf(action: Properties, roll: number): string | undefined {
  if (action.targetGroupArn) return String(action.targetGroupArn);
  const groups = listOf(objectOf(action.forward).targetGroups);
  const total = groups.reduce((sum, { weight }) => sum + Number(weight ?? 1), 0);
  let left = roll * total;
  for (const { arn, weight } of groups) {
    left -= Number(weight ?? 1);
    if (left < 0) return String(arn);
  }
  return undefined;
}

/** All target groups that actions may send to. */
export const groupsIn = (actions: readonly Properties[]): string[] =>
  actions.flatMap((action) => [
    ...(action.targetGroupArn ? [String(action.targetGroupArn)] : []),
    ...listOf(objectOf(action.forward).targetGroups).map(({ arn }) => String(arn)),
  ]);

/** What a redirect or a fixed response answers; undefined for actions that forward. */
export function answerOf(action: Properties, { url }: Asked): Response | undefined {
  if (action.type === "redirect") {
    const redirect = objectOf(action.redirect);
    const port = url.port || (url.protocol === "https:" ? "443" : "80");
    const given: Record<string, string> = {
      protocol: url.protocol.slice(0, -1).toUpperCase(),
      host: url.hostname,
      port,
      path: url.pathname.slice(1),
      query: url.search.slice(1),
    };
    const filled = (name: string, otherwise: string) =>
      String(redirect[name] ?? otherwise).replace(/#\{(protocol|host|port|path|query)\}/g, (_all, key: string) => given[key] ?? "");
    const protocol = filled("protocol", "#{protocol}").toLowerCase();
    const query = filled("query", "#{query}");
    const location = `${protocol}://${filled("host", "#{host}")}:${filled("port", "#{port}")}${filled("path", "/#{path}")}${query ? `?${query}` : ""}`;
    return new Response(null, { status: redirect.statusCode === "HTTP_301" ? 301 : 302, headers: { location, server: "awselb/2.0" } });
  }
  if (action.type === "fixed-response") {
    const { contentType, messageBody, statusCode } = objectOf(action.fixedResponse);
    return new Response(messageBody === undefined ? null : String(messageBody), {
      status: Number(statusCode ?? 200),
      headers: { "content-type": String(contentType ?? "text/plain"), server: "awselb/2.0" },
    });
  }
  return undefined;
}
