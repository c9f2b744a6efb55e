// Every route of an API gateway has an authorizer, except what a browser asks before it may show who it is.
import type { CheckTable } from "../../arguments.ts";
import { mustBe, mustNot } from "../../arguments.ts";
import type { Context } from "../../context.ts";
import { leadsTo } from "../../relation.ts";
import { isPresent, type Resource, read, select, textOf } from "../../resource.ts";
import type { Finding, Rule, StackFinding } from "../../rule.ts";

const restApi = "aws:apigateway/restApi:RestApi";
const method = "aws:apigateway/method:Method";
const httpApi = "aws:apigatewayv2/api:Api";
const route = "aws:apigatewayv2/route:Route";
const graphQl = "aws:appsync/graphQLApi:GraphQLApi";

const authorized = ["AWS_IAM", "CUSTOM", "COGNITO_USER_POOLS", "JWT"];
/** A key names a program, not a person, and is in every copy of it (AppSync Developer Guide, "API_KEY authorization"). */
const byKey = "AWS_IAM, AMAZON_COGNITO_USER_POOLS, OPENID_CONNECT or AWS_LAMBDA";
const isKey = (value: unknown) => value === "API_KEY";

const checks: CheckTable = {
  [method]: [mustBe("authorization", authorized)],
  [route]: [mustBe("authorizationType", authorized, "NONE")],
  [graphQl]: [
    mustNot("authenticationType", isKey, byKey),
    mustNot("additionalAuthenticationProviders[*].authenticationType", isKey, byKey),
  ],
  [httpApi]: [
    ({ props }) =>
      isPresent(props, "target")
        ? [
            {
              kind: "violation",
              property: "target",
              problem: "target makes a route of the API without an authorizer",
              allowed: "a Route with an authorizer",
            },
          ]
        : [],
  ],
};

/** What is there to be asked by anyone: whether a program is well, and what RFC 8615 puts at a known place. */
const forAnyone = /^(GET|HEAD) \/(\.well-known\/.*|health\w*|livez|readyz|ping|robots\.txt|favicon\.ico)$/;

/** A browser's preflight carries no credentials (Fetch Standard, "CORS-preflight request"); a WebSocket is authorised when it connects. */
function isAsked(resource: Resource, resources: readonly Resource[]): boolean {
  const { props, type } = resource;
  const owner = (property: string, of: string) => resources.find((other) => other.type === of && leadsTo(resource, property, other));
  if (type === method) {
    const api = owner("restApi", restApi);
    const isPrivate = api && select(api.props, "endpointConfiguration.types").some(({ value }) => value === "PRIVATE");
    return read(props, "httpMethod") !== "OPTIONS" && !isPrivate;
  }
  if (type === graphQl) return read(props, "visibility") !== "PRIVATE";
  if (type !== route) return true;
  const key = textOf(read(props, "routeKey"));
  const api = owner("apiId", httpApi);
  const isSocket = api ? read(api.props, "protocolType") === "WEBSOCKET" : !/^\$default$|^[A-Z]+ \//.test(key);
  return isSocket ? key === "$connect" : !key.startsWith("OPTIONS ") && !forAnyone.test(key);
}

const checkStack = (resources: readonly Resource[], context: Context): StackFinding[] =>
  resources
    .filter(({ type }) => Object.hasOwn(checks, type))
    .filter((resource) => isAsked(resource, resources))
    .flatMap((resource) =>
      (checks[resource.type] ?? []).flatMap((judgeOne) =>
        judgeOne(resource, context).map((finding: Finding) => ({ urn: resource.urn, finding })),
      ),
    );

export const openApi: Rule = {
  id: "exposure/open-api",
  title: "Every route of an API asks who is calling",
  severity: "high",
  why: "A route without an authorizer answers anyone; where it reads or writes consent or accounts, strangers act in people's names.",
  remediation:
    "Give the route an authorizer. One that must be open, such as sign-in or a webhook that checks its own signature, is exempted by name, so that somebody has decided it.",
  frameworks: [
    { name: "GDPR", clause: "Art. 32" },
    { name: "ISO 27001", clause: "A.8.5" },
    { name: "SOC 2", clause: "CC6.1" },
    { name: "NIS2", clause: "Art. 21(2)(i)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: route, props: { apiId: "a1b2", routeKey: "GET /consents", authorizationType: "JWT" } }],
    fails: [{ type: route, props: { apiId: "a1b2", routeKey: "GET /consents" } }],
  },
  checkStack,
};
