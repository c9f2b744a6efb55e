import { Alias } from "@pulumi/aws/kms/alias.js";
import { Key, type KeyArgs } from "@pulumi/aws/kms/key.js";
import { CryptoKey, type CryptoKeyArgs } from "@pulumi/gcp/kms/cryptoKey.js";
import { CryptoKeyIAMMember } from "@pulumi/gcp/kms/cryptoKeyIAMMember.js";
import { KeyRing } from "@pulumi/gcp/kms/keyRing.js";
import { ServiceIdentity } from "@pulumi/gcp/projects/serviceIdentity.js";
import { getProjectServiceAccountOutput } from "@pulumi/gcp/storage/getProjectServiceAccount.js";
import * as pulumi from "@pulumi/pulumi";
import { type Jurisdiction, residencyOf } from "../../stacks/residency.ts";
import { type Lifecycle, labels, type Transform, transformed } from "../component.ts";

export interface RegionKeysArgs {
  readonly project: string;
  readonly awsAccountId: string;
  readonly jurisdiction: Jurisdiction;
  readonly lifecycle: Lifecycle;
  /** What must be enabled before the service agents can be made. */
  readonly dependsOn: pulumi.Input<pulumi.Resource>[];
  readonly transform?: {
    readonly gcp?: Transform<CryptoKeyArgs>;
    readonly subjects?: Transform<CryptoKeyArgs>;
    readonly log?: Transform<CryptoKeyArgs>;
    readonly aws?: Transform<KeyArgs>;
  };
}

/** Seconds between two versions of a key: 90 days (NIST SP 800-57 part 1, 5.3.6, allows up to two years). */
const rotationSeconds = 90 * 86_400;

/**
 * Names of rings and keys are taken for ever, even after their destruction: a new generation needs a new name. What is ephemeral comes
 * again under the same name, and so gets a ring whose name nobody had.
 */
const generation = 1;

/**
 * The region's own encryption keys, one in each cloud that stores its data, and the grants that let the stores use them.
 * Destroying a key destroys everything it encrypted, so nothing of Bailiwick ever does.
 *
 * Rests on: Google's service agents must exist and be granted the key before the first resource that names it; the storage agent
 * comes from a function of its own, since making it by ServiceIdentity answers no e-mail address (terraform-provider-google#18649).
 */
export class RegionKeys extends pulumi.ComponentResource {
  readonly nodes: {
    readonly ring: KeyRing;
    readonly gcp: CryptoKey;
    /** Wraps what wraps the subjects' own keys: whoever may use it can read what people said. No store ever uses it. */
    readonly subjects: CryptoKey;
    /** Signs the checkpoints of the transparency log, and the manifests of evidence. */
    readonly log: CryptoKey;
    readonly aws: Key;
    readonly alias: Alias;
    readonly agents: readonly ServiceIdentity[];
    /** What every resource that names the Google key depends on. */
    readonly grants: readonly CryptoKeyIAMMember[];
  };

