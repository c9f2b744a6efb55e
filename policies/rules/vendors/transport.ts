// What leaves for somebody else is encrypted on its way, and whoever answers proves who they are.
import { byType, type Check, mustNot } from "../../arguments.ts";
import type { Context } from "../../context.ts";
import type { Resource } from "../../resource.ts";
import { judge, type Outcome, outcomeOf, type Rule } from "../../rule.ts";
import { hostOf } from "./endpoint.ts";
import { judgeEndpoints } from "./judge-endpoints.ts";

const plain = new Set(["amqp", "ftp", "http", "ldap", "mqtt", "nats", "redis", "smtp", "syslog", "tcp", "telnet", "udp", "ws"]);

/** Logpush can be told to trust anyone. The address is not shown: it may hold a key. */
const trusting: Check = (resource) =>
  judge(resource, "destinationConf", ({ value }) =>
    typeof value === "string" && /[?&]insecure-skip-verify=true/i.test(value)
      ? {
          problem: "destinationConf says insecure-skip-verify: it sends to whoever answers",
          allowed: "destinationConf without insecure-skip-verify",
        }
      : undefined,
  ).filter(({ kind }) => kind === "violation");

const unverified = byType({
  "aws:apigateway/integration:Integration": [
    mustNot("tlsConfig.insecureSkipVerification", (value) => value === true, "insecureSkipVerification: false"),
  ],
  "cloudflare:index/logpushJob:LogpushJob": [trusting],
});

function check(resource: Resource, context: Context): Outcome {
  const encrypted = judgeEndpoints(resource, context, (endpoint) =>
    endpoint.scheme !== undefined && plain.has(endpoint.scheme)
      ? {
          problem: `${endpoint.place.path} leads to ${hostOf(resource, endpoint)} over ${endpoint.scheme}`,
          allowed: "an address that is encrypted: https",
        }
      : undefined,
  );
  const verified = unverified(resource, context);
  if (encrypted === "notApplicable" && verified === "notApplicable") return "notApplicable";
  return outcomeOf([encrypted, verified].flatMap((outcome) => (typeof outcome === "string" ? [] : outcome)));
}

export const vendorTransport: Rule = {
  id: "vendors/transport",
  title: "What leaves for a vendor is encrypted, and the vendor proves who it is",
  severity: "high",
  why: "What is sent in plain, or to whoever answers, is read by everyone between us and the vendor.",
  remediation: "Use https, and let the certificate be verified.",
  frameworks: [
    { name: "GDPR", clause: "Art. 32(1)(a)" },
    { name: "ISO 27001", clause: "A.8.24" },
    { name: "ISO 27001", clause: "A.5.14" },
    { name: "SOC 2", clause: "CC6.7" },
    { name: "NIS2", clause: "Art. 21(2)(h)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "gcp:cloudscheduler/job:Job", props: { httpTarget: { uri: "https://eu.lighthouse.example/run" } } }],
    fails: [{ type: "gcp:cloudscheduler/job:Job", props: { httpTarget: { uri: "http://eu.lighthouse.example/run" } } }],
  },
  check,
};
