// What a region takes from the global stack.
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import type { Jurisdiction } from "./residency.ts";

const schema = z.object({
  storefront: z.string(),
  registryProject: z.string(),
  repositories: z.record(z.string(), z.string()),
  awsRepositories: z.record(z.string(), z.string()),
  decisionTableKey: z.string(),
});
export type GlobalOutputs = z.infer<typeof schema>;

/** @throws RunError when the global stack is not deployed, or not since this jurisdiction was mapped, saying what to do */
export async function globalOutputs(jurisdiction: Jurisdiction): Promise<GlobalOutputs> {
  const name = `${pulumi.getOrganization()}/${pulumi.getProject()}/global`;
  const reference = new pulumi.StackReference(name);
  const values: Record<string, unknown> = {};
  for (const key of Object.keys(schema.shape)) values[key] = (await reference.getOutputDetails(key)).value;
  const parsed = schema.safeParse(values);
  if (!parsed.success)
    throw new pulumi.RunError(
      `the stack "global" is not deployed as this region needs it (${parsed.error.issues.map((issue) => issue.path.join(".")).join(", ")} missing).\n` +
        "Deploy it first: ./bailiwick up global (or pulumi up -s global).",
    );
  if (parsed.data.repositories[jurisdiction] === undefined || parsed.data.awsRepositories[jurisdiction] === undefined)
    throw new pulumi.RunError(
      `the stack "global" has no image repository for the jurisdiction "${jurisdiction}": it was last deployed before that was mapped.\n` +
        "Deploy it again first: ./bailiwick up global (or pulumi up -s global).",
    );
  return parsed.data;
}
