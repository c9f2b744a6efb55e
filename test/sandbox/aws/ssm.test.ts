import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Properties } from "../../../sandbox/engine/definition.ts";
import { allow, region, World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(() => world.end());

const parameter = (name: string, change: Properties = {}) =>
  world.create("ssm/parameter:Parameter", { name, type: "String", insecureValue: "first", ...change });
const get = (principal: string, ...Names: string[]) => world.call(principal, "ssm", "AmazonSSM.GetParameters", { Names });

test("a parameter is read by its name and by its ARN, and every change makes another version", async () => {
  const made = await parameter("/app/colour");
  const arn = `arn:aws:ssm:${region}:${world.aws.account}:parameter/app/colour`;
  expect(made.state).toMatchObject({ arn, version: 1, tier: "Standard", dataType: "text" });
  const changed = await made.update({ insecureValue: "second" });
  expect(changed.state.version).toBe(2);
  const { body } = await get(world.aws.deployer, "/app/colour", arn, "/app/nothing");
  const shown = { Name: "/app/colour", Type: "String", Value: "second", Version: 2, ARN: arn, DataType: "text" };
  expect(body).toEqual({ Parameters: [shown, shown], InvalidParameters: ["/app/nothing"] });
  await changed.remove();
  expect(await world.call(world.aws.deployer, "ssm", "AmazonSSM.GetParameter", { Name: "/app/colour" })).toMatchObject({
    status: 400,
    body: { __type: "ParameterNotFound" },
  });
});

test("a role reads what its policy names, and is refused the rest in the API's words", async () => {
  await parameter("/reader/mine");
  await parameter("/reader/other");
  const arn = (name: string) => `arn:aws:ssm:${region}:${world.aws.account}:parameter/reader/${name}`;
  await world.role(
    "reader",
    { Principal: { Service: "ecs-tasks.amazonaws.com" }, Action: "sts:AssumeRole" },
    allow("ssm:GetParameters", arn("mine")),
  );
  expect((await get(world.session("reader"), "/reader/mine")).body).toMatchObject({ Parameters: [{ Value: "first" }] });
  const { status, body } = await get(world.session("reader"), "/reader/other");
  expect(status).toBe(400);
  expect(body).toMatchObject({
    __type: "AccessDeniedException",
    message: `User: ${world.session("reader")} is not authorized to perform: ssm:GetParameters on resource: "${arn("other")}" because no identity-based policy allows the ssm:GetParameters action`,
  });
});

describe("Systems Manager refuses", () => {
  test.each<[string, string, Properties, RegExp]>([
    ["a path without its first slash", "app/colour", {}, /fully qualified/],
    ["a name of AWS's own", "/aws/colour", {}, /can't be prefixed with "aws" or "ssm"/],
    ["two values", "/app/x", { value: "second" }, /exactly one of/],
    ["no value", "/app/x", { insecureValue: undefined as never }, /exactly one of/],
    ["more than the tier takes", "/app/x", { insecureValue: "x".repeat(4097) }, /maximum parameter value of 4096 characters/],
    ["what does not fit its pattern", "/app/x", { allowedPattern: "^\\d+$" }, /cannot be validated against allowedPattern/],
    ["another type", "/app/x", { type: "Text" }, /type/],
  ])("%s", async (_what, name, change, words) => {
    await expect(parameter(name, change)).rejects.toThrow(words);
  });

  test("a second parameter of the same name, unless it may be overwritten", async () => {
    await parameter("/app/once");
    await expect(parameter("/app/once")).rejects.toThrow("ParameterAlreadyExists");
    await parameter("/app/once", { overwrite: true, insecureValue: "later" });
    expect((await get(world.aws.deployer, "/app/once")).body).toMatchObject({ Parameters: [{ Value: "later" }] });
  });
});
