// cloudrunv2.Job: what the API refuses, and when an execution is asked for.
import { createHash, randomBytes } from "node:crypto";
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
import { projectOf } from "./projects.ts";
import { type CloudRunJobs, jobToken } from "./run-jobs.ts";
import { requireApi } from "./services.ts";
import { refuseTemplate, type Workloads } from "./workload.ts";

const api = "run.googleapis.com";
const test = "test/sandbox/gcp/cloud-run-job.test.ts";

function refuse(inputs: Properties): Failure[] {
  const { name, startExecutionToken: start, runExecutionToken: run, template } = inputs;
  const failures: Failure[] = [];
  if (start !== undefined && run !== undefined) {
    failures.push({
      property: "runExecutionToken",
      reason: "conflicts with startExecutionToken: one waits for the end of the execution, the other for its start",
    });
  }
  const token = String(run ?? start ?? "");
  if (token !== UNKNOWN && name !== UNKNOWN && `${name}-${token}`.length >= 63) {
    failures.push({
      property: "runExecutionToken",
      reason: `the job's name and the token must be shorter than 63 characters together, got "${name}-${token}"`,
    });
  }
  const task = objectOf(objectOf(template).template);
  return task.containers === undefined ? failures : [...failures, ...refuseTemplate(task, "template.template")];
}

const tokenOf = (inputs: Properties) => inputs.runExecutionToken ?? inputs.startExecutionToken;
const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

export function runJob(jobs: CloudRunJobs, workloads: Workloads): ResourceDefinition {
  function outputsOf(context: Context, id: string, inputs: Properties, before: Properties): Properties {
    const project = projectOf(context, inputs);
    const now = new Date().toISOString();
    const executions = jobs.executions(id);
    const newest = executions.at(-1);
    const generation = String(Number(before.generation ?? 0) + 1);
    const ready = newest?.outcome === "failed" ? "CONDITION_FAILED" : "CONDITION_SUCCEEDED";
    return {
      ...labelOutputs(context, inputs),
      effectiveAnnotations: inputs.annotations ?? {},
      project,
      uid: before.uid ?? randomBytes(16).toString("hex"),
      createTime: before.createTime ?? now,
      updateTime: now,
      deleteTime: "",
      expireTime: "",
      creator: "owner",
      lastModifier: "owner",
      etag: `"${createHash("sha256").update(`${id} ${generation} ${now}`).digest("base64url").slice(0, 24)}"`,
      generation,
      observedGeneration: generation,
      reconciling: false,
      launchStage: inputs.launchStage ?? "GA",
      executionCount: executions.length,
      latestCreatedExecutions: newest ? [{ name: newest.name, createTime: newest.created, completionTime: newest.completed ?? "" }] : [],
      conditions: [],
      terminalConditions: [
        {
          type: "Ready",
          state: ready,
          message: newest?.error ?? "",
          reason: "",
          revisionReason: "",
          executionReason: "",
          severity: "",
          lastTransitionTime: now,
        },
      ],
    };
  }

  async function execute(context: Context, id: string, inputs: Properties, before: Properties): Promise<Created> {
    const execution = await jobs.execute(id, objectOf(inputs.template), String(tokenOf(inputs)), inputs.runExecutionToken !== undefined);
    const created = { id, outputs: outputsOf(context, id, inputs, before) };
    if (execution.outcome === "failed") {
      throw new PartialFailure(created, [
        `Error waiting for Job ${id}: Error code 9, message: Execution ${execution.name} failed. ${execution.error}`,
      ]);
    }
    return created;
  }

  return withDeletionPolicy({
    token: jobToken,
    fidelity: { level: "runs", how: "tasks as processes, with retries and timeouts", test },
    autoname: { property: "name", maxLength: 49, lowercase: true },
    replaceOn: ["name", "location", "project"], // [MM Job.yaml: immutable and url_param_only]
    unordered: ["template.template.containers[*].envs", "template.template.volumes[*].cloudSqlInstance.instances"],
    recomputed: [
      "conditions",
      "effectiveAnnotations",
      "effectiveLabels",
      "etag",
      "executionCount",
      "generation",
      "lastModifier",
      "latestCreatedExecutions",
      "observedGeneration",
      "pulumiLabels",
      "terminalConditions",
      "updateTime",
    ],
    defaults: (inputs): Properties => (inputs.deletionProtection === undefined ? { deletionProtection: true } : {}),
    refuse,
    async create(context, inputs): Promise<Created> {
      const project = projectOf(context, inputs);
      requireApi(context, project, api);
      const id = `projects/${project}/locations/${inputs.location}/jobs/${inputs.name}`;
      if (context.store.get(jobToken, id) && context.orphan?.id !== id) {
        throw new CloudError(
          "alreadyExists",
          `Error creating Job: googleapi: Error 409: Resource '${inputs.name}' already exists., alreadyExists`,
        );
      }
      workloads.admit({ template: objectOf(objectOf(inputs.template).template), project });
      return tokenOf(inputs) === undefined ? { id, outputs: outputsOf(context, id, inputs, {}) } : execute(context, id, inputs, {});
    },
    async update(context, old, inputs): Promise<Properties> {
      workloads.admit({ template: objectOf(objectOf(inputs.template).template), project: projectOf(context, inputs) });
      const token = tokenOf(inputs);
      const last = jobs.executions(old.id).find((execution) => execution.token === token);
      // What a failed execution leaves to the next update is not documented; running it again is what a person expects.
      const due = token !== undefined && (last?.outcome !== "succeeded" || !same(inputs.template, old.inputs.template));
      return due ? (await execute(context, old.id, inputs, old.state)).outputs : outputsOf(context, old.id, inputs, old.state);
    },
    async delete(_context, { id, state }) {
      refuseProtected(state, "Job", id);
      await jobs.remove(id);
    },
  });
}

export const runJobMember = (iam: Iam): ResourceDefinition =>
  iamMember(iam, {
    token: "gcp:cloudrunv2/jobIamMember:JobIamMember",
    test: "test/sandbox/gcp/scheduler.test.ts",
    replaceOn: ["name", "location", "project"],
    target(context, inputs) {
      const given = String(inputs.name);
      const project = projectOf(context, inputs);
      const name = given.includes("/") ? given : `projects/${project}/locations/${inputs.location ?? context.config.region}/jobs/${given}`;
      const [, owner = project, , location = ""] = name.split("/");
      if (context.store.get(jobToken, name)) return { name, outputs: { project: owner, location } };
      throw new CloudError(
        "notFound",
        `Error applying IAM policy for cloudrunv2 job "${name}": googleapi: Error 404: Resource '${given}' was not found, notFound`,
      );
    },
  });
