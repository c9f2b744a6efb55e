import { describe, expect, it } from "vitest";
import type { Value } from "../../../policies/resource.ts";
import { vendorClauses } from "../../../policies/rules/vendors/clauses.ts";
import { vendorDataClass } from "../../../policies/rules/vendors/data-class.ts";
import { endpointOf, isOutside } from "../../../policies/rules/vendors/endpoint.ts";
import { vendorEvidence } from "../../../policies/rules/vendors/evidence.ts";
import { vendorRegion } from "../../../policies/rules/vendors/region.ts";
import { registeredVendor } from "../../../policies/rules/vendors/registered.ts";
import { vendorTransport } from "../../../policies/rules/vendors/transport.ts";
import { loadVendors, vendorsOf } from "../../../policies/vendors.ts";
import { type Case, context, goodVendor, judged, problems, resource, UNKNOWN } from "../judging.ts";
import { specify } from "../table.ts";

const subscription = "aws:sns/topicSubscription:TopicSubscription";
const lambda = "aws:lambda/function:Function";
const run = "gcp:cloudrunv2/service:Service";
const push = "gcp:pubsub/subscription:Subscription";
const logpush = "cloudflare:index/logpushJob:LogpushJob";
const task = "aws:ecs/taskDefinition:TaskDefinition";
const bucket = { type: "aws:s3/bucket:Bucket" };

const hook = (endpoint: Value, protocol = "https"): Case => ({ type: subscription, props: { protocol, endpoint } });
const env = (name: string, value: Value): Case => ({ type: lambda, props: { environment: { variables: { [name]: value } } } });

describe("an address", () => {
  it.each([
    ["https://Eu.Lighthouse.example:443/in?key=1", "eu.lighthouse.example"],
    ["https://user:pass@in.vendor.example/x", "in.vendor.example"],
    ["in.vendor.example", "in.vendor.example"],
    ["in.vendor.example:4317", "in.vendor.example"],
    ["postgres://db.vendor.example/x", "db.vendor.example"],
    ["https://203.0.113.7/x", "203.0.113.7"],
    ["arn:aws:sqs:eu-central-1:123456789012:orders", undefined],
    ["on-call@brand.example", undefined],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: API Gateway's own way to write a variable
    ["https://${stageVariables.host}/x", undefined],
    ["/v1/orders", undefined],
    ["s3://logs.brand.example/eu?region=eu-central-1", undefined],
    ["", undefined],
  ])("%s is of %s", (value, host) => {
    expect(endpointOf({ path: "url", value })?.host).toBe(host);
  });

  it.each([
    ["api.brand.example", false],
    ["brand.example", false],
    ["notbrand.example", true],
    ["sqs.eu-central-1.amazonaws.com", false],
    ["preferences-abc.a.run.app", false],
    ["storage.googleapis.com", false],
    ["evilgoogleapis.com", true],
    ["localhost", false],
    ["collector", false],
    ["collector.default.svc", false],
    ["10.0.3.7", false],
    ["172.20.0.1", false],
    ["172.40.0.1", true],
    ["203.0.113.7", true],
    ["hooks.vendor.example", true],
  ])("%s leads outside: %s", (host, outside) => {
    expect(isOutside(host, { domains: ["brand.example"] })).toBe(outside);
  });
});

