// Ways out at the edge: each is one rule's finding, and no other rule's.
import { describe } from "vitest";
import { type Escapes, onlyOneSpeaks, UNKNOWN } from "../../verdicts.ts";

const here = { region: "eu-central-1" };
const r2 = "cloudflare:index/r2Bucket:R2Bucket";
const version = "cloudflare:index/workerVersion:WorkerVersion";

describe.each<Escapes>([
  [
    "residency/location-hint",
    [
      ["a bucket's", { type: r2, props: { location: "weur" } }, "location is a location hint"],
      [
        "a database's",
        { type: "cloudflare:index/d1Database:D1Database", props: { primaryLocationHint: "weur" } },
        "primaryLocationHint is a location hint",
      ],
    ],
  ],
  [
    "residency/jurisdiction-pin",
    [
      ["a bucket without one", { type: r2, props: {} }, 'jurisdiction (not set) is "global"'],
      ["a bucket with the default", { type: r2, props: { jurisdiction: "default" } }, 'jurisdiction is "default"'],
      ["a bucket with another", { type: r2, props: { jurisdiction: "us" } }, 'jurisdiction is "us"'],
      ["a queue", { type: "cloudflare:index/queue:Queue", props: {} }, "jurisdiction (not set)"],
      ["a database", { type: "cloudflare:index/d1Database:D1Database", props: {} }, "jurisdiction (not set)"],
    ],
  ],
  [
    "residency/binding-jurisdiction",
    [
      [
        "a binding to another jurisdiction",
        { type: version, props: { bindings: [{ type: "r2_bucket", bucketName: "orders", jurisdiction: "us" }] } },
        'bindings[0].jurisdiction is "us"',
      ],
      [
        "a binding of Pages",
        {
          type: "cloudflare:index/pagesProject:PagesProject",
          props: { deploymentConfigs: { production: { r2Buckets: { ORDERS: { name: "orders", jurisdiction: "us" } } } } },
        },
        'deploymentConfigs.production.r2Buckets.ORDERS.jurisdiction is "us"',
      ],
      [
        "a binding that leaves it out",
        [
          { type: r2, name: "orders", props: { name: "orders", jurisdiction: "eu" } },
          { type: version, name: "site", props: { bindings: [{ type: "r2_bucket", bucketName: "orders" }] } },
        ],
        'bindings[0].jurisdiction is "default", but the bucket "orders" has "eu"',
      ],
      [
        "a binding of Pages that leaves it out",
        [
          { type: r2, name: "orders", props: { name: "orders", jurisdiction: "eu" } },
          {
            type: "cloudflare:index/pagesProject:PagesProject",
            name: "site",
            props: { deploymentConfigs: { production: { r2Buckets: { ORDERS: { name: "orders" } } } } },
          },
        ],
        'deploymentConfigs.production.r2Buckets.ORDERS.jurisdiction is "default", but the bucket "orders" has "eu"',
      ],
      [
        "a sink of a pipeline that leaves it out",
        [
          { type: r2, name: "orders", props: { name: "orders", jurisdiction: "eu" } },
          { type: "cloudflare:index/pipelineSink:PipelineSink", name: "sink", props: { type: "r2", config: { bucket: "orders" } } },
        ],
        'config.jurisdiction is "default", but the bucket "orders" has "eu"',
      ],
      [
        "a lock that leaves it out",
        [
          { type: r2, name: "orders", props: { name: "orders", jurisdiction: "eu" } },
          {
            type: "cloudflare:index/r2BucketLock:R2BucketLock",
            name: "lock",
            props: { bucketName: UNKNOWN },
            dependsOn: { bucketName: ["orders"] },
          },
        ],
        'jurisdiction is "default", but the bucket "orders" has "eu"',
      ],
    ],
  ],
  [
    "residency/smart-placement",
    [
      ["a version's", { type: version, props: { placement: { mode: "smart" } } }, "placement.mode moves the Worker"],
      [
        "of Pages",
        {
          type: "cloudflare:index/pagesProject:PagesProject",
          props: { deploymentConfigs: { production: { placement: { mode: "smart" } } } },
        },
        "placement.mode moves the functions",
      ],
    ],
  ],
  [
    "residency/unpinnable",
    [
      ["the Secrets Store", { type: "cloudflare:index/secretsStore:SecretsStore", props: {} }, "kept in all data centres"],
      ["a prompt's gateway", { type: "cloudflare:index/aiGateway:AiGateway", props: {} }, "AI Gateway keeps"],
      ["an index of vectors", { type: version, props: { bindings: [{ name: "INDEX", type: "vectorize" }] } }, "bindings[0].type is"],
      ["Cache Reserve", { type: "cloudflare:index/zoneCacheReserve:ZoneCacheReserve", props: { value: "on" } }, "Cache Reserve keeps"],
      ["sign-in by Identity Platform", { type: "gcp:identityplatform/config:Config", props: {} }, "in the United States only"],
    ],
  ],
  [
    "residency/tls-termination",
    [
      [
        "a custom domain without a regional hostname",
        { type: "cloudflare:index/workersCustomDomain:WorkersCustomDomain", props: { hostname: "eu.shop.example" } },
        "eu.shop.example has no RegionalHostname",
      ],
      [
        "a route without one",
        { type: "cloudflare:index/workersRoute:WorkersRoute", props: { pattern: "https://eu.shop.example/api/*", script: "site" } },
        "eu.shop.example has no RegionalHostname",
      ],
      [
        "a proxied record beside another's regional hostname",
        [
          { type: "cloudflare:index/dnsRecord:DnsRecord", name: "record", props: { name: "api.shop.example", proxied: true } },
          {
            type: "cloudflare:index/regionalHostname:RegionalHostname",
            name: "regional",
            props: { hostname: "*.eu.shop.example", regionKey: "eu" },
          },
        ],
        "api.shop.example has no RegionalHostname",
      ],
      [
        "a hostname of another region",
        { type: "cloudflare:index/regionalHostname:RegionalHostname", props: { regionKey: "us" } },
        'regionKey is "us"',
      ],
      ["CloudFront", { type: "aws:cloudfront/distribution:Distribution", props: {} }, "CloudFront ends TLS"],
      ["a REST API at the edge, which is the default", { type: "aws:apigateway/restApi:RestApi", props: here }, "which means EDGE"],
      [
        "a REST API at the edge, in writing",
        { type: "aws:apigateway/restApi:RestApi", props: { ...here, endpointConfiguration: { types: "EDGE" } } },
        'endpointConfiguration.types is "EDGE"',
      ],
      ["a global load balancer", { type: "gcp:compute/globalForwardingRule:GlobalForwardingRule", props: {} }, "which means EXTERNAL"],
      [
        "uploads by the edge",
        { type: "aws:s3/bucketAccelerateConfiguration:BucketAccelerateConfiguration", props: { ...here, status: "Enabled" } },
        'status is "Enabled"',
      ],
    ],
  ],
])("%s alone speaks of", onlyOneSpeaks);
