// A provider's own process works in the program's folder; an attached one must be told, or the paths of a program mean something else.
import { expect, it } from "vitest";
import type { ResourceDefinition } from "../../../sandbox/engine/definition.ts";
import { Engine } from "./pulumi.ts";

const queue: ResourceDefinition = {
  token: "cloudflare:index/queue:Queue",
  fidelity: { level: "records", why: "a test's" },
  create: ({ programDir }, inputs) => ({ id: inputs.queueName as string, outputs: { createdOn: programDir ?? "nowhere" } }),
};

it("each of two programs that run at once is known by its own folder", async () => {
  await using engine = await Engine.start({ resources: [queue] });
  const program = `
    import * as cloudflare from "@pulumi/cloudflare";
    export const folder = new cloudflare.Queue("queue", { accountId: "a", queueName: "q" }).createdOn;`;
  const stacks = await Promise.all(["one", "other"].map((name) => engine.stack(name, program)));
  for (const { code, output } of await Promise.all(stacks.map((stack) => stack.up()))) expect(code, output).toBe(0);
  for (const stack of stacks) expect(await stack.outputs()).toEqual({ folder: stack.folder });
});
