// The audit trail of this service: its log with all that keeps it, publishes it, checks it and watches another region's.
import { BucketStore } from "../audit/bucket-store.ts";
import { logKeyOf } from "../audit/kms-log-key.ts";
import { OwnCheck } from "../audit/own-check.ts";
import { Publisher } from "../audit/publisher.ts";
import type { OnLost } from "../audit/reconcile.ts";
import { type LogKey, Sequencer } from "../audit/sequencer.ts";
import { ShownLog } from "../audit/shown-log.ts";
import { parseVerifierKey } from "../audit/signed-note.ts";
import { VaultStore } from "../audit/vault-store.ts";
import { Watcher } from "../audit/watch.ts";
import { Background } from "../background.ts";
import type { Database } from "../database.ts";
import { KmsSigningKey } from "../kms.ts";
import type { PreferencesEnvironment } from "./environment.ts";
import { EvidenceExports } from "./evidence-exports.ts";
import type { SubjectKeys } from "./ledger/subject-keys.ts";
import { schemaName } from "./migrations.ts";

export interface AuditTrailParts {
  /** Of the requests. */
  readonly database: Database;
  /** Of what runs beside them. */
  readonly background: Database;
  readonly subjectKeys: () => Promise<SubjectKeys>;
  /** What is done about commitments that a restored database has forgotten. */
  readonly onLost: OnLost;
}

export function auditTrail(environment: PreferencesEnvironment, { database, background, subjectKeys, onLost }: AuditTrailParts) {
  const { LOG_ORIGIN: origin, WATCHED_LOG: watched, WATCHED_LOG_KEY: watchedKey } = environment;
  const kms = new KmsSigningKey(environment.LOG_KEY_KMS, environment.KMS_ORIGIN);
  const signer = (): Promise<LogKey> => logKeyOf(kms, origin);
  const cosigner = (): Promise<LogKey> => logKeyOf(kms, `${origin}/monitor`, "cosignature");
  const bucket = new BucketStore(environment.LOG_BUCKET, environment.STORAGE_ORIGIN);
  const vault = new VaultStore({
    bucket: environment.VAULT_BUCKET,
    location: environment.VAULT_LOCATION,
    role: environment.VAULT_ROLE,
    audience: environment.VAULT_AUDIENCE,
    endpoints: { s3: environment.AWS_ENDPOINT_URL_S3 ?? environment.AWS_ENDPOINT_URL, sts: environment.AWS_ENDPOINT_URL },
  });
  const ofLog = { database: background, schema: schemaName, signer };
  const sequencer = new Sequencer({ ...ofLog, published: bucket, onLost });
  const publishers = [bucket, vault].map((store) => new Publisher({ ...ofLog, store, sequencer }));
  const check = new OwnCheck({ ...ofLog, ledger: "consent_ledger" });
  const watcher =
    watched === undefined
      ? undefined
      : new Watcher({
          ...ofLog,
          name: watched,
          url: environment.WATCHED_LOG_URL ?? `https://${watched}`,
          key: watchedKey === undefined ? undefined : parseVerifierKey(watchedKey),
          cosigner,
        });
  const log = new ShownLog(database, schemaName);
  const publisher = origin.replace(/\/.*$/, "");
  return {
    log,
    signer,
    cosigner,
    publisher,
    exports: new EvidenceExports({ database, keys: subjectKeys, log, signer, publisher }),
    background: [
      new Background("The log could not go on; it will be tried again.", 1000, () => sequencer.turn()),
      ...publishers.map(
        (each) => new Background("The publication of the log could not go on; it will be tried again.", 1000, () => each.turn()),
      ),
      new Background("The check of the log could not go on; it will be tried again.", 60_000, () => check.turn()),
      ...(watcher
        ? [new Background("The watch of another region's log could not go on; it will be tried again.", 20_000, () => watcher.turn())]
        : []),
    ],
  };
}
