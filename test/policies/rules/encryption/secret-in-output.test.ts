import { expect, it } from "vitest";
import { secretInOutput } from "../../../../policies/rules/encryption/secret-in-output.ts";
import { context, resource, UNKNOWN } from "../../judging.ts";
import { specify } from "../../specify.ts";

const outputs = (props: { readonly [name: string]: unknown }) => ({
  type: "pulumi:pulumi:Stack",
  props: props as { readonly [name: string]: string },
});
const pem = ["-----BEGIN ", "PRIVATE KEY-----\nMC4CAQAw"].join("");

specify(secretInOutput, {
  passes: [
    ["addresses and names", outputs({ url: "https://www.brand.example", bucket: "orders", publicKey: "-----BEGIN PUBLIC KEY-----\nMCow" })],
    [
      "where a secret is",
      outputs({ dbPassword: "arn:aws:secretsmanager:eu-central-1:1:secret:db", nested: { tokenUrl: "https://id.example" } }),
    ],
    ["what is not known yet", outputs({ dbPassword: UNKNOWN })],
  ],
  refused: [
    ["a password", outputs({ dbPassword: "correct horse" }), "the output dbPassword is a secret by its name, and is not marked as one"],
    ["a key, whatever its name", outputs({ material: pem }), "the output material is a private key"],
    ["a password inside", outputs({ database: { replicas: [{ password: "horse" }] } }), "the output database.replicas[0].password is"],
    [
      "an address with a password",
      outputs({ database: "postgres://a:horse@db.brand.example/x" }),
      "the output database is an address with a password",
    ],
  ],
  silent: "aws:rds/instance:Instance",
});

it("lets what is marked as a secret pass, and never shows what is not", () => {
  const stack = (secrets: string[]) => resource({ ...outputs({ dbPassword: "correct horse" }), secrets });
  expect(secretInOutput.checkStack?.([stack(["dbPassword"])], context())).toEqual([]);
  expect(JSON.stringify(secretInOutput.checkStack?.([stack([])], context()))).not.toContain("horse");
});
