import { afterAll, beforeAll, expect, test } from "vitest";
import { region, World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(() => world.end());

const destination = (to: string) => world.create("xray/traceSegmentDestination:TraceSegmentDestination", { destination: to });
const leave = (...groups: string[]) => ({
  policyName: "spans",
  policyDocument: JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Service: "xray.amazonaws.com" },
        Action: "logs:PutLogEvents",
        Resource: groups.map((group) => `arn:aws:logs:${region}:${world.aws.account}:log-group:${group}:*`),
        Condition: { StringEquals: { "aws:SourceAccount": world.aws.account } },
      },
    ],
  }),
});
const groups = ["aws/spans", "/aws/application-signals/data"];
const send = () => world.otlp(world.aws.deployer, { resourceSpans: [] });

test("a fresh account takes no spans over OTLP: they must go to CloudWatch Logs first", async () => {
  expect(await send()).toMatchObject({ status: 400, text: expect.stringContaining("CloudWatch Logs as a Trace Segment Destination") });
});

test("they can go there once a policy lets X-Ray write both of its groups, and are taken from then on", async () => {
  await expect(destination("CloudWatchLogs")).rejects.toThrow("permission to call PutLogEvents on the aws/spans Log Group");
  const policy = await world.create("cloudwatch/logResourcePolicy:LogResourcePolicy", leave("aws/spans"));
  await expect(destination("CloudWatchLogs")).rejects.toThrow("PutLogEvents on the /aws/application-signals/data Log Group");
  await policy.update(leave(...groups));
  const made = await destination("CloudWatchLogs");
  expect(made.id).toBe(region);
  expect((await send()).status).toBe(200);
  // Removing the resource leaves the account as it is; setting it back does not.
  await made.remove();
  expect((await send()).status).toBe(200);
  await destination("XRay");
  expect((await send()).status).toBe(400);
});

test("an account has ten resource policies at most, each of a name or of a resource", async () => {
  await expect(world.create("cloudwatch/logResourcePolicy:LogResourcePolicy", { policyDocument: "{}" })).rejects.toThrow(
    "exactly one of policyName and resourceArn",
  );
  await expect(world.create("cloudwatch/logResourcePolicy:LogResourcePolicy", { policyName: "p", policyDocument: "{" })).rejects.toThrow(
    "contains an invalid JSON policy",
  );
  const add = (n: number) => world.create("cloudwatch/logResourcePolicy:LogResourcePolicy", { ...leave(), policyName: `p${n}` });
  for (let n = world.store.list("aws:cloudwatch/logResourcePolicy:LogResourcePolicy").length; n < 10; n++) await add(n);
  await expect(add(11)).rejects.toThrow("LimitExceededException");
});
