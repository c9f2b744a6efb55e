// cloudrunv2.Service: what the API refuses, fills in and answers.
import { createHash } from "node:crypto";
import {
  CloudError,
  type Context,
  type Created,
  type Failure,
  PartialFailure,
  type Properties,
  type ResourceDefinition,
  UNKNOWN,
} from "../../engine/definition.ts";
import { refuseProtected, withDeletionPolicy } from "./deletion.ts";
import type { Iam } from "./iam.ts";
import { iamMember } from "./iam-member.ts";
import { labelOutputs } from "./labels.ts";
import { objectOf } from "./outputs.ts";
import { projectNumber, projectOf } from "./projects.ts";
import { addressesOf, tagged } from "./run-address.ts";
import { type CloudRunServices, serviceToken } from "./run-services.ts";
import { latest } from "./run-traffic.ts";
import { requireApi } from "./services.ts";
import { refuseTemplate, type Workloads } from "./workload.ts";

const api = "run.googleapis.com";
const test = "test/sandbox/gcp/cloud-run-service.test.ts";
const nameRule = /^[a-z]([-a-z0-9]{0,47}[a-z0-9])?$/;

function refuse(inputs: Properties): Failure[] {
  const failures: Failure[] = [];
  const { name, template } = inputs;
  if (typeof name === "string" && name !== UNKNOWN && !nameRule.test(name)) {
    failures.push({
      property: "name",
      reason: `"${name}" must start with a lower case letter and have lower case letters, digits and hyphens only, 49 at most`,
    });
  }
  const { revision } = objectOf(template);
  if (typeof revision === "string" && revision !== UNKNOWN && name !== UNKNOWN) {
    const rest = revision.startsWith(`${name}-`) ? revision.slice(`${name}-`.length) : undefined;
    if (rest === undefined || !/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(rest) || revision.length > 63) {
      failures.push({
        property: "template.revision",
        reason: `"${revision}" must be prefixed by the service's name ("${name}-"), have lower case letters, digits and hyphens only, not end in a hyphen and be 63 characters at most`,
      });
    }
  }
  return template === undefined || template === UNKNOWN ? failures : [...failures, ...refuseTemplate(objectOf(template), "template")];
}

