import type { ExampleResource } from "../../../../policies/rule.ts";
import { openApi } from "../../../../policies/rules/exposure/open-api.ts";
import { UNKNOWN } from "../../judging.ts";
import { specify } from "../../specify.ts";

const method = "aws:apigateway/method:Method";
const route = "aws:apigatewayv2/route:Route";
const api = "aws:apigatewayv2/api:Api";
const graphQl = "aws:appsync/graphQLApi:GraphQLApi";
const socket = { type: api, name: "chat", props: { protocolType: "WEBSOCKET" } };
const onSocket = (routeKey: string): ExampleResource => ({
  type: route,
  props: { apiId: UNKNOWN, routeKey },
  dependsOn: { apiId: ["chat"] },
});

specify(openApi, {
  passes: [
    ["a method with IAM", { type: method, props: { httpMethod: "GET", authorization: "AWS_IAM" } }],
    ["a preflight", { type: method, props: { httpMethod: "OPTIONS", authorization: "NONE" } }],
    ["a preflight's route", { type: route, props: { routeKey: "OPTIONS /{proxy+}" } }],
    [
      "a private API",
      [
        { type: "aws:apigateway/restApi:RestApi", name: "inside", props: { endpointConfiguration: { types: "PRIVATE" } } },
        { type: method, props: { restApi: UNKNOWN, httpMethod: "GET", authorization: "NONE" }, dependsOn: { restApi: ["inside"] } },
      ],
    ],
    ["a health check", { type: route, props: { routeKey: "GET /healthz" } }],
    ["a published key", { type: route, props: { routeKey: "GET /.well-known/jwks.json" } }],
    ["a route with tokens", { type: route, props: { routeKey: "ANY /{proxy+}", authorizationType: "JWT" } }],
    ["what comes after the connection of a WebSocket", [socket, onSocket("$default"), { ...onSocket("say"), name: "say" }]],
    ["a graph for members", { type: graphQl, props: { authenticationType: "AMAZON_COGNITO_USER_POOLS" } }],
    ["an API without a route of its own", { type: api, props: { protocolType: "HTTP" } }],
  ],
  refused: [
    ["an open method", { type: method, props: { httpMethod: "POST", authorization: "NONE" } }, 'authorization is "NONE"'],
    ["a route that says nothing", { type: route, props: { routeKey: "GET /consents" } }, "authorizationType is not set, which means NONE"],
    ["the default of an HTTP API", { type: route, props: { routeKey: "$default" } }, "authorizationType is not set"],
    ["the connection of a WebSocket", [socket, onSocket("$connect")], "authorizationType is not set"],
    ["a graph behind a key", { type: graphQl, props: { authenticationType: "API_KEY" } }, "authenticationType is"],
    [
      "a second way into a graph",
      { type: graphQl, props: { authenticationType: "AWS_IAM", additionalAuthenticationProviders: [{ authenticationType: "API_KEY" }] } },
      "additionalAuthenticationProviders[0].authenticationType is",
    ],
    [
      "an API that makes its own route",
      { type: api, props: { protocolType: "HTTP", target: "arn:aws:lambda:eu-central-1:1:function:f" } },
      "target makes a route",
    ],
  ],
  undecided: [
    [
      "an authorizer",
      [
        { type: route, props: { routeKey: "GET /consents", authorizationType: UNKNOWN }, dependsOn: { authorizationType: ["other"] } },
        { type: "pulumi:pulumi:StackReference", name: "other" },
      ],
      "authorizationType",
    ],
  ],
  silent: "aws:apigateway/deployment:Deployment",
});
