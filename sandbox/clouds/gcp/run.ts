// Cloud Run: services and jobs.
import type { Ground } from "../../engine/cloud.ts";
import type { Iam } from "./iam.ts";
import type { Monitoring } from "./monitoring.ts";
import type { Inside } from "./pubsub-delivery.ts";
import { serveRunApi } from "./run-api.ts";
import { runJob, runJobMember } from "./run-job.ts";
import { CloudRunJobs } from "./run-jobs.ts";
import { runService, runServiceMember } from "./run-service.ts";
import { CloudRunServices } from "./run-services.ts";
import type { GcpService } from "./service.ts";
import type { Workloads } from "./workload.ts";

export interface Run extends GcpService {
  /** Answers what comes to a service through a load balancer. */
  readonly balanced: CloudRunServices["balanced"];
  /** Sends what Pub/Sub and Scheduler of a project send: to a service as a caller from inside, to any other host as anyone. */
  readonly inside: Inside;
  /** The files that services write. */
  readonly sources: CloudRunServices["sources"];
}

export function createRun(ground: Ground, iam: Iam, workloads: Workloads, monitoring: Monitoring): Run {
  const services = new CloudRunServices(ground, iam, workloads, monitoring);
  const jobs = new CloudRunJobs(ground, workloads);
  let closeApi = () => {};
  return {
    resources: [runService(services, workloads), runServiceMember(iam), runJob(jobs, workloads), runJobMember(iam)],
    functions: [],
    async start() {
      await jobs.start();
      await services.start();
      closeApi = serveRunApi(ground, iam, jobs);
    },
    async stop() {
      closeApi();
      await Promise.all([services.stop(), jobs.stop()]);
    },
    parts: () => [...services.parts(), ...jobs.parts()],
    sources: () => services.sources(),
    balanced: (service, request) => services.balanced(service, request),
    inside: (project, request) =>
      new URL(request.url).hostname.endsWith(".run.app") ? services.answer(request, project) : ground.internet.fetch(request),
  };
}
