import { beforeAll, describe, expect, test } from "vitest";
import { compileDecisionTable } from "../../../functions/governance/policy/compile.ts";
import { type DecisionTable, parseDecisionTable, policyRevision } from "../../../functions/shared/decision-table.ts";
import { attachSignature, signingInput, verifySignedTable } from "../../../functions/shared/signed-decision-table.ts";
import { newKeyPair } from "../keys.ts";

describe("the signed decision table", () => {
  const key = newKeyPair();
  let table: DecisionTable;
  let signed: string;
  beforeAll(async () => {
    table = await compileDecisionTable();
    signed = attachSignature(signingInput(table), key.sign(signingInput(table)));
  });

  test("is what was signed, with its revision", async () => {
    expect(await verifySignedTable(`${signed}\n`, key.publicPem)).toEqual({ table, revision: await policyRevision(table) });
  });

  test("has one revision however its members are ordered", async () => {
    const reordered = { jurisdictions: Object.fromEntries(Object.entries(table.jurisdictions).reverse()), format: table.format };
    expect(await policyRevision(reordered)).toBe(await policyRevision(table));
  });

  test("is refused when a letter of it was changed", async () => {
    const [header, payload, signature] = signed.split(".") as [string, string, string];
    const other = Buffer.from(Buffer.from(payload, "base64url").toString().replace('"allow":false', '"allow":true')).toString("base64url");
    await expect(verifySignedTable(`${header}.${other}.${signature}`, key.publicPem)).rejects.toThrow("signature");
  });

  test("is refused when another key signed it", async () => {
    await expect(verifySignedTable(signed, newKeyPair().publicPem)).rejects.toThrow("signature");
  });

  test("is refused when the key signed it as something else", async () => {
    const input = `${Buffer.from('{"alg":"EdDSA","typ":"JWT"}').toString("base64url")}.${signingInput(table).split(".")[1]}`;
    await expect(verifySignedTable(attachSignature(input, key.sign(input)), key.publicPem)).rejects.toThrow('type "JWT"');
  });

  test("is refused when it has a hole", async () => {
    const holed = structuredClone(table) as unknown as { jurisdictions: Record<string, Record<string, { when: Record<string, unknown> }>> };
    delete holed.jurisdictions.eu?.analytics?.when.expired;
    const input = signingInput(holed as unknown as DecisionTable);
    await expect(verifySignedTable(attachSignature(input, key.sign(input)), key.publicPem)).rejects.toThrow("expired");
  });

  test("is refused without a rule for jurisdictions it does not name", () => {
    const { "*": _, ...named } = table.jurisdictions;
    expect(() => parseDecisionTable({ ...table, jurisdictions: named })).toThrow("must have an entry");
  });

  test("takes no signature that cannot be one", () => expect(() => attachSignature("a.b", new Uint8Array(63))).toThrow("64 bytes, not 63"));
});