specify(registeredVendor, {
  passes: {
    "a vendor of the register": hook("https://in.lighthouse.example/hook"),
    "an address of our own": hook("https://api.brand.example/hook"),
    "a queue": hook("arn:aws:sqs:eu-central-1:123456789012:orders", "sqs"),
    "an address of a cloud": env("QUEUE_URL", "https://sqs.eu-central-1.amazonaws.com/1/orders"),
    "a service of ours": { type: push, props: { pushConfig: { pushEndpoint: "https://preferences-abc.a.run.app/push" } } },
    "a bucket behind the edge": {
      type: "aws:cloudfront/distribution:Distribution",
      props: { origins: [{ domainName: "assets.s3.eu-central-1.amazonaws.com" }] },
    },
  },
  fails: {
    "a webhook": [hook("https://hooks.unknown.example/T0/B0"), "endpoint leads to hooks.unknown.example, of no registered vendor"],
    "an API destination": [
      {
        type: "aws:cloudwatch/eventApiDestination:EventApiDestination",
        props: { invocationEndpoint: "https://crm.unknown.example/events" },
      },
      "crm.unknown.example",
    ],
    "a push endpoint": [{ type: push, props: { pushConfig: { pushEndpoint: "https://unknown.example" } } }, "pushConfig.pushEndpoint"],
    "a destination of logs": [
      { type: logpush, props: { destinationConf: "splunk://splunk.unknown.example?insecure=0" } },
      "splunk.unknown.example",
    ],
    "a delivery stream": [
      {
        type: "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream",
        props: { httpEndpointConfiguration: { url: "https://in.unknown.example" } },
      },
      "httpEndpointConfiguration.url",
    ],
    "a scheduled call": [
      { type: "gcp:cloudscheduler/job:Job", props: { httpTarget: { uri: "https://unknown.example" } } },
      "httpTarget.uri",
    ],
    "a task's target": [
      { type: "gcp:cloudtasks/queue:Queue", props: { httpTarget: { uriOverride: { host: "unknown.example" } } } },
      "uriOverride.host",
    ],
    "a database elsewhere": [
      { type: "cloudflare:index/hyperdriveConfig:HyperdriveConfig", props: { origin: { host: "db.unknown.example" } } },
      "origin.host",
    ],
    "an origin elsewhere": [
      {
        type: "cloudflare:index/loadBalancerPool:LoadBalancerPool",
        props: { origins: [{ address: "api.brand.example" }, { address: "unknown.example" }] },
      },
      "origins[1].address",
    ],
    "a channel of chat": [{ type: "aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration", props: {} }, "slack.com"],
    "an exporter in an environment": [env("OTEL_EXPORTER_OTLP_ENDPOINT", "https://otlp.unknown.example"), "otlp.unknown.example"],
    "an error tracker": [env("SENTRY_DSN", "https://key@o1.ingest.unknown.example/1"), "o1.ingest.unknown.example"],
    "one in a service": [
      { type: run, props: { template: { containers: [{ envs: [{ name: "CRM_URL", value: "https://unknown.example" }] }] } } },
      "template.containers[0].envs[0].value",
    ],
    "one in a task": [
      {
        type: task,
        props: { containerDefinitions: JSON.stringify([{ environment: [{ name: "CRM_URL", value: "https://unknown.example" }] }]) },
      },
      "containerDefinitions leads to unknown.example",
    ],
    "one in a Worker": [
      {
        type: "cloudflare:index/workerVersion:WorkerVersion",
        props: { bindings: [{ name: "CRM_URL", type: "plain_text", text: "https://unknown.example" }] },
      },
      "bindings[0].text",
    ],
    "one in a site": [
      {
        type: "cloudflare:index/pagesProject:PagesProject",
        props: { deploymentConfigs: { production: { envVars: { CRM_URL: { type: "plain_text", value: "https://unknown.example" } } } } },
      },
      "envVars.CRM_URL",
    ],
  },
  notApplicable: {
    "what sends nothing": bucket,
    "a name that only looks like an address": env("TOKEN_ISSUER_URL", "https://token.unknown.example"),
    "an environment that is not known before the update": env("CRM_URL", UNKNOWN),
    "a text that is no address": env("GREETING", "https://unknown.example"),
  },
  undecided: { "an address that only the deployment tells": [hook(UNKNOWN), "endpoint"] },
});

it("vendors/registered takes outputs of our own clouds for ours, and of nobody else", () => {
  const queue = resource({ type: "aws:sqs/queue:Queue" });
  const foreign = resource({ type: "datadog:index/webhook:Webhook" });
  const from = (urn: string) => ({ ...resource(hook(UNKNOWN)), propertyDependencies: { endpoint: [urn] } });
  const open = { kind: "undecided", property: "endpoint" } as const;
  expect(registeredVendor.settles?.(open, from(queue.urn), [queue])).toBe(true);
  expect(registeredVendor.settles?.(open, from(foreign.urn), [foreign])).toBe(false);
  expect(registeredVendor.settles?.(open, resource(hook(UNKNOWN)), [queue])).toBe(false);
});

it("a vendor's address that is secret is not shown", () => {
  const secret = { ...hook("https://hooks.unknown.example/s3cret"), secrets: ["endpoint"] };
  expect(problems(judged(registeredVendor, secret))).toEqual(["endpoint leads to [secret], of no registered vendor"]);
});

const good = hook("https://in.lighthouse.example/hook");
const stranger = hook("https://in.stranger.example/hook");
const unregistered = hook("https://hooks.unknown.example");

specify(vendorRegion, {
  passes: { "a place in the jurisdiction": good, "an unregistered vendor, which another rule refuses": unregistered },
  fails: { none: [stranger, "sends to stranger (in.stranger.example), which has no place in eu"] },
  notApplicable: { "what sends nothing": bucket },
});

it("vendors/region asks for the stack's own jurisdiction, and in global for none", () => {
  expect(problems(judged(vendorRegion, good, context("us")))[0]).toContain("no place in us");
  expect(judged(vendorRegion, stranger, context("global"))).toBe("compliant");
});

