import { afterAll, beforeAll, expect, test } from "vitest";
import { certificate } from "./platform.ts";
import { World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(() => world.end());

const request = (domainName: string, more: object = {}) =>
  world.create("acm/certificate:Certificate", { domainName, validationMethod: "DNS", ...more });
const challenges = (state: object) =>
  (state as { domainValidationOptions: { domainName: string; resourceRecordName: string; resourceRecordValue: string }[] })
    .domainValidationOptions;

test("a certificate asks for a CNAME of each of its domains, the same for a domain and its wildcard", async () => {
  const made = await request("brand.example", { subjectAlternativeNames: ["*.brand.example", "other.example"] });
  expect(made.state).toMatchObject({ arn: made.id, status: "PENDING_VALIDATION" });
  const [own, wildcard, other] = challenges(made.state);
  expect(own).toMatchObject({
    resourceRecordType: "CNAME",
    resourceRecordName: expect.stringMatching(/^_[0-9a-f]{32}\.brand\.example\.$/),
  });
  expect(own?.resourceRecordValue).toMatch(/\.acm-validations\.aws\.$/);
  expect(wildcard?.resourceRecordName).toBe(own?.resourceRecordName);
  expect(other?.resourceRecordName).not.toBe(own?.resourceRecordName);
});

test("a validation says which record is missing, and succeeds once it stands", async () => {
  const made = await request("late.example");
  const [challenge] = challenges(made.state);
  const validate = () => world.create("acm/certificateValidation:CertificateValidation", { certificateArn: made.id });
  await expect(validate()).rejects.toThrow(
    `last state: 'PENDING_VALIDATION'). Not in the DNS, unproxied: ${challenge?.resourceRecordName}`,
  );
  world.internet.publish({ name: challenge?.resourceRecordName ?? "", type: "CNAME", content: "something.else.example" });
  await expect(validate()).rejects.toThrow("PENDING_VALIDATION");
  const part = () => world.aws.parts().find(({ kind, name }) => kind === "certificate" && name === "late.example");
  expect(part()).toMatchObject({ state: "starting", detail: "PENDING_VALIDATION: late.example" });
  world.internet.publish({ name: challenge?.resourceRecordName ?? "", type: "CNAME", content: challenge?.resourceRecordValue ?? "" });
  expect((await validate()).state.certificateArn).toBe(made.id);
  expect(part()).toMatchObject({ state: "running", detail: "ISSUED: late.example" });
});

test("a validation compares the records that it is given with those that are asked for", async () => {
  const made = await request("forgot.example");
  const given = { certificateArn: made.id, validationRecordFqdns: ["_other.forgot.example"] };
  await expect(world.create("acm/certificateValidation:CertificateValidation", given)).rejects.toThrow(
    /missing forgot\.example DNS validation record: _[0-9a-f]+\.forgot\.example$/,
  );
});

test("an issued certificate stays so over a restart", async () => {
  const arn = await certificate(world, "stays.example");
  await world.stop();
  await world.start();
  const again = await world.create("acm/certificateValidation:CertificateValidation", { certificateArn: arn });
  expect(again.state.certificateArn).toBe(arn);
});

test("only certificates with a proof in the DNS are there", async () => {
  await expect(world.create("acm/certificate:Certificate", { domainName: "a.example" })).rejects.toThrow(
    "validationMethod: must be specified",
  );
  await expect(request("a.example", { validationMethod: "EMAIL" })).rejects.toThrow("validationMethod");
  await expect(world.create("acm/certificate:Certificate", { certificateBody: "-", privateKey: "-" })).rejects.toThrow("certificateBody");
});
