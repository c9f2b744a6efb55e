// ACM: certificates that are issued once the CNAME that ACM asks for stands in the DNS.
import { createHash, randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Part } from "../../engine/cloud.ts";
import { CloudError, type Context, type Failure, type Properties, type ResourceDefinition, type Stored } from "../../engine/definition.ts";
import { canonicalName, type Internet } from "../../engine/internet.ts";
import type { Store } from "../../engine/store.ts";
import { accountIn, accountOf, arn, regionDefault, regionOf, tagsAll } from "./account.ts";
import { isKnown, oneOf, textsOf } from "./values.ts";

const certificateToken = "aws:acm/certificate:Certificate";
const validationToken = "aws:acm/certificateValidation:CertificateValidation";
const test = "test/sandbox/aws/acm.test.ts";
/** A record is seen within the time that its own creation takes here; the real one is waited for 75 minutes. */
const patienceMs = 3_000;

/** Domains of a certificate, its own first, each once. */
const domainsOf = (inputs: Properties): string[] => [...new Set([String(inputs.domainName), ...textsOf(inputs.subjectAlternativeNames)])];

interface Challenge {
  readonly domainName: string;
  readonly resourceRecordName: string;
  readonly resourceRecordType: string;
  readonly resourceRecordValue: string;
}

/** The same for a domain and its wildcard, and for every certificate of an account: docs.aws.amazon.com/acm dns-validation. */
function challengeOf(account: string, domain: string): Challenge {
  const base = domain.replace(/^\*\./, "");
  const hash = (salt: string) => createHash("sha256").update(`${account} ${base} ${salt}`).digest("hex").slice(0, 32);
  return {
    domainName: domain,
    resourceRecordName: `_${hash("name")}.${base}.`,
    resourceRecordType: "CNAME",
    resourceRecordValue: `_${hash("value")}.${hash("zone").slice(0, 10)}.acm-validations.aws.`,
  };
}

const stands = (internet: Internet, { resourceRecordName, resourceRecordValue }: Challenge): boolean =>
  internet.lookup(resourceRecordName, "CNAME").includes(canonicalName(resourceRecordValue));

const challengesOf = ({ state }: Stored): Challenge[] => state.domainValidationOptions as unknown as Challenge[];

/** Whether it has been issued: from the first time that all its records were seen. */
export function isIssued(store: Store, internet: Internet, certificate: Stored): boolean {
  const fact = `aws/acm/issued/${certificate.id}`;
  if (store.fact(fact, () => false)) return true;
  const issued = challengesOf(certificate).every((challenge) => stands(internet, challenge));
  if (issued) store.setFact(fact, true);
  return issued;
}

export const findCertificate = (store: Store, reference: string): Stored | undefined => store.get(certificateToken, reference);

/** Whether a client that asks for this host is shown a name that fits (RFC 6125: a wildcard stands for one label). */
export function coversHost(certificate: Stored, host: string): boolean {
  return domainsOf(certificate.inputs).some(
    (domain) =>
      canonicalName(domain) === canonicalName(host) ||
      (domain.startsWith("*.") && canonicalName(host).split(".").slice(1).join(".") === canonicalName(domain.slice(2))),
  );
}

function refuse(inputs: Properties): Failure[] {
  const failures: Failure[] = [
    ...oneOf("validationMethod", inputs.validationMethod, ["DNS"]),
    ...oneOf("keyAlgorithm", inputs.keyAlgorithm, ["RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1"]),
  ];
  for (const property of ["certificateAuthorityArn", "certificateBody", "privateKey"]) {
    if (inputs[property] !== undefined)
      failures.push({ property, reason: "only certificates that ACM issues after a DNS validation are available here" });
  }
  if (inputs.domainName === undefined) failures.push({ property: "domainName", reason: "must be specified" });
  else if (inputs.validationMethod === undefined)
    failures.push({ property: "validationMethod", reason: "must be specified with domainName" });
  for (const name of [inputs.domainName, ...textsOf(inputs.subjectAlternativeNames)]) {
    if (isKnown(name) && (name.endsWith(".") || name.length > 253)) {
      failures.push({ property: "domainName", reason: `"${name}" must not end in a dot and be 253 characters at most` });
    }
  }
  return failures;
}

