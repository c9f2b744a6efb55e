// Cloud KMS: key rings and keys that never vanish, and the API that uses them.

import type { Ground } from "../../engine/cloud.ts";
import {
  CloudError,
  type Context,
  type Created,
  type FunctionDefinition,
  type Properties,
  type ResourceDefinition,
  UNKNOWN,
} from "../../engine/definition.ts";
import { withDeletionPolicy } from "./deletion.ts";
import type { Iam } from "./iam.ts";
import { iamMember } from "./iam-member.ts";
import { kmsApi } from "./kms-api.ts";
import { generate, type Key, type KeyMaterial, primaryOf, publicPem, signingAlgorithms, symmetric } from "./kms-keys.ts";
import { labelOutputs } from "./labels.ts";
import { objectOf } from "./outputs.ts";
import { projectOf } from "./projects.ts";
import type { GcpService } from "./service.ts";
import { requireApi } from "./services.ts";

const api = "cloudkms.googleapis.com";
const test = "test/sandbox/gcp/kms.test.ts";
const ringToken = "gcp:kms/keyRing:KeyRing";
const keyToken = "gcp:kms/cryptoKey:CryptoKey";

// Names are taken for ever: each is a fact that holds the URN of its maker while that lives, and this word afterwards.
const abandoned = "abandoned";

function claim(context: Context, what: "KeyRing" | "CryptoKey", token: string, id: string): void {
  const holder = context.store.fact(`gcp/kms-name/${id}`, () => context.urn);
  const stored = context.store.get(token, id);
  // An interrupted create of the same resource is no conflict.
  if (holder === context.urn && (!stored || context.orphan?.id === id)) return;
  throw new CloudError("alreadyExists", `Error creating ${what}: googleapi: Error 409: ${what} ${id} already exists., alreadyExists`);
}

const exists = (context: Context, id: string) => context.store.fact<string | null>(`gcp/kms-name/${id}`, () => null) !== null;

// Cloud KMS has no call that deletes a key ring or a key [SDK kms/keyRing, kms/cryptoKey; MM custom_delete].
const keyRing: ResourceDefinition = {
  token: ringToken,
  fidelity: { level: "enforces", how: "its name is taken for ever", test },
  replaceOn: ["name", "location", "project"],
  autoname: { property: "name", maxLength: 63 },
  create(context, inputs): Created {
    const project = projectOf(context, inputs);
    requireApi(context, project, api);
    const id = `projects/${project}/locations/${inputs.location}/keyRings/${inputs.name}`;
    claim(context, "KeyRing", ringToken, id);
    return { id, outputs: { project } };
  },
  async import(context, id) {
    const [, project, location, name] = /^projects\/([^/]+)\/locations\/([^/]+)\/keyRings\/([^/]+)$/.exec(id) ?? [];
    return project && location && name && exists(context, id) ? { inputs: { project, location, name }, outputs: {} } : undefined;
  },
  delete: (context, { id }) => context.store.setFact(`gcp/kms-name/${id}`, abandoned),
};

const algorithmOf = (inputs: Properties) => objectOf(inputs.versionTemplate).algorithm;