export function runService(services: CloudRunServices, workloads: Workloads): ResourceDefinition {
  function outputsOf(context: Context, id: string, inputs: Properties): Properties {
    const project = projectOf(context, inputs);
    const number = projectNumber(context.store, project);
    const { uri, urls } = addressesOf(String(inputs.name), project, number, String(inputs.location));
    const record = services.record(id);
    const newest = record?.revisions.at(-1);
    const healthy = newest?.name === record?.latestReady;
    const now = new Date().toISOString();
    const generation = String(record?.generation ?? 1);
    const condition = (type: string) => ({
      type,
      state: healthy ? "CONDITION_SUCCEEDED" : "CONDITION_FAILED",
      message: "",
      reason: "",
      revisionReason: "",
      executionReason: "",
      severity: "",
      lastTransitionTime: now,
    });
    const types = { latest: "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", named: "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION" };
    const traffics = (record?.traffic ?? []).map(({ revision, percent, tag }) => ({
      type: revision === latest ? types.latest : types.named,
      revision: revision === latest ? "" : revision,
      percent,
      tag: tag ?? "",
    }));
    return {
      ...labelOutputs(context, inputs),
      effectiveAnnotations: inputs.annotations ?? {},
      project,
      uri,
      urls: [...urls],
      uid: record?.uid ?? "",
      createTime: record?.created ?? now,
      updateTime: now,
      deleteTime: "",
      expireTime: "",
      creator: "owner",
      lastModifier: "owner",
      etag: `"${createHash("sha256").update(`${id} ${generation} ${now}`).digest("base64url").slice(0, 24)}"`,
      generation,
      observedGeneration: generation,
      reconciling: false,
      latestCreatedRevision: newest ? `${id}/revisions/${newest.name}` : "",
      latestReadyRevision: record?.latestReady ? `${id}/revisions/${record.latestReady}` : "",
      conditions: [condition("RoutesReady"), condition("ConfigurationsReady")],
      terminalConditions: [condition("Ready")],
      ingress: inputs.ingress ?? "INGRESS_TRAFFIC_ALL",
      launchStage: inputs.launchStage ?? "GA",
      scaling: { minInstanceCount: 0, ...objectOf(inputs.scaling) },
      // [SDK ServiceTemplate: what the API fills in]
      template: {
        maxInstanceRequestConcurrency: 80,
        timeout: "300s",
        serviceAccount: workloads.accountOf({ template: objectOf(inputs.template), project }),
        ...objectOf(inputs.template),
      },
      ...(inputs.traffics === undefined ? { traffics } : {}),
      trafficStatuses: traffics.map((traffic) => ({ ...traffic, uri: traffic.tag ? tagged(uri, traffic.tag) : "" })),
    };
  }

  async function apply(context: Context, id: string, inputs: Properties): Promise<Created> {
    workloads.admit({ template: objectOf(inputs.template), project: projectOf(context, inputs) });
    const reasons = await services.deploy(id, inputs);
    const created = { id, outputs: outputsOf(context, id, inputs) };
    if (reasons.length > 0) throw new PartialFailure(created, reasons);
    return created;
  }

  return withDeletionPolicy({
    token: serviceToken,
    fidelity: { level: "runs", how: "the image's entrypoint as a process, with revisions, probes and traffic", test },
    autoname: { property: "name", maxLength: 49, lowercase: true },
    replaceOn: ["name", "location", "project"], // [MM Service.yaml: immutable and url_param_only]
    unordered: ["template.containers[*].envs", "template.volumes[*].cloudSqlInstance.instances"],
    recomputed: [
      "conditions",
      "effectiveAnnotations",
      "effectiveLabels",
      "etag",
      "generation",
      "lastModifier",
      "latestCreatedRevision",
      "latestReadyRevision",
      "observedGeneration",
      "pulumiLabels",
      "terminalConditions",
      "trafficStatuses",
      "updateTime",
    ],
    defaults: (inputs): Properties => (inputs.deletionProtection === undefined ? { deletionProtection: true } : {}),
    refuse,
    create(context, inputs) {
      const project = projectOf(context, inputs);
      requireApi(context, project, api);
      const id = `projects/${project}/locations/${inputs.location}/services/${inputs.name}`;
      if (context.store.get(serviceToken, id) && context.orphan?.id !== id) {
        throw new CloudError(
          "alreadyExists",
          `Error creating Service: googleapi: Error 409: Resource '${inputs.name}' already exists., alreadyExists`,
        );
      }
      return apply(context, id, inputs);
    },
    update: async (context, old, inputs) => (await apply(context, old.id, inputs)).outputs,
    async delete(_context, { id, state }) {
      refuseProtected(state, "Service", id);
      await services.remove(id);
    },
  });
}

export const runServiceMember = (iam: Iam): ResourceDefinition =>
  iamMember(iam, {
    token: "gcp:cloudrunv2/serviceIamMember:ServiceIamMember",
    test,
    replaceOn: ["name", "location", "project"],
    target(context, inputs) {
      const given = String(inputs.name);
      const project = projectOf(context, inputs);
      const name = given.includes("/")
        ? given
        : `projects/${project}/locations/${inputs.location ?? context.config.region}/services/${given}`;
      const [, owner = project, , location = ""] = name.split("/");
      if (context.store.get(serviceToken, name)) return { name, outputs: { project: owner, location } };
      throw new CloudError(
        "notFound",
        `Error applying IAM policy for cloudrunv2 service "${name}": googleapi: Error 404: Resource '${given}' was not found, notFound`,
      );
    },
  });
