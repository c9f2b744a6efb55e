// cloudkms.googleapis.com, the calls that use a key (cloud.google.com/kms/docs/reference/rest/v1).
import type { Handler } from "../../engine/internet.ts";
import { ApiError, answering, bodyOf } from "./api.ts";
import { crc32c } from "./crc32c.ts";
import type { Iam } from "./iam.ts";
import { decryptWith, encryptWith, type Key, type KeyMaterial, type KeyVersion, publicPem, signWith } from "./kms-keys.ts";

const keyPath = "(projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/:]+)";
const onVersion = new RegExp(`^/v1/${keyPath}/cryptoKeyVersions/(\\d+)(/publicKey|:asymmetricSign|)$`);
const onKey = new RegExp(`^/v1/${keyPath}(:encrypt|:decrypt)$`);

const base64 = (value: unknown) => Buffer.from(typeof value === "string" ? value : "", "base64");

export function kmsApi(keys: KeyMaterial, iam: Iam): Handler {
  const demandedKey = (member: string, permission: string, name: string): Key => {
    iam.demand(member, permission, name);
    const key = keys.get(name);
    if (key) return key;
    throw new ApiError("NOT_FOUND", `CryptoKey ${name} not found.`);
  };

  async function call(request: Request): Promise<unknown> {
    const path = decodeURIComponent(new URL(request.url).pathname);
    const member = iam.caller(request);
    const [, name = "", number, verb] = onVersion.exec(path) ?? onKey.exec(path)?.toSpliced(2, 0, "") ?? [];
    const route = `${request.method} ${verb}`;

    if (route === "POST :encrypt") {
      const key = demandedKey(member, "cloudkms.cryptoKeyVersions.useToEncrypt", name);
      const { plaintext, additionalAuthenticatedData } = await bodyOf(request);
      const primary = usable(name, key.versions.at(-1), key, "ENCRYPT_DECRYPT");
      const ciphertext = encryptWith(primary, base64(plaintext), base64(additionalAuthenticatedData));
      return {
        name: `${name}/cryptoKeyVersions/${primary.version}`,
        ciphertext: ciphertext.toString("base64"),
        ciphertextCrc32c: String(crc32c(ciphertext)),
        protectionLevel: "SOFTWARE",
      };
    }
    if (route === "POST :decrypt") {
      const key = demandedKey(member, "cloudkms.cryptoKeyVersions.useToDecrypt", name);
      const { ciphertext, additionalAuthenticatedData } = await bodyOf(request);
      usable(name, key.versions.at(-1), key, "ENCRYPT_DECRYPT");
      try {
        const plaintext = decryptWith(key, base64(ciphertext), base64(additionalAuthenticatedData));
        return {
          plaintext: plaintext.toString("base64"),
          plaintextCrc32c: String(crc32c(plaintext)),
          usedPrimary: true,
          protectionLevel: "SOFTWARE",
        };
      } catch {
        throw new ApiError("INVALID_ARGUMENT", "Decryption failed: verify that 'name' refers to the correct CryptoKey.");
      }
    }
    if (route === "POST :asymmetricSign") {
      const key = demandedKey(member, "cloudkms.cryptoKeyVersions.useToSign", name);
      const { data, digest } = await bodyOf(request);
      if (digest !== undefined || typeof data !== "string") {
        throw new ApiError("INVALID_ARGUMENT", "Send what is to be signed in `data`: this cloud does not sign a `digest` made elsewhere.");
      }
      const version = usable(name, find(key, number), key, "ASYMMETRIC_SIGN");
      const signature = signWith(version, base64(data));
      return {
        name: `${name}/cryptoKeyVersions/${version.version}`,
        signature: signature.toString("base64"),
        signatureCrc32c: String(crc32c(signature)),
        verifiedDataCrc32c: true,
        protectionLevel: "SOFTWARE",
      };
    }
    if (route === "GET /publicKey") {
      const key = demandedKey(member, "cloudkms.cryptoKeyVersions.viewPublicKey", name);
      const version = usable(name, find(key, number), key, "ASYMMETRIC_SIGN");
      const pem = publicPem(version);
      return {
        name: `${name}/cryptoKeyVersions/${version.version}`,
        pem,
        pemCrc32c: String(crc32c(Buffer.from(pem))),
        algorithm: version.algorithm,
        protectionLevel: "SOFTWARE",
      };
    }
    if (route === "GET ") {
      const key = demandedKey(member, "cloudkms.cryptoKeyVersions.get", name);
      const version = find(key, number);
      if (!version) throw new ApiError("NOT_FOUND", `CryptoKeyVersion ${name}/cryptoKeyVersions/${number} not found.`);
      const { algorithm, state, created } = version;
      return { name: `${name}/cryptoKeyVersions/${number}`, algorithm, state, createTime: created, protectionLevel: "SOFTWARE" };
    }
    throw new ApiError("NOT_FOUND", `${request.method} ${path} is not a call of this API that is available here.`);
  }

  return (request) => answering(() => call(request));
}

const find = (key: Key, number: string | undefined) => key.versions.find(({ version }) => version === Number(number));

function usable(name: string, version: KeyVersion | undefined, key: Key, purpose: string): KeyVersion {
  if (key.purpose !== purpose) {
    throw new ApiError(
      "FAILED_PRECONDITION",
      `${name} has purpose ${key.purpose}, which is not valid for this operation: it needs ${purpose}.`,
    );
  }
  if (!version) throw new ApiError("NOT_FOUND", `CryptoKey ${name} has no such version.`);
  if (version.state === "ENABLED") return version;
  throw new ApiError(
    "FAILED_PRECONDITION",
    `${name}/cryptoKeyVersions/${version.version} is not enabled, current state is: ${version.state}.`,
  );
}
