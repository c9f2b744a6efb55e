// The `random` provider: it talks to no cloud, it makes random values once and keeps them.
import { randomBytes } from "node:crypto";
import type { Cloud } from "../../engine/cloud.ts";
import type { ResourceDefinition } from "../../engine/definition.ts";

const randomId: ResourceDefinition = {
  token: "random:index/randomId:RandomId",
  fidelity: { level: "runs", how: "real random bytes", test: "test/sandbox/local-providers.test.ts" },
  // Every change makes another value (registry.terraform.io/providers/hashicorp/random, resource random_id).
  replaceOn: ["byteLength", "keepers", "prefix"],
  refuse: (inputs) =>
    typeof inputs.byteLength === "number" && inputs.byteLength < 1
      ? [{ property: "byteLength", reason: `${inputs.byteLength} is too few; at least 1` }]
      : [],
  create(_context, inputs) {
    const bytes = randomBytes(inputs.byteLength as number);
    const prefix = (inputs.prefix as string | undefined) ?? "";
    return {
      id: bytes.toString("base64url"),
      outputs: {
        b64Url: prefix + bytes.toString("base64url"),
        b64Std: prefix + bytes.toString("base64"),
        hex: prefix + bytes.toString("hex"),
        dec: prefix + BigInt(`0x${bytes.toString("hex")}`).toString(),
      },
    };
  },
};

export function createRandom(): Cloud {
  return { name: "random", resources: [randomId], functions: [], start: async () => {}, stop: async () => {}, parts: () => [] };
}
