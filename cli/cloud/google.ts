// Google Cloud: each stack's project, its billing, and what the deploying identity may do there.
import type { Ask, Prerequisite } from "./prerequisite.ts";
import { unsettled } from "./prerequisite.ts";

const area = "Google Cloud" as const;

/** One permission for each thing that the program makes in a region's project; `testIamPermissions` says which of them one has. */
export const regionPermissions = [
  "certificatemanager.certs.create",
  "cloudkms.cryptoKeys.create",
  "cloudkms.cryptoKeys.setIamPolicy",
  "cloudsql.instances.create",
  "cloudsql.users.create",
  "compute.networks.create",
  "compute.regionBackendServices.create",
  "iam.serviceAccounts.actAs",
  "iam.serviceAccounts.create",
  "logging.buckets.create",
  "logging.logMetrics.create",
  "logging.sinks.update",
  "monitoring.alertPolicies.create",
  "monitoring.notificationChannels.create",
  "monitoring.slos.create",
  "resourcemanager.projects.setIamPolicy",
  "run.jobs.create",
  "run.services.create",
  // To switch off the check of who invokes (cloud.google.com/run/docs/authenticating/public).
  "run.services.setIamPolicy",
  "secretmanager.secrets.create",
  "secretmanager.secrets.setIamPolicy",
  "servicenetworking.services.addPeering",
  "serviceusage.services.enable",
  "storage.buckets.create",
] as const;

export const globalPermissions = [
  "artifactregistry.repositories.create",
  "artifactregistry.repositories.setIamPolicy",
  "artifactregistry.repositories.uploadArtifacts",
  "cloudkms.cryptoKeys.create",
  "cloudkms.cryptoKeyVersions.useToSign",
  "serviceusage.services.enable",
] as const;

export async function googlePrerequisites(project: string, permissions: readonly string[], ask: Ask): Promise<Prerequisite[]> {
  return Promise.all([
    exists(project, ask),
    billing(project, ask),
    firstApis(project, ask),
    rights(project, permissions, ask),
    pipelineTrust(project, ask),
  ]);
}

async function exists(project: string, ask: Ask): Promise<Prerequisite> {
  const what = `project ${project}`;
  const provide = `gcloud projects create ${project} --organization <id>`;
  const answer = await ask(`https://cloudresourcemanager.googleapis.com/v1/projects/${project}`);
  const state = (answer.body as { lifecycleState?: string } | undefined)?.lifecycleState;
  if (answer.status === 200) return { area, what, verdict: state === "ACTIVE" ? "there" : "missing", found: String(state), provide };
  // It answers 403 for one that does not exist as for one that one may not see.
  const found = answer.status === 403 ? "it does not exist, or you may not see it" : unsettled(answer);
  return { area, what, verdict: answer.status === 404 ? "missing" : "unknown", found, provide };
}

async function billing(project: string, ask: Ask): Promise<Prerequisite> {
  const what = `billing of ${project}`;
  const provide = `gcloud billing projects link ${project} --billing-account <id>`;
  const answer = await ask(`https://cloudbilling.googleapis.com/v1/projects/${project}/billingInfo`);
  if (answer.status !== 200) return { area, what, verdict: "unknown", found: unsettled(answer), provide };
  const { billingEnabled, billingAccountName } = answer.body as { billingEnabled?: boolean; billingAccountName?: string };
  return {
    area,
    what,
    verdict: billingEnabled ? "there" : "missing",
    found: billingEnabled ? String(billingAccountName) : "not enabled",
    provide,
  };
}

/** What even the first preview asks: it reads the project's number before the program can enable anything. */
async function firstApis(project: string, ask: Ask): Promise<Prerequisite> {
  const names = ["cloudresourcemanager", "serviceusage"].map((name) => `${name}.googleapis.com`);
  const what = `the first APIs of ${project}`;
  const provide = `gcloud services enable ${names.join(" ")} --project ${project}`;
  const query = names.map((name) => `names=projects/${project}/services/${name}`).join("&");
  const answer = await ask(`https://serviceusage.googleapis.com/v1/projects/${project}/services:batchGet?${query}`);
  if (answer.status !== 200) return { area, what, verdict: "unknown", found: unsettled(answer), provide };
  const { services = [] } = answer.body as { services?: { name: string; state: string }[] };
  const off = names.filter((name) => !services.some((its) => its.name.endsWith(`/${name}`) && its.state === "ENABLED"));
  return {
    area,
    what,
    verdict: off.length === 0 ? "there" : "missing",
    found: off.length === 0 ? "enabled" : `not enabled: ${off.join(", ")}`,
    provide,
  };
}

/** Whether a pipeline can sign in without a key. */
async function pipelineTrust(project: string, ask: Ask): Promise<Prerequisite> {
  const what = `workload identity pool in ${project}`;
  const provide = `gcloud iam workload-identity-pools create pipelines --location global --project ${project}, then create-oidc in it`;
  const answer = await ask(`https://iam.googleapis.com/v1/projects/${project}/locations/global/workloadIdentityPools`);
  if (answer.status !== 200) return { area, what, verdict: "unknown", found: unsettled(answer), provide };
  const pools = ((answer.body as { workloadIdentityPools?: { name: string; state?: string }[] }).workloadIdentityPools ?? [])
    .filter(({ state }) => state === "ACTIVE")
    .map(({ name }) => name.slice(name.lastIndexOf("/") + 1));
  return {
    area,
    what,
    verdict: pools.length > 0 ? "there" : "missing",
    found: pools.join(", ") || "there is none: only people can deploy",
    provide,
  };
}

async function rights(project: string, permissions: readonly string[], ask: Ask): Promise<Prerequisite> {
  const what = `your rights in ${project}`;
  const answer = await ask(`https://cloudresourcemanager.googleapis.com/v1/projects/${project}:testIamPermissions`, { permissions });
  const provide = `gcloud projects add-iam-policy-binding ${project} --member <who deploys> --role <a role that has them>`;
  if (answer.status !== 200) return { area, what, verdict: "unknown", found: unsettled(answer), provide };
  const held = (answer.body as { permissions?: string[] }).permissions ?? [];
  const missing = permissions.filter((permission) => !held.includes(permission));
  return {
    area,
    what,
    verdict: missing.length === 0 ? "there" : "missing",
    found: missing.length === 0 ? `all ${permissions.length} permissions` : `lacks ${missing.join(", ")}`,
    provide,
  };
}
