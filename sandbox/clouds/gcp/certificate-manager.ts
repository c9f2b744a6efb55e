// Certificate Manager: proof that a domain is ours, and the certificates that are issued once the proof can be looked up.
import { createHash } from "node:crypto";
import type { Ground, Part } from "../../engine/cloud.ts";
import {
  CloudError,
  type Context,
  type Failure,
  type Properties,
  type ResourceDefinition,
  type Stored,
  UNKNOWN,
} from "../../engine/definition.ts";
import { canonicalName, type Internet } from "../../engine/internet.ts";
import type { Store } from "../../engine/store.ts";
import { mentions, nameOf, refuseInUse } from "./compute.ts";
import { withDeletionPolicy } from "./deletion.ts";
import { labelOutputs } from "./labels.ts";
import { computedOf, listOf, objectOf } from "./outputs.ts";
import { projectOf } from "./projects.ts";
import type { GcpService } from "./service.ts";
import { requireApi } from "./services.ts";

const api = "certificatemanager.googleapis.com";
const test = "test/sandbox/gcp/certificate-manager.test.ts";
export const certificateToken = "gcp:certificatemanager/certificate:Certificate";
const authorizationToken = "gcp:certificatemanager/dnsAuthorization:DnsAuthorization";
const autoname = { property: "name", maxLength: 64, lowercase: true } as const;

export type CertificateState = "PROVISIONING" | "ACTIVE";

/** A certificate is issued, and stays so, while every one of its domains has its authorisation's record in the DNS. */
export function stateOf({ store }: { readonly store: Store }, internet: Internet, certificate: Stored): CertificateState {
  const managed = objectOf(certificate.state.managed);
  const authorizations = namesOf(managed.dnsAuthorizations).flatMap((id) => store.get(authorizationToken, id) ?? []);
  const isProven = (domain: string) =>
    authorizations
      .filter(({ state }) => state.domain === baseOf(domain))
      .flatMap(({ state }) => listOf(state.dnsResourceRecords))
      .some(({ name, type, data }) => internet.lookup(String(name), String(type)).includes(canonicalName(String(data))));
  return ((managed.domains ?? []) as string[]).every(isProven) ? "ACTIVE" : "PROVISIONING";
}

/** Whether a certificate's names cover a host; a wildcard stands for one label. */
export function covers(certificate: Stored, host: string): boolean {
  const domains = (objectOf(certificate.state.managed).domains ?? []) as string[];
  return domains.some((domain) => domain === host || (domain.startsWith("*.") && host.slice(host.indexOf(".")) === domain.slice(1)));
}

/** An authorisation covers its domain and the wildcard below it. [SDK DnsAuthorization.domain] */
const baseOf = (domain: string) => domain.replace(/^\*\./, "");
const namesOf = (references: unknown) => ((references ?? []) as string[]).map(nameOf);

function place(context: Context, inputs: Properties, collection: string): { project: string; location: string; id: string } {
  const project = projectOf(context, inputs);
  requireApi(context, project, api);
  const location = String(inputs.location ?? "global");
  return { project, location, id: `projects/${project}/locations/${location}/${collection}/${inputs.name}` };
}

function refuseTaken({ store, orphan }: Context, token: string, id: string): void {
  if (!store.get(token, id) || orphan?.id === id) return;
  throw new CloudError("alreadyExists", `googleapi: Error 409: Resource '${id}' already exists, alreadyExists`);
}

const authorization: ResourceDefinition = {
  token: authorizationToken,
  fidelity: { level: "enforces", how: "its record in the DNS is what a certificate waits for", test },
  autoname,
  replaceOn: ["name", "location", "project", "domain", "type"], // [MM DnsAuthorization.yaml: immutable]
  recomputed: ["pulumiLabels", "effectiveLabels"],
  refuse: ({ domain }) =>
    typeof domain === "string" && domain !== UNKNOWN && !/^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]+$/.test(domain)
      ? [{ property: "domain", reason: `"${domain}": a domain without wildcard, scheme or final dot; its wildcard is covered too` }]
      : [],
  create(context, inputs) {
    const { project, location, id } = place(context, inputs, "dnsAuthorizations");
    refuseTaken(context, authorizationToken, id);
    // [SDK: global FIXED_RECORD, elsewhere PER_PROJECT_RECORD]
    const type = String(inputs.type ?? (location === "global" ? "FIXED_RECORD" : "PER_PROJECT_RECORD"));
    if (location !== "global" && type === "FIXED_RECORD")
      throw new CloudError("invalid", "googleapi: Error 400: a regional DNS authorization must be of type PER_PROJECT_RECORD, invalid");
    const hash = createHash("sha256").update(`${project} ${location} ${inputs.domain}`).digest("hex");
    const label = type === "FIXED_RECORD" ? "_acme-challenge" : `_acme-challenge_${hash.slice(0, 16)}`;
    const uuid = hash.slice(16, 48).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
    const record = { name: `${label}.${inputs.domain}.`, type: "CNAME", data: `${uuid}.1.authorize.certificatemanager.goog.` };
    return { id, outputs: { project, type, dnsResourceRecords: [record], ...labelOutputs(context, inputs) } };
  },
  update: (context, old, inputs) => ({ ...computedOf(old), ...labelOutputs(context, inputs) }),
  delete(context, { id }) {
    refuseInUse(
      id,
      context.store.list(certificateToken).filter(({ inputs }) => mentions(inputs, id)),
    );
  },
};

