import { CryptoKey, type CryptoKeyArgs } from "@pulumi/gcp/kms/cryptoKey.js";
import { getKMSCryptoKeyVersionOutput } from "@pulumi/gcp/kms/getKMSCryptoKeyVersion.js";
import { KeyRing } from "@pulumi/gcp/kms/keyRing.js";
import * as pulumi from "@pulumi/pulumi";
import { type Jurisdiction, residencyOf } from "../../stacks/residency.ts";
import { labels, type Transform, transformed } from "../component.ts";

export interface SigningKeyArgs {
  readonly project: string;
  /** Where the key lives. It signs nothing personal. */
  readonly jurisdiction: Jurisdiction;
  /** Name of the ring, taken for ever. */
  readonly ring: string;
  readonly dependsOn: pulumi.Input<pulumi.Resource>[];
  readonly transform?: { readonly key?: Transform<CryptoKeyArgs> };
}

/**
 * An Ed25519 key in KMS that signs what is published to the edge. The private half never leaves KMS; `publish` asks KMS to sign.
 * Ed25519 is deterministic (RFC 8032): the same table has the same signature, so artifacts stay reproducible.
 */
export class SigningKey extends pulumi.ComponentResource {
  readonly nodes: { readonly ring: KeyRing; readonly key: CryptoKey };
  readonly #publicKey: pulumi.Output<string>;

  constructor(name: string, args: SigningKeyArgs, options?: pulumi.ComponentResourceOptions) {
    super("bailiwick:governance:SigningKey", name, {}, options);
    const kept: pulumi.CustomResourceOptions = { parent: this, protect: true, retainOnDelete: true };
    const ring = new KeyRing(
      `${name}-ring`,
      { project: args.project, name: args.ring, location: residencyOf(args.jurisdiction).gcp.location },
      { ...kept, dependsOn: args.dependsOn },
    );
    const key = new CryptoKey(
      `${name}-key`,
      ...transformed(
        args.transform?.key,
        {
          name: "decision-table",
          keyRing: ring.id,
          purpose: "ASYMMETRIC_SIGN",
          versionTemplate: { algorithm: "EC_SIGN_ED25519", protectionLevel: "SOFTWARE" },
          labels: labels(args.jurisdiction, "operational"),
        },
        kept,
      ),
    );
    this.nodes = { ring, key };
    this.#publicKey = getKMSCryptoKeyVersionOutput({ cryptoKey: key.id, version: 1 }, { parent: this }).publicKeys.apply((keys) => {
      const pem = keys[0]?.pem;
      if (!pem)
        throw new Error(
          `KMS gives no public key for ${args.ring}/decision-table version 1: it is not enabled. If the key is new it is being generated: deploy again in a minute.`,
        );
      return pem;
    });
    this.registerOutputs({ publicKey: this.#publicKey });
  }

  /** SPKI PEM */
  get publicKey(): pulumi.Output<string> {
    return this.#publicKey;
  }

  /** Resource name of the version that signs. */
  get version(): pulumi.Output<string> {
    return pulumi.interpolate`${this.nodes.key.id}/cryptoKeyVersions/1`;
  }
}
