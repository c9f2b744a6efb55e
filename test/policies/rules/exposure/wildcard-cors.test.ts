import type { Value } from "../../../../policies/resource.ts";
import { wildcardCors } from "../../../../policies/rules/exposure/wildcard-cors.ts";
import { context, UNKNOWN } from "../../judging.ts";
import { specify } from "../../specify.ts";

const api = (allowOrigins: readonly Value[]) => ({
  type: "aws:apigatewayv2/api:Api",
  props: { corsConfiguration: { allowOrigins } },
});
const bucketCors = (props: object) => ({
  type: "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration",
  name: "cors",
  props: { corsRules: [{ allowedOrigins: ["*"] }], ...props },
});
const bucket = (dataClass: string) => ({
  type: "aws:s3/bucket:Bucket",
  name: "b",
  props: { bucket: "fonts", tags: { "data-class": dataClass } },
});
const headers = (credentials: boolean) => ({
  type: "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy",
  props: { corsConfig: { accessControlAllowCredentials: credentials, accessControlAllowOrigins: { items: ["*"] } } },
});
const readable = "the script of any site may read the answers";

specify(wildcardCors, {
  inside: context("eu", {}, (urn) => (urn.endsWith("::assets") ? { dataClass: "public" } : undefined)),
  passes: [
    ["named sites", api(["https://www.brand.example", "https://*.brand.example"])],
    ["a function without CORS", { type: "aws:lambda/functionUrl:FunctionUrl", props: { authorizationType: "AWS_IAM" } }],
    ["fonts for all", [bucket("public"), bucketCors({ bucket: "fonts" })]],
    [
      "fonts for all at Cloudflare",
      [
        { type: "cloudflare:index/r2Bucket:R2Bucket", name: "assets", props: { name: "a" } },
        {
          type: "cloudflare:index/r2BucketCors:R2BucketCors",
          props: { bucketName: "a", rules: [{ allowed: { origins: ["*"], methods: ["GET"] } }] },
        },
      ],
    ],
    ["what a network of distribution hands to all", headers(false)],
    [
      "a header for one site",
      {
        type: "aws:apigateway/response:Response",
        props: { responseParameters: { "gatewayresponse.header.Access-Control-Allow-Origin": "'https://www.brand.example'" } },
      },
    ],
  ],
  refused: [
    ["an API", api(["*"]), readable],
    ["any site with TLS", api(["https://*"]), readable],
    ["a function's URL", { type: "aws:lambda/functionUrl:FunctionUrl", props: { cors: { allowOrigins: ["*"] } } }, "cors.allowOrigins[0]"],
    ["a bucket of people's files", [bucket("personal"), bucketCors({ bucket: "fonts" })], "corsRules[0].allowedOrigins[0]"],
    ["a bucket of another stack", bucketCors({ bucket: "elsewhere" }), "corsRules[0]"],
    ["a bucket of Google's", { type: "gcp:storage/bucket:Bucket", props: { cors: [{ origins: ["*"] }] } }, "cors[0].origins[0]"],
    [
      "a bucket of Cloudflare's",
      { type: "cloudflare:index/r2BucketCors:R2BucketCors", props: { bucketName: "b", rules: [{ allowed: { origins: ["*"] } }] } },
      "rules[0].allowed.origins[0]",
    ],
    [
      "a header for all",
      {
        type: "aws:apigateway/integrationResponse:IntegrationResponse",
        props: { responseParameters: { "method.response.header.Access-Control-Allow-Origin": "'*'" } },
      },
      "Access-Control-Allow-Origin is '*'",
    ],
    ["credentials for all", headers(true), readable],
    [
      "a login page",
      { type: "cloudflare:index/zeroTrustAccessApplication:ZeroTrustAccessApplication", props: { corsHeaders: { allowAllOrigins: true } } },
      "allowAllOrigins is true",
    ],
  ],
  undecided: [["an origin", api([UNKNOWN]), "corsConfiguration.allowOrigins[0]"]],
  silent: "aws:s3/bucketPolicy:BucketPolicy",
});
