// Cloud Run: services and jobs.
import type { Ground } from "../../engine/cloud.ts";
import type { Iam } from "./iam.ts";
import { runJob } from "./run-job.ts";
import { CloudRunJobs } from "./run-jobs.ts";
import { runService, runServiceMember } from "./run-service.ts";
import { CloudRunServices } from "./run-services.ts";
import type { GcpService } from "./service.ts";
import type { Workloads } from "./workload.ts";

export interface Run extends GcpService {
  /** Answers what comes to a service through a load balancer. */
  readonly balanced: CloudRunServices["balanced"];
}

export function createRun(ground: Ground, iam: Iam, workloads: Workloads): Run {
  const services = new CloudRunServices(ground, iam, workloads);
  const jobs = new CloudRunJobs(ground, workloads);
  return {
    resources: [runService(services, workloads), runServiceMember(iam), runJob(jobs, workloads)],
    functions: [],
    async start() {
      await jobs.start();
      await services.start();
    },
    async stop() {
      await Promise.all([services.stop(), jobs.stop()]);
    },
    parts: () => [...services.parts(), ...jobs.parts()],
    balanced: (service, request) => services.balanced(service, request),
  };
}
