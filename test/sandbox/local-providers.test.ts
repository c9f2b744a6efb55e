import { createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import { expect, test } from "vitest";
import { createRandom } from "../../sandbox/clouds/random/index.ts";
import { createTls } from "../../sandbox/clouds/tls/index.ts";
import type { Cloud } from "../../sandbox/engine/cloud.ts";
import type { Context, Properties } from "../../sandbox/engine/definition.ts";
import { Store } from "../../sandbox/engine/store.ts";

const create = async (cloud: Cloud, inputs: Properties, orphan?: Context["orphan"]) => {
  const context: Context = { config: {}, store: new Store(":memory:"), urn: "urn:test", ...(orphan ? { orphan } : {}) };
  return cloud.resources[0]?.create(context, inputs);
};

test.each([
  ["ED25519", {}],
  ["RSA", { rsaBits: 2048 }],
  ["ECDSA", { ecdsaCurve: "P256" }],
])("a private key of algorithm %s signs what its public key verifies", async (algorithm, more) => {
  const made = await create(createTls(), { algorithm, ...more });
  const hash = algorithm === "ED25519" ? null : "sha256";
  const signature = sign(hash, Buffer.from("text"), createPrivateKey(made?.outputs.privateKeyPemPkcs8 as string));
  expect(verify(hash, Buffer.from("text"), createPublicKey(made?.outputs.publicKeyPem as string), signature)).toBe(true);
});

test("an algorithm that does not exist is refused with those that do", async () => {
  await expect(create(createTls(), { algorithm: "DSA" })).rejects.toThrow('algorithm is "DSA"; allowed: RSA, ECDSA, ED25519.');
});

test("a key whose creation was cut off is taken over, not made twice", async () => {
  const first = await create(createTls(), { algorithm: "ED25519" });
  const state = first?.outputs as Properties;
  const again = await create(
    createTls(),
    { algorithm: "ED25519" },
    { token: "tls:index/privateKey:PrivateKey", id: first?.id as string, urn: "urn:test", inputs: {}, state },
  );
  expect(again).toEqual({ id: first?.id, outputs: state });
});

test("a random id (RandomId) says the same bytes in every form", async () => {
  const made = await create(createRandom(), { byteLength: 4, prefix: "x-" });
  const { hex, b64Url, dec } = made?.outputs as Record<string, string>;
  const bytes = Buffer.from((hex as string).slice(2), "hex");
  expect(bytes).toHaveLength(4);
  expect(b64Url).toBe(`x-${bytes.toString("base64url")}`);
  expect(dec).toBe(`x-${bytes.readUInt32BE()}`);
});
