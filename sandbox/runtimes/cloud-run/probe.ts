// Health checks of a container.
import { request } from "node:http";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

export interface Probe {
  /** Absent: a connection is enough. */
  readonly http?: { readonly path: string; readonly headers: Readonly<Record<string, string>> };
  /** Absent: the container's own port. */
  readonly port?: number;
  readonly initialDelaySeconds: number;
  readonly periodSeconds: number;
  readonly timeoutSeconds: number;
  readonly failureThreshold: number;
  /** Which statuses are well. Absent: those below 400. */
  readonly accepts?: (status: number) => boolean;
}

/** One question: an HTTP answer that is well, or an accepted connection. Never rejects. */
export function ask(probe: Probe, port: number): Promise<boolean> {
  const options = { host: "127.0.0.1", port: probe.port ?? port, timeout: probe.timeoutSeconds * 1000 };
  return new Promise((resolve) => {
    if (probe.http) {
      const asked = request(
        { ...options, path: probe.http.path, headers: { "user-agent": "GoogleHC/1.0", ...probe.http.headers } },
        (response) => {
          response.resume();
          resolve((probe.accepts ?? ((status) => status < 400))(response.statusCode ?? 500));
        },
      );
      asked.once("timeout", () => asked.destroy(new Error("timeout")));
      asked.once("error", () => resolve(false));
      asked.end();
      return;
    }
    const socket = connect(options);
    const settle = (healthy: boolean) => {
      socket.destroy();
      resolve(healthy);
    };
    socket.once("connect", () => settle(true));
    socket.once("timeout", () => settle(false));
    socket.once("error", () => settle(false));
  });
}

// Asked more often than the period says, so that a quick start is not held up; the patience is the same.
const impatientMs = 25;

/** Asks until the answer is yes; false when the startup probe's patience has run out, or `given up` says so. */
export async function untilStarted(probe: Probe, port: number, givenUp: () => boolean): Promise<boolean> {
  const deadline = Date.now() + (probe.initialDelaySeconds + probe.periodSeconds * probe.failureThreshold) * 1000;
  while (!givenUp() && Date.now() < deadline) {
    if (await ask(probe, port)) return true;
    await delay(Math.min(impatientMs, Math.max(0, deadline - Date.now())));
  }
  return false;
}
