// What a bundle of evidence consists of, and who says so: SHA-256 of every file, and a detached signature (RFC 7515 appendix F) over the list.
import { createHash } from "node:crypto";
import { base64url } from "jose";
import { canonicalJson } from "../../../shared/canonical-json.ts";
import type { Sign } from "../signed-note.ts";
import type { File } from "../tiles.ts";

/** What the bundle was asked for. */
export type Scope =
  /**
   * All events of one subject, by its reference in the log, and of those that it stands for as well, since the keeper holds them for one person: sorted,
   * and absent where there are none.
   */
  | { readonly kind: "subject"; readonly subject: string; readonly merged?: readonly string[] }
  /** All events that were received from one instant (RFC 3339) up to, and without, another. */
  | { readonly kind: "period"; readonly from: string; readonly to: string };

export interface Manifest {
  readonly format: "bailiwick-evidence/1";
  readonly scope: Scope;
  /** RFC 3339, by the clock of whoever made the bundle. */
  readonly madeAt: string;
  readonly events: number;
  /** Notices that events name and whose texts the maker does not have, by `sha256:` and 64 hexadecimal digits. */
  readonly missingNotices: readonly string[];
  /** By path, with forward slashes: every file but the manifest and its signature. */
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;
}

/** Who signs the manifest. */
export interface ManifestSigner {
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly sign: Sign;
}

export const manifestPath = "manifest.json";
export const signaturePath = "manifest.jws";

/** The manifest over these files, and its signature. The signature brings its key; whether to believe it, a reader must know. */
export async function sealed(files: readonly File[], about: Omit<Manifest, "format" | "files">, signer: ManifestSigner): Promise<File[]> {
  const listed = files.map(({ path, bytes }) => [path, { bytes: bytes.byteLength, sha256: sha256(bytes) }] as const);
  const manifest: Manifest = { format: "bailiwick-evidence/1", ...about, files: Object.fromEntries(listed) };
  const payload = Buffer.from(`${canonicalJson(manifest)}\n`);
  // RFC 8725 section 3.11: a type of its own, so that nothing else signed by the key can be mistaken for a manifest.
  const jwk = { kty: "OKP", crv: "Ed25519", x: base64url.encode(signer.publicKey) };
  const header = base64url.encode(canonicalJson({ alg: "EdDSA", jwk, typ: "evidence-manifest+jws" }));
  const signature = await signer.sign(Buffer.from(`${header}.${base64url.encode(payload)}`));
  if (signature.byteLength !== 64) throw new Error(`An Ed25519 signature has 64 bytes, not ${signature.byteLength}.`);
  return [
    ...files,
    { path: manifestPath, bytes: payload },
    { path: signaturePath, bytes: Buffer.from(`${header}..${base64url.encode(signature)}\n`) },
  ];
}

export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
