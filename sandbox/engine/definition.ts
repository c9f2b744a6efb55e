// What the embedded cloud knows of one resource type, beyond the schema that the SDK's own declarations give.
import type { Store } from "./store.ts";

export type Value = null | boolean | number | string | Value[] | { [key: string]: Value };
/** A resource's properties in the shape and case of the Pulumi SDK. Secrets arrive unwrapped; `UNKNOWN` only in previews. */
export type Properties = { [key: string]: Value };

/** How Pulumi's protocol spells a value that is not known yet. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/**
 * How close a type comes to the real cloud:
 * - `runs`: a real process or store stands behind it;
 * - `enforces`: its semantics hold (a lock locks, a missing binding refuses);
 * - `records`: kept as state only, for the reason given.
 */
export type Fidelity =
  | { readonly level: "runs" | "enforces"; readonly how: string; readonly test: string }
  | { readonly level: "records"; readonly why: string };

/** One property that the cloud refuses, as the provider's Check reports it. `property` is a path such as `settings.tier`. */
export interface Failure {
  readonly property: string;
  readonly reason: string;
}

/** What an operation may look at. One per call. */
export interface Context {
  /** The provider instance's configuration, parsed (`project`, `region`, `accountId`, ...). */
  readonly config: Properties;
  /** All resources of all clouds of this sandbox. */
  readonly store: Store;
  /** Of the resource, for messages. */
  readonly urn: string;
  /** Folder of the program, in which a real provider's process would work: files are named from there. Unknown where no program runs. */
  readonly programDir?: string;
  /**
   * At create: the last row of this very type and URN of which Pulumi has not spoken. Either its creation was interrupted (the
   * machine was stopped before Pulumi's state was written), and making the same again is no conflict: take it over; or it was
   * kept on purpose (`retainOnDelete`). So take it over only where it is what `create` would make.
   */
  readonly orphan?: Stored;
}

/** The name that a real provider makes up when a program gives none: `<resource name><separator><7 random characters>`. */
export interface Autoname {
  /** The top-level input that is the name: `name`, `bucket`. */
  readonly property: string;
  /** Longest name that the cloud takes: where the resource's own is too long for it, none is made up and the program is refused. */
  readonly maxLength: number;
  /** Default "-". */
  readonly separator?: string;
  /** The cloud takes lower case only (S3 buckets, most of Google Cloud). */
  readonly lowercase?: boolean;
}

export interface Created {
  /** The provider's own form of the id, never empty. */
  readonly id: string;
  /** Computed outputs; merged over the inputs. */
  readonly outputs: Properties;
}

/** A resource that exists and is kept: what the engine and the runtimes hand around. */
export interface Stored {
  readonly token: string;
  readonly id: string;
  readonly urn: string;
  readonly inputs: Properties;
  /** Inputs and computed outputs together. */
  readonly state: Properties;
}

export interface ResourceDefinition {
  /** `gcp:sql/databaseInstance:DatabaseInstance` */
  readonly token: string;
  readonly fidelity: Fidelity;
  /** Input paths whose change the real provider answers with a replacement. `versions[*].id` style globs are allowed. */
  readonly replaceOn?: readonly string[];
  /** The old one must go before the new one can come (a slot that holds one). */
  readonly deleteBeforeReplace?: boolean;
  /**
   * Computed outputs (top-level names) that an update may change (`etag`, `latestReadyRevision`): unknown in the preview of an
   * update. Every other computed output stays known there (ids, names, addresses). Default: none.
   */
  readonly recomputed?: readonly string[];
  /**
   * Inputs that are lists in the declarations but sets in the cloud (`modules`, `rules[*].ports`): another order is no change.
   * Same globs as `replaceOn`.
   */
  readonly unordered?: readonly string[];
  /** Only where the real provider names what the program does not name. Applied before `defaults`. */
  readonly autoname?: Autoname;
  /**
   * Inputs that the provider or API fills in when absent, at any depth. What the program gives is never overwritten, so a whole
   * nested object may be returned.
   */
  readonly defaults?: (inputs: Properties, context: Context) => Properties;
  /** What the real cloud refuses and the schema does not say. In a preview inputs may hold `UNKNOWN`: unknown is never refused. */
  readonly refuse?: (inputs: Properties, context: Context) => readonly Failure[];
  /** Makes it. Throws `PartialFailure` when it exists but is not well. */
  readonly create: (context: Context, inputs: Properties) => Promise<Created> | Created;
  /** Changes it in place and returns the new computed outputs. Absent: every change replaces. */
  readonly update?: (context: Context, old: Stored, inputs: Properties) => Promise<Properties> | Properties;
  /** The present computed outputs and, where they can drift, inputs; undefined when it is gone. Absent: as stored. */
  readonly read?: (context: Context, stored: Stored) => Promise<Properties | undefined> | Properties | undefined;
  /** Finds what exists outside of any stack by the id a person gives to `pulumi import`. Absent: only what the store holds. */
  readonly import?: (context: Context, id: string) => Promise<{ inputs: Properties; outputs: Properties } | undefined>;
  /** Unmakes it. Throws when the cloud refuses (protection, still in use). Absent: forgetting is enough. */
  readonly delete?: (context: Context, stored: Stored) => Promise<void> | void;
}

/** A provider function (`gcp:storage/getProjectServiceAccount:getProjectServiceAccount`). */
export interface FunctionDefinition {
  readonly token: string;
  readonly call: (context: Context, args: Properties) => Promise<Properties> | Properties;
}

/** The resource exists, but what it stands for is not well: it stays in the state with this error, and the next update mends it. */
export class PartialFailure extends Error {
  readonly created: Created;
  readonly reasons: readonly string[];
  constructor(created: Created, reasons: readonly string[]) {
    super(reasons.join("; "));
    this.name = "PartialFailure";
    this.created = created;
    this.reasons = reasons;
  }
}

/** An error as the real cloud would word it: code, what, what to do. Shown to the person as it is, without a stack. */
export class CloudError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = "CloudError";
    this.code = code;
  }
}