function cryptoKey(keys: KeyMaterial): ResourceDefinition {
  const outputs = (context: Context, id: string, key: Key, inputs: Properties): Properties => ({
    ...labelOutputs(context, inputs),
    cryptoKeyBackend: "",
    destroyScheduledDuration: inputs.destroyScheduledDuration ?? "2592000s",
    importOnly: inputs.importOnly ?? false,
    purpose: key.purpose,
    versionTemplate: { algorithm: symmetric, protectionLevel: "SOFTWARE", ...objectOf(inputs.versionTemplate) },
    primaries:
      key.purpose === "ENCRYPT_DECRYPT"
        ? [primaryOf(key) ?? []].flat().map(({ version, state }) => ({ name: `${id}/cryptoKeyVersions/${version}`, state }))
        : [],
  });
  return {
    token: keyToken,
    fidelity: {
      level: "enforces",
      how: "really generated keys that sign and encrypt; a version that is disabled or destroyed does neither, nor do the stores that use it",
      test,
    },
    // [MM CryptoKey.yaml: immutable]
    replaceOn: [
      "name",
      "keyRing",
      "purpose",
      "destroyScheduledDuration",
      "importOnly",
      "skipInitialVersionCreation",
      "cryptoKeyBackend",
      "versionTemplate.protectionLevel",
    ],
    recomputed: ["pulumiLabels", "effectiveLabels", "primaries"],
    refuse: (inputs) => {
      const algorithm = algorithmOf(inputs);
      if (inputs.purpose === "ASYMMETRIC_SIGN" && algorithm !== UNKNOWN && !signingAlgorithms.includes(String(algorithm))) {
        return [
          {
            property: "versionTemplate.algorithm",
            reason: `"${algorithm ?? ""}" does not sign; allowed here: ${signingAlgorithms.join(", ")}`,
          },
        ];
      }
      if (typeof inputs.rotationPeriod === "string" && Number.parseFloat(inputs.rotationPeriod) < 86_400) {
        return [{ property: "rotationPeriod", reason: `"${inputs.rotationPeriod}" is too short: at least 86400s` }];
      }
      return [];
    },
    create(context, inputs): Created {
      const ring = String(inputs.keyRing);
      const project = ring.split("/")[1] ?? "";
      requireApi(context, project, api);
      if (!exists(context, ring))
        throw new CloudError("notFound", `Error creating CryptoKey: googleapi: Error 404: KeyRing ${ring} not found., notFound`);
      const purpose = String(inputs.purpose ?? "ENCRYPT_DECRYPT");
      if (purpose !== "ENCRYPT_DECRYPT" && purpose !== "ASYMMETRIC_SIGN") {
        throw new CloudError(
          "unsupported",
          `Error creating CryptoKey: purpose ${purpose} is not available here; ENCRYPT_DECRYPT and ASYMMETRIC_SIGN are`,
        );
      }
      const id = `${ring}/cryptoKeys/${inputs.name}`;
      claim(context, "CryptoKey", keyToken, id);
      const versions = inputs.skipInitialVersionCreation === true ? [] : [generate(String(algorithmOf(inputs) ?? symmetric), 1)];
      const destroyAfterSeconds = Number.parseFloat(String(inputs.destroyScheduledDuration ?? "2592000s"));
      const key = keys.get(id) ?? { purpose, versions, destroyAfterSeconds };
      keys.put(id, key);
      return { id, outputs: outputs(context, id, key, inputs) };
    },
    update: (context, old, inputs) => outputs(context, old.id, keys.get(old.id) as Key, inputs),
    delete(context, { id }) {
      keys.destroy(id);
      context.store.setFact(`gcp/kms-name/${id}`, abandoned);
    },
  };
}

const getKMSCryptoKeyVersion = (keys: KeyMaterial): FunctionDefinition => ({
  token: "gcp:kms/getKMSCryptoKeyVersion:getKMSCryptoKeyVersion",
  call(_context, args) {
    const cryptoKey = String(args.cryptoKey);
    const number = Number(args.version ?? 1);
    const key = keys.get(cryptoKey);
    const version = key?.versions.find((candidate) => candidate.version === number);
    const name = `${cryptoKey}/cryptoKeyVersions/${number}`;
    if (!key || !version)
      throw new CloudError("notFound", `Error reading CryptoKeyVersion: googleapi: Error 404: ${name} not found., notFound`);
    const { algorithm, state } = version;
    const publicKeys = key.purpose === "ASYMMETRIC_SIGN" && state === "ENABLED" ? [{ algorithm, pem: publicPem(version) }] : [];
    return {
      id: `//cloudkms.googleapis.com/v1/${name}`,
      name,
      cryptoKey,
      version: number,
      algorithm,
      state,
      protectionLevel: "SOFTWARE",
      publicKeys,
    };
  },
});

export function createKms(ground: Ground, iam: Iam, keys: KeyMaterial): GcpService {
  let offline = () => {};
  return {
    resources: [
      withDeletionPolicy(keyRing),
      withDeletionPolicy(cryptoKey(keys)),
      iamMember(iam, {
        token: "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember",
        test,
        replaceOn: ["cryptoKeyId"],
        target(context, inputs) {
          const name = String(inputs.cryptoKeyId);
          if (exists(context, name)) return { name };
          throw new CloudError(
            "notFound",
            `Error applying IAM policy for KMS CryptoKey "${name}": googleapi: Error 404: CryptoKey ${name} not found., notFound`,
          );
        },
      }),
    ],
    functions: [getKMSCryptoKeyVersion(keys)],
    async start() {
      offline = ground.internet.register(api, kmsApi(keys, iam));
    },
    async stop() {
      offline();
    },
    parts: () =>
      ground.store.list(keyToken).map(({ id, inputs }) => {
        const [, , , location, , ring, , name] = id.split("/");
        const days = Number.parseFloat(String(inputs.rotationPeriod)) / 86_400;
        const key = keys.get(id);
        const newest = key && primaryOf(key);
        return {
          kind: "key",
          name: `${ring}/${name}`,
          state: newest?.state === "ENABLED" ? ("running" as const) : ("failed" as const),
          detail: [
            newest ? `version ${newest.version} ${newest.state}` : "no version",
            days > 0 ? `rotates every ${days} days` : "does not rotate",
            location,
          ].join(", "),
        };
      }),
  };
}
