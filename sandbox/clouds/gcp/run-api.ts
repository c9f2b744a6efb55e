// The Cloud Run Admin API, as far as workloads and schedules call it: executing a job
// (cloud.google.com/run/docs/reference/rest/v2/projects.locations.jobs/run).
import { randomBytes } from "node:crypto";
import type { Ground } from "../../engine/cloud.ts";
import { ApiError, answering, bodyOf } from "./api.ts";
import type { Iam } from "./iam.ts";
import { listOf, objectOf } from "./outputs.ts";
import { type CloudRunJobs, jobToken } from "./run-jobs.ts";

const route = /^\/v2\/(projects\/[^/]+\/locations\/[^/]+\/jobs\/[^/:]+):run$/;

/** Returns a function that takes the API off the internet again. */
export function serveRunApi({ internet, store }: Ground, iam: Iam, jobs: CloudRunJobs): () => void {
  return internet.register("run.googleapis.com", (request) =>
    answering(async () => {
      const path = decodeURIComponent(new URL(request.url).pathname);
      const [, id] = route.exec(path) ?? [];
      if (request.method !== "POST" || !id)
        throw new ApiError("NOT_FOUND", `${request.method} ${path} is not a call of this API that is available here.`);
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
