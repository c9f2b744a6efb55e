// The probes of a container as the API understands them.
import type { Properties } from "../../engine/definition.ts";
import type { Probe } from "../../runtimes/cloud-run/probe.ts";
import { listOf, objectOf } from "./outputs.ts";

// [SDK cloudrunv2 probes: initialDelaySeconds 0, timeoutSeconds 1, periodSeconds 10, failureThreshold 3]
const defaults = { initialDelaySeconds: 0, timeoutSeconds: 1, periodSeconds: 10, failureThreshold: 3 };

// Without a probe of its own a container must open its port within four minutes (cloud.google.com/run/docs/configuring/healthchecks).
const openPort: Probe = { ...defaults, timeoutSeconds: 240, periodSeconds: 240, failureThreshold: 1 };

export const defaultPort = 8080;

/** The port that the container says it listens at, in whose place it gets one of this machine. */
export function containerPort(container: Properties): number {
  return Number(objectOf(container.ports).containerPort ?? defaultPort);
}

export function startupProbe(container: Properties): Probe {
  return container.startupProbe === undefined ? openPort : probeOf(objectOf(container.startupProbe), container);
}

export function livenessProbe(container: Properties): Probe | undefined {
  return container.livenessProbe === undefined ? undefined : probeOf(objectOf(container.livenessProbe), container);
}

// gRPC health checks are asked as plain connections: that the port accepts them is all that is seen here.
function probeOf(given: Properties, container: Properties): Probe {
  const http = given.httpGet === undefined ? undefined : objectOf(given.httpGet);
  const port = Number((http ?? objectOf(given.tcpSocket ?? given.grpc)).port ?? containerPort(container));
  const number = (key: keyof typeof defaults) => Number(given[key] ?? defaults[key]);
  return {
    http: http && {
      path: String(http.path ?? "/"),
      headers: Object.fromEntries(listOf(http.httpHeaders).map(({ name, value }) => [String(name), String(value ?? "")])),
    },
    port: port === containerPort(container) ? undefined : port,
    initialDelaySeconds: number("initialDelaySeconds"),
    timeoutSeconds: number("timeoutSeconds"),
    periodSeconds: number("periodSeconds"),
    failureThreshold: number("failureThreshold"),
  };
}
