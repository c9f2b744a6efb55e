import { afterAll, beforeAll, expect, test } from "vitest";
import { allow, policy, region, World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(() => world.end());

const call = (operation: string, input: object, principal = world.aws.deployer) =>
  world.call(principal, "logs", `Logs_20140328.${operation}`, input);
const group = (name: string, more: object = {}) => world.create("cloudwatch/logGroup:LogGroup", { name, ...more });
const put = (logGroupName: string, logStreamName: string, ...messages: string[]) =>
  call("PutLogEvents", {
    logGroupName,
    logStreamName,
    logEvents: messages.map((message, index) => ({ timestamp: Date.now() + index, message })),
  });

test("a group keeps the events of its streams, and finds them by words", async () => {
  const made = await group("app");
  expect(made.state).toMatchObject({
    arn: `arn:aws:logs:${region}:${world.aws.account}:log-group:app`,
    retentionInDays: 0,
    logGroupClass: "STANDARD",
  });
  await world.create("cloudwatch/logStream:LogStream", { logGroupName: "app", name: "one" });
  expect((await call("CreateLogStream", { logGroupName: "app", logStreamName: "two" })).status).toBe(200);
  await put("app", "one", "error: out of paper", "all is well");
  await put("app", "two", "error: no ink");
  const found = await call("FilterLogEvents", { logGroupName: "app", filterPattern: "error -ink" });
  expect(found.body.events).toMatchObject([{ message: "error: out of paper", logStreamName: "one" }]);
  const read = await call("GetLogEvents", { logGroupName: "app", logStreamName: "one" });
  expect(read.body.events).toMatchObject([{ message: "error: out of paper" }, { message: "all is well" }]);
  const rest = await call("GetLogEvents", { logGroupName: "app", logStreamName: "one", nextToken: read.body.nextForwardToken });
  expect(rest.body.events).toEqual([]);
});

test("a group and its events outlive a restart, and go with the group", async () => {
  const made = await group("durable");
  await call("CreateLogStream", { logGroupName: "durable", logStreamName: "s" });
  await put("durable", "s", "kept");
  await world.stop();
  await world.start();
  expect((await call("FilterLogEvents", { logGroupName: "durable" })).body.events).toMatchObject([{ message: "kept" }]);
  await made.remove();
  await group("durable");
  expect((await call("FilterLogEvents", { logGroupName: "durable" })).body.events).toEqual([]);
});

test("events go when their retention is over", async () => {
  await group("short", { retentionInDays: 1 });
  await call("CreateLogStream", { logGroupName: "short", logStreamName: "s" });
  const old = Date.now() - 2 * 86_400_000;
  await call("PutLogEvents", { logGroupName: "short", logStreamName: "s", logEvents: [{ timestamp: old, message: "old" }] });
  expect((await call("FilterLogEvents", { logGroupName: "short" })).body.events).toEqual([]);
});

test("a group takes a retention that CloudWatch knows, a name once, and a stream only when it is there", async () => {
  await expect(group("odd", { retentionInDays: 31 })).rejects.toThrow("expected retentionInDays to be one of [0 1 3 5 7 14 30");
  await group("once");
  await expect(group("once")).rejects.toThrow("ResourceAlreadyExistsException");
  await expect(world.create("cloudwatch/logStream:LogStream", { logGroupName: "never", name: "s" })).rejects.toThrow(
    "The specified log group does not exist",
  );
  expect(await put("once", "never", "x")).toMatchObject({ status: 400, body: { __type: "ResourceNotFoundException" } });
});

test("a key must let the service of its region use it for this group; without it the events are closed", async () => {
  const statement = (service: string) => ({
    ...allow(["kms:Encrypt*", "kms:Decrypt*", "kms:GenerateDataKey*", "kms:Describe*"], "*"),
    Principal: { Service: service },
    Condition: { ArnLike: { "kms:EncryptionContext:aws:logs:arn": `arn:aws:logs:${region}:${world.aws.account}:log-group:sealed*` } },
  });
  const key = (service: string) => world.create("kms/key:Key", { policy: policy(statement(service)) });
  const wrong = await key("logs.us-east-1.amazonaws.com");
  await expect(group("sealed", { kmsKeyId: String(wrong.state.arn) })).rejects.toThrow(
    "does not exist or is not allowed to be used with Arn",
  );
  const right = await key(`logs.${region}.amazonaws.com`);
  await expect(group("others", { kmsKeyId: String(right.state.arn) })).rejects.toThrow("not allowed to be used");
  await group("sealed", { kmsKeyId: String(right.state.arn) });
  await call("CreateLogStream", { logGroupName: "sealed", logStreamName: "s" });
  expect((await put("sealed", "s", "secret")).status).toBe(200);
  const off = await right.update({ isEnabled: false });
  expect(await put("sealed", "s", "more")).toMatchObject({ status: 400, body: { __type: "InvalidOperationException" } });
  expect((await call("FilterLogEvents", { logGroupName: "sealed" })).status).toBe(400);
  await off.update({ isEnabled: true });
  expect((await call("FilterLogEvents", { logGroupName: "sealed" })).body.events).toMatchObject([{ message: "secret" }]);
});

test("a role writes where its policy says, and its refusal names the stream", async () => {
  const made = await group("ruled");
  await world.role(
    "agent",
    { Principal: "*", Action: "sts:AssumeRole" },
    allow(["logs:CreateLogStream", "logs:PutLogEvents"], `${made.state.arn}:log-stream:mine*`),
  );
  const as = world.session("agent");
  expect((await call("CreateLogStream", { logGroupName: "ruled", logStreamName: "mine" }, as)).status).toBe(200);
  const refused = await call("CreateLogStream", { logGroupName: "ruled", logStreamName: "theirs" }, as);
  expect(refused.body).toMatchObject({
    __type: "AccessDeniedException",
    message: expect.stringContaining(`logs:CreateLogStream on resource: "${made.state.arn}:log-stream:theirs"`),
  });
});
