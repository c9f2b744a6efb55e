// One service of the embedded Google Cloud: its resource types, and what runs behind them.
import type { Part } from "../../engine/cloud.ts";
import type { FunctionDefinition, ResourceDefinition } from "../../engine/definition.ts";

export interface GcpService {
  readonly resources: readonly ResourceDefinition[];
  readonly functions: readonly FunctionDefinition[];
  /** Brings back whatever the store says exists, and puts the service's API on the internet. Returns when it answers. */
  start(): Promise<void>;
  /** Ends every process it started, takes its API off the internet and keeps all data. */
  stop(): Promise<void>;
  parts(): readonly Part[];
}
