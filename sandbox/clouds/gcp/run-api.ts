// The Cloud Run Admin API, as far as workloads and schedules call it: executing a job, and how an execution goes
// (cloud.google.com/run/docs/reference/rest/v2/projects.locations.jobs/run, .../jobs.executions/get).
import { randomBytes } from "node:crypto";
import type { Ground } from "../../engine/cloud.ts";
import { ApiError, answering, bodyOf } from "./api.ts";
import type { Iam } from "./iam.ts";
import { listOf, objectOf } from "./outputs.ts";
import { type CloudRunJobs, type Execution, jobToken } from "./run-jobs.ts";

const route = /^\/v2\/(projects\/[^/]+\/locations\/[^/]+\/jobs\/[^/:]+)(?::run|\/executions\/([^/:]+))$/;

/** Returns a function that takes the API off the internet again. */
export function serveRunApi({ internet, store }: Ground, iam: Iam, jobs: CloudRunJobs): () => void {
  return internet.register("run.googleapis.com", (request) =>
    answering(async () => {
      const path = decodeURIComponent(new URL(request.url).pathname);
      const [, id, called] = route.exec(path) ?? [];
      if (!id || request.method !== (called === undefined ? "POST" : "GET"))
        throw new ApiError("NOT_FOUND", `${request.method} ${path} is not a call of this API that is available here.`);
      if (called !== undefined) {
        iam.demand(iam.caller(request), "run.executions.get", id);
        const found = jobs.executions(id).find(({ name }) => name === called);
        if (!found) throw new ApiError("NOT_FOUND", `Resource '${called}' of kind 'EXECUTION' was not found.`);
        return executionOf(id, found);
      }
      iam.demand(iam.caller(request), "run.jobs.run", id);
      const row = store.get(jobToken, id);
      if (!row) throw new ApiError("NOT_FOUND", `Resource '${id.slice(id.lastIndexOf("/") + 1)}' of kind 'JOB' was not found.`);
      const { overrides } = await bodyOf(request);
      if (listOf(objectOf(overrides as never).containerOverrides).length > 0)
        throw new ApiError("INVALID_ARGUMENT", "overrides of containers are not available here");
      const execution = await jobs.execute(id, objectOf(row.state.template), randomBytes(3).toString("hex"), false);
      const name = `${id}/executions/${execution.name}`;
      return {
        name: `${id.split("/").slice(0, 4).join("/")}/operations/${randomBytes(16).toString("hex")}`,
        metadata: { "@type": "type.googleapis.com/google.cloud.run.v2.Execution", name, job: id, createTime: execution.created },
        done: false,
      };
    }),
  );
}

const executionOf = (job: string, { name, created, completed, outcome, error }: Execution) => ({
  name: `${job}/executions/${name}`,
  job,
  createTime: created,
  ...(completed === undefined ? {} : { completionTime: completed }),
  conditions: [
    {
      type: "Completed",
      state: outcome === undefined ? "CONDITION_RECONCILING" : outcome === "succeeded" ? "CONDITION_SUCCEEDED" : "CONDITION_FAILED",
      ...(error === undefined ? {} : { message: error }),
    },
  ],
});
