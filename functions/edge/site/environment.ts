import type { OtlpTraces } from "../../shared/telemetry/otlp.ts";
import type { Subject } from "../subjects/subject.ts";

/** What the site's Worker is bound to. */
export interface Environment {
  /** Name of the region stack: first label of its host name, prefix of its subjects. */
  readonly REGION: string;
  readonly JURISDICTION: string;
  /** https origin of the brand's own site. */
  readonly ORIGIN: string;
  /** https origin of the preferences service. */
  readonly GOVERNANCE_URL: string;
  /** Ed25519 private key (PKCS8 PEM) that signs the requests we send to the service. */
  readonly EDGE_KEY: string;
  /** Ed25519 public key (SPKI PEM) of the service's subject tokens. */
  readonly SUBJECT_TOKEN_KEY: string;
  /** Ed25519 public key (SPKI PEM) of the decision table. */
  readonly DECISION_TABLE_KEY: string;
  /** The subjects' Durable Objects; absent where the jurisdiction allows the edge no state. */
  readonly SUBJECTS?: DurableObjectNamespace<Subject>;
  /** Holds one key, `experiments`. Public class only: KV is everywhere at once. */
  readonly EXPERIMENTS: KVNamespace;
  readonly VERSION: WorkerVersionMetadata;
  readonly LIMIT: RateLimit;
  /** The spools of the two telemetry paths; absent where the jurisdiction can pin no queue: then the region's services keep them. */
  readonly TELEMETRY_GCP?: Queue<OtlpTraces>;
  readonly TELEMETRY_AWS?: Queue<OtlpTraces>;
}