function refuseCertificate({ managed, selfManaged, location }: Properties): Failure[] {
  if (managed === UNKNOWN || selfManaged === UNKNOWN) return [];
  if ((managed === undefined) === (selfManaged === undefined))
    return [{ property: "managed", reason: "give exactly one of managed and selfManaged" }];
  if (selfManaged !== undefined)
    return [
      { property: "selfManaged", reason: "workloads here trust the sandbox's own authority only; managed certificates are issued by it" },
    ];
  const { domains, dnsAuthorizations, issuanceConfig } = objectOf(managed);
  const failures: Failure[] = [];
  if (Array.isArray(domains) && domains.length === 0) failures.push({ property: "managed.domains", reason: "name a domain at least" });
  if (issuanceConfig !== undefined)
    failures.push({ property: "managed.issuanceConfig", reason: "there is no Certificate Authority Service here; use dnsAuthorizations" });
  else if (!dnsAuthorizations)
    failures.push({
      property: "managed.dnsAuthorizations",
      reason:
        (location ?? "global") === "global"
          ? "authorisation by a global load balancer is not run here; use dnsAuthorizations"
          : "a regional certificate cannot be authorised by a load balancer: use dnsAuthorizations",
    });
  return failures;
}

const certificate = (users: readonly string[]): ResourceDefinition => ({
  token: certificateToken,
  fidelity: { level: "enforces", how: "no load balancer speaks TLS for its domains until their records are in the DNS", test },
  autoname,
  // [MM Certificate.yaml: immutable]; `managed.state` and its like are outputs.
  replaceOn: ["name", "location", "project", "scope", "managed.domains", "managed.dnsAuthorizations", "managed.issuanceConfig"],
  recomputed: ["pulumiLabels", "effectiveLabels"],
  refuse: refuseCertificate,
  create(context, inputs) {
    const { project, location, id } = place(context, inputs, "certificates");
    refuseTaken(context, certificateToken, id);
    const managed = objectOf(inputs.managed);
    const names = namesOf(managed.dnsAuthorizations);
    for (const name of names) {
      if (!context.store.get(authorizationToken, name))
        throw new CloudError("notFound", `googleapi: Error 404: Resource '${name}' was not found, notFound`);
      if (name.split("/")[3] !== location)
        throw new CloudError("invalid", `googleapi: Error 400: '${name}' is not in the location of the certificate, ${location}, invalid`);
    }
    const authorized = names.map((name) => context.store.get(authorizationToken, name)?.state.domain);
    for (const domain of (managed.domains ?? []) as string[])
      if (!authorized.includes(baseOf(domain)))
        throw new CloudError("invalid", `googleapi: Error 400: no DNS authorization was given for the domain '${domain}', invalid`);
    // The API answers before anything is issued.
    const outputs = { project, scope: inputs.scope ?? "DEFAULT", sanDnsnames: managed.domains ?? [], ...labelOutputs(context, inputs) };
    return { id, outputs: { ...outputs, managed: { ...managed, state: "PROVISIONING" } } };
  },
  update: (context, old, inputs) => ({ ...computedOf(old), managed: old.state.managed ?? null, ...labelOutputs(context, inputs) }),
  delete(context, { id }) {
    refuseInUse(
      id,
      users.flatMap((token) => context.store.list(token)).filter(({ inputs }) => mentions(inputs, id)),
    );
  },
});

/** @param users types that refer to certificates */
export function createCertificateManager({ store, internet }: Ground, users: readonly string[]): GcpService {
  return {
    resources: [authorization, certificate(users)].map(withDeletionPolicy),
    functions: [],
    start: async () => {},
    stop: async () => {},
    parts: (): Part[] =>
      store.list(certificateToken).map((row) => {
        const state = stateOf({ store }, internet, row);
        const domains = ((objectOf(row.state.managed).domains ?? []) as string[]).join(", ");
        return {
          kind: "certificate",
          name: row.id.split("/").at(-1) ?? row.id,
          state: state === "ACTIVE" ? "running" : "starting",
          detail: `${state}: ${domains}`,
        };
      }),
  };
}
