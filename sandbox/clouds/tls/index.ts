// The `tls` provider: it talks to no cloud, it makes keys. Real ones, by Node's own generator.
import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import type { Cloud } from "../../engine/cloud.ts";
import { CloudError, type Properties, type ResourceDefinition } from "../../engine/definition.ts";

function generate(inputs: Properties): KeyObject {
  switch (inputs.algorithm) {
    case "ED25519":
      return generateKeyPairSync("ed25519").privateKey;
    case "RSA":
      return generateKeyPairSync("rsa", { modulusLength: inputs.rsaBits as number }).privateKey;
    case "ECDSA": {
      const curves: Record<string, string> = { P224: "secp224r1", P256: "prime256v1", P384: "secp384r1", P521: "secp521r1" };
      const namedCurve = curves[inputs.ecdsaCurve as string];
      if (namedCurve) return generateKeyPairSync("ec", { namedCurve }).privateKey;
      throw new CloudError("InvalidCurve", `ecdsaCurve is "${inputs.ecdsaCurve}"; allowed: ${Object.keys(curves).join(", ")}.`);
    }
    default:
      throw new CloudError("InvalidAlgorithm", `algorithm is "${inputs.algorithm}"; allowed: RSA, ECDSA, ED25519.`);
  }
}

const privateKey: ResourceDefinition = {
  token: "tls:index/privateKey:PrivateKey",
  fidelity: { level: "runs", how: "a real key pair", test: "test/sandbox/local-providers.test.ts" },
  replaceOn: ["algorithm", "ecdsaCurve", "rsaBits"],
  defaults: () => ({ ecdsaCurve: "P224", rsaBits: 2048 }),
  create({ orphan }, inputs) {
    if (orphan) return { id: orphan.id, outputs: orphan.state };
    const key = generate(inputs);
    const publicKey = createPublicKey(key);
    const der = publicKey.export({ type: "spki", format: "der" });
    return {
      id: Buffer.from(der).subarray(-20).toString("hex"),
      outputs: {
        privateKeyPem: key.export({
          type: inputs.algorithm === "RSA" ? "pkcs1" : inputs.algorithm === "ECDSA" ? "sec1" : "pkcs8",
          format: "pem",
        }) as string,
        privateKeyPemPkcs8: key.export({ type: "pkcs8", format: "pem" }) as string,
        publicKeyPem: publicKey.export({ type: "spki", format: "pem" }) as string,
      },
    };
  },
};

export function createTls(): Cloud {
  return { name: "tls", resources: [privateKey], functions: [], start: async () => {}, stop: async () => {}, parts: () => [] };
}
