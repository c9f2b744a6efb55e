// One embedded cloud: the resource types it knows, and the running parts behind them.
import type { FunctionDefinition, ResourceDefinition } from "./definition.ts";
import type { Internet } from "./internet.ts";
import type { Store } from "./store.ts";

/** What every cloud is built from. Paths are absolute. */
export interface Ground {
  readonly store: Store;
  readonly internet: Internet;
  /** Folder of this cloud's own data, kept over restarts: `.sandbox/<cloud>`. */
  readonly dataDir: string;
  /** Folder for logs, one file a process: `.sandbox/logs`. */
  readonly logDir: string;
  /** Folder of the pid files of all processes: `.sandbox/pids`. What stands there before the start is ended first. */
  readonly pidDir: string;
  /** A short folder for Unix sockets (their paths are limited to 107 bytes); emptied at every start. */
  readonly socketDir: string;
  /** Where each external tool stands, by name (`versitygw`). */
  readonly tools: Readonly<Record<string, string>>;
  /** What a workload needs to reach the sandbox's internet: proxy address and CA file. Filled before `start`. */
  readonly egress: {
    readonly proxyUrl: string;
    readonly caFile: string;
    /** More of a workload's environment, for SDKs that go through no proxy. Clouds enter theirs at their start. */
    readonly environment?: Record<string, string>;
  };
  readonly log: (message: string) => void;
}

/** A row of `status`: one running part. */
export interface Part {
  readonly kind: string;
  readonly name: string;
  readonly state: "running" | "starting" | "stopped" | "failed";
  readonly detail: string;
  /** Resident memory in bytes, where it is a process of its own. */
  readonly memory?: number;
  readonly pid?: number;
  /** Where it answers on 127.0.0.1 to those who go past gateway and clouds, such as measurements. */
  readonly port?: number;
}

export interface Cloud {
  /** Name of the provider package: `gcp`. */
  readonly name: string;
  readonly resources: readonly ResourceDefinition[];
  readonly functions: readonly FunctionDefinition[];
  /** Brings back whatever the store says exists. Returns when it answers. */
  start(): Promise<void>;
  /** Ends every process it started and keeps all data. */
  stop(): Promise<void>;
  parts(): readonly Part[];
}
