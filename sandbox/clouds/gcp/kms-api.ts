// cloudkms.googleapis.com, the calls that use a key and those that enable, disable and destroy its versions (cloud.google.com/kms/docs/reference/rest/v1).
import type { Handler } from "../../engine/internet.ts";
import { ApiError, answering, bodyOf } from "./api.ts";
import { crc32c } from "./crc32c.ts";
import type { Iam } from "./iam.ts";
import {
  decryptWith,
  encryptWith,
  generate,
  type Key,
  type KeyMaterial,
  type KeyVersion,
  primaryOf,
  publicPem,
  signWith,
  versionOf,
} from "./kms-keys.ts";

const keyPath = "(projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/:]+)";
const onVersion = new RegExp(`^/v1/${keyPath}/cryptoKeyVersions/(\\d+)(/publicKey|:asymmetricSign|:destroy|:restore|)$`);
const onKey = new RegExp(`^/v1/${keyPath}(:encrypt|:decrypt|:updatePrimaryVersion|/cryptoKeyVersions|)$`);

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
      const primary = usable(name, primaryOf(key), key, "ENCRYPT_DECRYPT");
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
      const bytes = base64(ciphertext);
      const number = versionOf(bytes);
      const version = key.versions.find((candidate) => candidate.version === number);
      if (!version) throw notOfThisKey();
      usable(name, version, key, "ENCRYPT_DECRYPT");
      try {
        const plaintext = decryptWith(version, bytes, base64(additionalAuthenticatedData));
        return {
          plaintext: plaintext.toString("base64"),
          plaintextCrc32c: String(crc32c(plaintext)),
          usedPrimary: number === primaryOf(key)?.version,
          protectionLevel: "SOFTWARE",
        };
      } catch {
        throw notOfThisKey();
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
    if (route === "GET " && number !== "") {
      const key = demandedKey(member, "cloudkms.cryptoKeyVersions.get", name);
      const version = find(key, number);
      if (!version) throw new ApiError("NOT_FOUND", `CryptoKeyVersion ${name}/cryptoKeyVersions/${number} not found.`);
      return described(name, version);
    }
    const manage = (permission: string) => demandedKey(member, `cloudkms.${permission}`, name);
    switch (route) {
      case "PATCH ": {
        if (number === "") break;
        manage("cryptoKeyVersions.update");
        const { state } = await bodyOf(request);
        if (state !== "ENABLED" && state !== "DISABLED")
          throw new ApiError("INVALID_ARGUMENT", `state: "${state}" is not allowed; a version is set to ENABLED or DISABLED.`);
        return described(name, keys.change(name, Number(number), state));
      }
      case "POST :destroy":
        manage("cryptoKeyVersions.destroy");
        return described(name, keys.change(name, Number(number), "DESTROY_SCHEDULED"));
      case "POST :restore":
        manage("cryptoKeyVersions.restore");
        return described(name, keys.change(name, Number(number), "RESTORED"));
      case "GET /cryptoKeyVersions": {
        const { versions } = manage("cryptoKeyVersions.list");
        return { cryptoKeyVersions: versions.map((version) => described(name, version)), totalSize: versions.length };
      }
      case "POST /cryptoKeyVersions": {
        const key = manage("cryptoKeyVersions.create");
        const last = key.versions.at(-1);
        if (!last) throw new ApiError("FAILED_PRECONDITION", `${name} has no version from which to take the algorithm.`);
        const version = generate(last.algorithm, last.version + 1);
        // A new version is not the primary until it is made so (cloud.google.com/kms/docs/rotate-key).
        keys.put(name, { ...key, primary: primaryOf(key)?.version, versions: [...key.versions, version] });
        return described(name, version);
      }
      case "POST :updatePrimaryVersion": {
        const key = manage("cryptoKeys.update");
        const { cryptoKeyVersionId } = await bodyOf(request);
        const version = usable(name, find(key, String(cryptoKeyVersionId)), key, "ENCRYPT_DECRYPT");
        keys.put(name, { ...key, primary: version.version });
        return { name, purpose: key.purpose, primary: described(name, version) };
      }
      case "GET ": {
        const key = manage("cryptoKeys.get");
        const primary = key.purpose === "ENCRYPT_DECRYPT" ? primaryOf(key) : undefined;
        return { name, purpose: key.purpose, ...(primary ? { primary: described(name, primary) } : {}) };
      }
    }
    throw new ApiError("NOT_FOUND", `${request.method} ${path} is not a call of this API that is available here.`);
  }

  return (request) => answering(() => call(request));
}

const notOfThisKey = () => new ApiError("INVALID_ARGUMENT", "Decryption failed: verify that 'name' refers to the correct CryptoKey.");

const described = (name: string, { version, algorithm, state, created, destroyTime }: KeyVersion) => ({
  name: `${name}/cryptoKeyVersions/${version}`,
  algorithm,
  state,
  createTime: created,
  protectionLevel: "SOFTWARE",
  ...(destroyTime === undefined ? {} : { destroyTime }),
});

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
