// Which APIs a project has enabled, and the service agents that act for Google inside it.
import { CloudError, type Context, type ResourceDefinition } from "../../engine/definition.ts";
import { projectNumber, projectOf } from "./projects.ts";

const serviceToken = "gcp:projects/service:Service";

// As the error names them (the titles in console.cloud.google.com/apis/library).
const titles: Readonly<Record<string, string>> = {
  "artifactregistry.googleapis.com": "Artifact Registry API",
  "certificatemanager.googleapis.com": "Certificate Manager API",
  "cloudkms.googleapis.com": "Cloud Key Management Service (KMS) API",
  "cloudscheduler.googleapis.com": "Cloud Scheduler API",
  "compute.googleapis.com": "Compute Engine API",
  "iam.googleapis.com": "Identity and Access Management (IAM) API",
  "observability.googleapis.com": "Observability API",
  "pubsub.googleapis.com": "Cloud Pub/Sub API",
  "run.googleapis.com": "Cloud Run Admin API",
  "secretmanager.googleapis.com": "Secret Manager API",
  "servicenetworking.googleapis.com": "Service Networking API",
  "sqladmin.googleapis.com": "Cloud SQL Admin API",
  "storage.googleapis.com": "Cloud Storage API",
};

/**
 * Refuses when the project has not enabled the API.
 * @throws CloudError as the API itself would answer
 */
export function requireApi(context: Context, project: string, api: string): void {
  if (context.store.get(serviceToken, `${project}/${api}`)) return;
  const number = projectNumber(context.store, project);
  throw new CloudError(
    "accessNotConfigured",
    `googleapi: Error 403: ${titles[api] ?? api} has not been used in project ${number} before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/${api}/overview?project=${number} then retry. If you enabled this API recently, wait a few minutes for the action to propagate to our systems and retry., accessNotConfigured`,
  );
}

export const service: ResourceDefinition = {
  token: serviceToken,
  fidelity: { level: "enforces", how: "a resource whose API is not enabled is refused", test: "test/sandbox/gcp/services.test.ts" },
  replaceOn: ["project", "service"], // [SDK projects/service: "Changing this forces..." is ForceNew in the provider's schema]
  refuse: ({ service: api }) =>
    typeof api === "string" && /^[a-z0-9-]+$/.test(api)
      ? [{ property: "service", reason: `expected the API's host name, got "${api}"; did you mean "${api}.googleapis.com"?` }]
      : [],
  create(context, inputs) {
    const project = projectOf(context, inputs);
    return { id: `${project}/${inputs.service}`, outputs: { project } };
  },
  update: (context, old) => ({ project: old.state.project ?? projectOf(context, old.inputs) }),
};

// The primary agent of each API [cloud-foundation-fabric service-agents.yaml]. For storage and logging the call succeeds
// and returns no address [terraform-provider-google#18649].
const agents: Readonly<Record<string, string>> = {
  "run.googleapis.com": "serverless-robot-prod",
  "sqladmin.googleapis.com": "gcp-sa-cloud-sql",
  "secretmanager.googleapis.com": "gcp-sa-secretmanager",
  "pubsub.googleapis.com": "gcp-sa-pubsub",
  "artifactregistry.googleapis.com": "gcp-sa-artifactregistry",
  "cloudscheduler.googleapis.com": "gcp-sa-cloudscheduler",
  "monitoring.googleapis.com": "gcp-sa-monitoring-notification",
};
const silent = ["storage.googleapis.com", "logging.googleapis.com"];

/** E-mail of the project's agent of an API. */
export function agentOf(context: Pick<Context, "store">, project: string, api: string): string | undefined {
  const domain = agents[api];
  return domain && `service-${projectNumber(context.store, project)}@${domain}.iam.gserviceaccount.com`;
}

export const serviceIdentity: ResourceDefinition = {
  token: "gcp:projects/serviceIdentity:ServiceIdentity",
  fidelity: { level: "enforces", how: "the agent can be granted a role only once it exists", test: "test/sandbox/gcp/services.test.ts" },
  replaceOn: ["project", "service"],
  create(context, inputs) {
    const project = projectOf(context, inputs);
    const api = String(inputs.service);
    requireApi(context, project, api);
    const id = `projects/${project}/services/${api}`;
    if (silent.includes(api)) return { id, outputs: { project, email: "", member: "" } };
    const email = agentOf(context, project, api);
    if (email === undefined) {
      throw new CloudError(
        "unsupported",
        `Error creating Service Identity: the agent of ${api} is not known here; known are ${Object.keys(agents).join(", ")}`,
      );
    }
    return { id, outputs: { project, email, member: `serviceAccount:${email}` } };
  },
};