  constructor(name: string, args: RegionKeysArgs, options?: pulumi.ComponentResourceOptions) {
    super("bailiwick:storage:RegionKeys", name, {}, options);
    const { project, jurisdiction, dependsOn, transform = {} } = args;
    const { region, gcp, aws } = residencyOf(jurisdiction);
    const durable = args.lifecycle === "durable";
    const child: pulumi.CustomResourceOptions = { parent: this };
    const kept: pulumi.CustomResourceOptions = { ...child, protect: durable, retainOnDelete: true };

    const ring = new KeyRing(
      `${name}-ring`,
      { project, ...(durable ? { name: `bailiwick-${region}-${generation}` } : {}), location: gcp.location },
      { ...kept, dependsOn },
    );
    const symmetric = (keyName: string): CryptoKeyArgs => ({
      name: keyName,
      keyRing: ring.id,
      purpose: "ENCRYPT_DECRYPT",
      rotationPeriod: `${rotationSeconds}s`,
      versionTemplate: { algorithm: "GOOGLE_SYMMETRIC_ENCRYPTION", protectionLevel: "HSM" },
      labels: labels(jurisdiction, "sensitive"),
    });
    const gcpKey = new CryptoKey(`${name}-gcp`, ...transformed(transform.gcp, symmetric("data"), kept));
    const subjects = new CryptoKey(`${name}-subjects`, ...transformed(transform.subjects, symmetric("subjects"), kept));
    // Never renewed: who verifies a checkpoint of years ago needs the key of then, and a log with another key is another log. The private half
    // never leaves KMS. Ed25519 takes the data itself, not a digest (cloud.google.com/kms/docs/algorithms#elliptic_curve_signing_algorithms).
    const log = new CryptoKey(
      `${name}-log`,
      ...transformed(
        transform.log,
        {
          name: "log",
          keyRing: ring.id,
          purpose: "ASYMMETRIC_SIGN",
          versionTemplate: { algorithm: "EC_SIGN_ED25519", protectionLevel: "SOFTWARE" },
          labels: labels(jurisdiction, "operational"),
        },
        kept,
      ),
    );
    const agents = ["sqladmin", "secretmanager"].map(
      (api) => new ServiceIdentity(`${name}-agent-${api}`, { project, service: `${api}.googleapis.com` }, { ...child, dependsOn }),
    );
    const storageAgent = getProjectServiceAccountOutput({ project }, { parent: this, dependsOn }).emailAddress;
    const members: [string, pulumi.Input<string>][] = [
      ["sqladmin", (agents[0] as ServiceIdentity).member],
      ["secretmanager", (agents[1] as ServiceIdentity).member],
      ["storage", pulumi.interpolate`serviceAccount:${storageAgent}`],
    ];
    const grants = members.map(
      ([store, member]) =>
        new CryptoKeyIAMMember(
          `${name}-grant-${store}`,
          { cryptoKeyId: gcpKey.id, role: "roles/cloudkms.cryptoKeyEncrypterDecrypter", member },
          child,
        ),
    );
    const awsKey = new Key(
      `${name}-aws`,
      ...transformed(
        transform.aws,
        {
          description: `Data of Bailiwick's region ${region}`,
          enableKeyRotation: true,
          rotationPeriodInDays: rotationSeconds / 86_400,
          deletionWindowInDays: 30,
          // A multi-region key could be replicated out of the jurisdiction.
          multiRegion: false,
          // The account may manage the key by its own IAM; without this statement nobody could (docs.aws.amazon.com/kms key-policy-default).
          policy: JSON.stringify({
            Version: "2012-10-17",
            Statement: [
              {
                Sid: "AccountAdministers",
                Effect: "Allow",
                Principal: { AWS: `arn:aws:iam::${args.awsAccountId}:root` },
                Action: "kms:*",
                Resource: "*",
              },
              // For log groups of this account only (docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html).
              {
                Sid: "LogsEncrypt",
                Effect: "Allow",
                Principal: { Service: `logs.${aws.location}.amazonaws.com` },
                Action: ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
                Resource: "*",
                Condition: { ArnLike: { "kms:EncryptionContext:aws:logs:arn": `arn:aws:logs:${aws.location}:${args.awsAccountId}:*` } },
              },
            ],
          }),
          tags: labels(jurisdiction, "sensitive"),
        },
        kept,
      ),
    );
    const alias = new Alias(`${name}-alias`, { name: `alias/bailiwick-${region}`, targetKeyId: awsKey.keyId }, child);
    this.nodes = { ring, gcp: gcpKey, subjects, log, aws: awsKey, alias, agents, grants };
    this.registerOutputs({ gcpKey: this.gcpKey, awsKey: this.awsKey });
  }

  /** `projects/P/locations/L/keyRings/R/cryptoKeys/K` */
  get gcpKey(): pulumi.Output<string> {
    return this.nodes.gcp.id;
  }

  /** The version that signs: `projects/P/locations/L/keyRings/R/cryptoKeys/log/cryptoKeyVersions/1` */
  get logKeyVersion(): pulumi.Output<string> {
    return pulumi.interpolate`${this.nodes.log.id}/cryptoKeyVersions/1`;
  }

  /** ARN */
  get awsKey(): pulumi.Output<string> {
    return this.nodes.aws.arn;
  }
}
