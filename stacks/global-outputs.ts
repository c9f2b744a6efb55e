// What a region takes from the global stack.
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";

const schema = z.object({
  storefront: z.string(),
  registryProject: z.string(),
  repositories: z.record(z.string(), z.string()),
  decisionTableKey: z.string(),
});
export type GlobalOutputs = z.infer<typeof schema>;

/** @throws RunError when the global stack is not deployed, saying what to do */
export async function globalOutputs(): Promise<GlobalOutputs> {
  const name = `${pulumi.getOrganization()}/${pulumi.getProject()}/global`;
  const reference = new pulumi.StackReference(name);
  const values: Record<string, unknown> = {};
  for (const key of Object.keys(schema.shape)) values[key] = (await reference.getOutputDetails(key)).value;
  const parsed = schema.safeParse(values);
  if (parsed.success) return parsed.data;
  throw new pulumi.RunError(
    `the stack "global" is not deployed as this region needs it (${parsed.error.issues.map((issue) => issue.path.join(".")).join(", ")} missing).\n` +
      "Deploy it first: ./bailiwick up global (or pulumi up -s global).",
  );
}
