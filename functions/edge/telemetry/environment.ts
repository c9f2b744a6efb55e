import type { OtlpTraces } from "../../shared/telemetry/otlp.ts";

/** What the telemetry Worker is bound to. */
export interface Environment {
  readonly REGION: string;
  /** Ed25519 private key (PKCS8 PEM) that signs the requests we send to the collectors. */
  readonly EDGE_KEY: string;
  /** https origins of the collectors. */
  readonly COLLECTOR_GCP: string;
  readonly COLLECTOR_AWS: string;
  /** What a collector refuses for good is kept there for people to look at. */
  readonly DEAD_LETTER_GCP: Queue<OtlpTraces>;
  readonly DEAD_LETTER_AWS: Queue<OtlpTraces>;
}