specify(vendorDataClass, {
  passes: {
    "what was agreed": {
      type: lambda,
      props: { tags: { "data-class": "operational" }, environment: { variables: { A_URL: "https://a.lighthouse.example" } } },
    },
  },
  fails: {
    "more than was agreed": [
      {
        type: lambda,
        props: { tags: { "data-class": "personal" }, environment: { variables: { A_URL: "https://a.lighthouse.example" } } },
      },
      "sends personal data to lighthouse (a.lighthouse.example)",
    ],
    "what declares nothing": [good, "declares no data class, and so may be personal"],
  },
  notApplicable: { "what sends nothing": bucket },
  undecided: {
    "a class": [
      { type: lambda, props: { tags: { "data-class": UNKNOWN }, environment: { variables: { A_URL: "https://a.lighthouse.example" } } } },
      "tags.data-class",
    ],
  },
});

specify(vendorClauses, {
  passes: { "all is agreed": good },
  fails: {
    "nothing is": [
      stranger,
      "what it promises (sla), how everything is taken away again (exportFormat), how long it keeps (retention), who of it may look (access)",
    ],
  },
  notApplicable: { "what sends nothing": bucket },
});

it.each(["sla", "exportFormat", "retention", "access"] as const)("vendors/clauses misses %s alone", (name) => {
  const { [name]: _, ...rest } = goodVendor;
  const inside = context("eu", {}, undefined, { vendors: vendorsOf([rest]) });
  expect(problems(judged(vendorClauses, good, inside))[0]).toContain(`(${name})`);
});

specify(vendorEvidence, {
  passes: { "of this year": good },
  fails: { none: [stranger, "for which there is no evidence"] },
  notApplicable: { "what sends nothing": bucket },
});

it.each([
  ["2025-11-22", undefined],
  ["2025-11-21", "last examined on 2025-11-21"],
  ["2026-11-23", "a day to come"],
])("vendors/evidence of %s", (date, problem) => {
  const vendors = vendorsOf([{ ...goodVendor, evidence: { url: "https://lighthouse.example/dpa", date } }]);
  const said = problems(judged(vendorEvidence, good, context("eu", {}, undefined, { vendors })))[0];
  if (problem === undefined) expect(said).toBe("compliant");
  else expect(said).toContain(problem);
});

specify(vendorTransport, {
  passes: {
    https: good,
    "plain inside our own network": env("COLLECTOR_ENDPOINT", "http://collector.internal:4318"),
    "a host without a scheme": {
      type: "cloudflare:index/hyperdriveConfig:HyperdriveConfig",
      props: { origin: { host: "db.lighthouse.example" } },
    },
  },
  fails: {
    http: [hook("http://in.lighthouse.example/hook", "http"), "endpoint leads to in.lighthouse.example over http"],
    "syslog in an environment": [env("LOG_ENDPOINT", "syslog://in.lighthouse.example:514"), "over syslog"],
    "a destination that trusts anyone": [
      { type: logpush, props: { destinationConf: "https://in.lighthouse.example?insecure-skip-verify=true&header_Authorization=s3cret" } },
      "destinationConf says insecure-skip-verify",
    ],
    "an integration that trusts anyone": [
      { type: "aws:apigateway/integration:Integration", props: { tlsConfig: { insecureSkipVerification: true } } },
      "insecureSkipVerification is true",
    ],
  },
  notApplicable: { "what sends nothing": bucket },
});

describe("the vendor register", () => {
  const entry = `- name: lighthouse\n  endpoints: ["*.lighthouse.example"]\n  regions: { eu: Frankfurt }\n  dataClasses: [operational]\n`;

  it("is read, and the committed one as well", () => {
    expect(loadVendors("/", entry).at("EU.lighthouse.example")?.name).toBe("lighthouse");
    expect(loadVendors("/", entry).at("lighthouse.example.evil.example")).toBeUndefined();
    expect(loadVendors(new URL("../../../policies", import.meta.url).pathname).named("gcp")?.retention?.days).toBeGreaterThan(0);
  });

  it("says everything that is wrong with it at once", () => {
    const wrong = `- name: Light House\n  endpoints: ["https://x"]\n  regions: { mars: x }\n  dataClasses: [secret]\n  evidence: { url: "http://x", date: "soon" }\n`;
    expect(() => loadVendors("/", wrong)).toThrow(
      /vendors.yaml cannot be used:[\s\S]*name[\s\S]*endpoints[\s\S]*regions[\s\S]*dataClasses[\s\S]*evidence/,
    );
  });

  it("lists nobody twice", () => {
    expect(() => loadVendors("/", entry + entry)).toThrow("listed twice: lighthouse");
  });
});