/** What may change after the fact is what `read` and the listeners see: the state follows the DNS. */
function outputs(context: Context, id: string, inputs: Properties): Properties {
  const { store } = context;
  const account = accountOf(context);
  const issued = store.fact(`aws/acm/issued/${id}`, () => false);
  return {
    arn: id,
    status: issued ? "ISSUED" : "PENDING_VALIDATION",
    type: "AMAZON_ISSUED",
    domainValidationOptions: domainsOf(inputs).map((domain) => ({ ...challengeOf(account, domain) })),
    keyAlgorithm: inputs.keyAlgorithm ?? "RSA_2048",
    notBefore: "",
    notAfter: "",
    pendingRenewal: false,
    renewalEligibility: "INELIGIBLE",
    renewalSummaries: [],
    validationEmails: [],
    ...(inputs.subjectAlternativeNames === undefined ? { subjectAlternativeNames: domainsOf(inputs) } : {}),
    ...(inputs.options === undefined ? { options: { certificateTransparencyLoggingPreference: "ENABLED", export: "DISABLED" } } : {}),
    tagsAll: tagsAll(inputs, context),
  };
}

const certificate = (internet: Internet): ResourceDefinition => ({
  token: certificateToken,
  fidelity: { level: "enforces", how: "is issued when its CNAME stands in the DNS; a listener takes it only then", test },
  replaceOn: ["domainName", "subjectAlternativeNames", "validationMethod", "keyAlgorithm", "validationOptions", "region"], // [acm certificate.go: ForceNew]
  recomputed: ["tagsAll", "status"],
  unordered: ["subjectAlternativeNames"],
  defaults: regionDefault,
  refuse,
  create(context, inputs) {
    const id = context.orphan?.id ?? arn("acm", regionOf(inputs, context), accountOf(context), `certificate/${randomUUID()}`);
    return { id, outputs: outputs(context, id, inputs) };
  },
  update: (context, old, inputs) => outputs(context, old.id, inputs),
  read(context, stored) {
    isIssued(context.store, internet, stored);
    return outputs(context, stored.id, stored.inputs);
  },
  delete({ store }, { id }) {
    const user = store.list("aws:lb/listener:Listener").find(({ state }) => state.certificateArn === id);
    if (!user) return;
    throw new CloudError(
      "ResourceInUseException",
      `deleting ACM Certificate (${id}): api error ResourceInUseException: Certificate ${id} in account ${accountIn(id)} is in use by ${user.state.loadBalancerArn}.`,
    );
  },
});

const validation = (internet: Internet): ResourceDefinition => ({
  token: validationToken,
  fidelity: { level: "enforces", how: "succeeds once the certificate is issued, and says which record is missing where it is not", test },
  replaceOn: ["certificateArn", "validationRecordFqdns", "region"],
  defaults: regionDefault,
  async create(context, inputs) {
    const { store } = context;
    const found = findCertificate(store, String(inputs.certificateArn));
    if (!found) {
      throw new CloudError(
        "ResourceNotFoundException",
        `waiting for ACM Certificate (${inputs.certificateArn}) to be issued: api error ResourceNotFoundException: Could not find certificate ${inputs.certificateArn}.`,
      );
    }
    const given = inputs.validationRecordFqdns === undefined ? undefined : textsOf(inputs.validationRecordFqdns).map(canonicalName);
    const forgotten = challengesOf(found).find(({ resourceRecordName }) => given && !given.includes(canonicalName(resourceRecordName)));
    if (forgotten)
      throw new CloudError(
        "InvalidParameter",
        `missing ${forgotten.domainName} DNS validation record: ${canonicalName(forgotten.resourceRecordName)}`,
      );
    for (const deadline = Date.now() + patienceMs; !isIssued(store, internet, found); await delay(50)) {
      if (Date.now() < deadline) continue;
      const missing = challengesOf(found).filter((challenge) => !stands(internet, challenge));
      throw new CloudError(
        "Timeout",
        `waiting for ACM Certificate (${found.id}) to be issued: timeout while waiting for state to become 'ISSUED' (last state: 'PENDING_VALIDATION'). Not in the DNS, unproxied: ${missing.map((each) => `${each.resourceRecordName} CNAME ${each.resourceRecordValue}`).join(", ")}`,
      );
    }
    return { id: new Date().toISOString(), outputs: {} };
  },
});

export const acmDefinitions = (internet: Internet): readonly ResourceDefinition[] => [certificate(internet), validation(internet)];

export const certificateParts = (store: Store, internet: Internet): Part[] =>
  store.list(certificateToken).map((certificate) => {
    const issued = isIssued(store, internet, certificate);
    return {
      kind: "certificate",
      name: String(certificate.inputs.domainName),
      state: issued ? "running" : "starting",
      detail: `${issued ? "ISSUED" : "PENDING_VALIDATION"}: ${domainsOf(certificate.inputs).join(", ")}`,
    };
  });
