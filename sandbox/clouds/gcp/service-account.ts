// Service accounts, and the bindings on projects and on accounts themselves.
import { randomInt } from "node:crypto";
import { CloudError, type Created, type ResourceDefinition, UNKNOWN } from "../../engine/definition.ts";
import type { Iam } from "./iam.ts";
import { iamMember } from "./iam-member.ts";
import { computedOf } from "./outputs.ts";
import { projectOf } from "./projects.ts";
import { requireApi } from "./services.ts";

const token = "gcp:serviceaccount/account:Account";
const test = "test/sandbox/gcp/iam.test.ts";
const accountId = /^[a-z][-a-z0-9]{4,28}[a-z0-9]$/; // iam.googleapis.com, projects.serviceAccounts.create

const account: ResourceDefinition = {
  token,
  fidelity: { level: "enforces", how: "tokens are issued to it and die with it", test },
  replaceOn: ["accountId", "project"],
  refuse: ({ accountId: id }) =>
    typeof id === "string" && id !== UNKNOWN && !accountId.test(id)
      ? [
          {
            property: "accountId",
            reason: `"${id}" is not allowed: 6 to 30 characters, a lower case letter first, then lower case letters, digits and hyphens, no hyphen at the end`,
          },
        ]
      : [],
  create(context, inputs): Created {
    const project = projectOf(context, inputs);
    requireApi(context, project, "iam.googleapis.com");
    const email = `${inputs.accountId}@${project}.iam.gserviceaccount.com`;
    const id = `projects/${project}/serviceAccounts/${email}`;
    const disabled = inputs.disabled ?? false;
    const existing = context.store.get(token, id);
    if (existing && inputs.createIgnoreAlreadyExists === true) return { id, outputs: { ...computedOf(existing), disabled } };
    if (existing) {
      throw new CloudError(
        "alreadyExists",
        `Error creating service account: googleapi: Error 409: Service account ${inputs.accountId} already exists within project projects/${project}., alreadyExists`,
      );
    }
    // A new number every time: whoever trusted the old one does not trust a new account of the same name.
    const uniqueId = `1${Array.from({ length: 20 }, () => randomInt(10)).join("")}`;
    return { id, outputs: { project, email, member: `serviceAccount:${email}`, name: id, uniqueId, disabled } };
  },
  update: (_context, old, inputs) => ({ ...computedOf(old), disabled: inputs.disabled ?? false }),
};

export const serviceAccountDefinitions = (iam: Iam): ResourceDefinition[] => [
  account,
  iamMember(iam, {
    token: "gcp:serviceaccount/iAMMember:IAMMember",
    test,
    replaceOn: ["serviceAccountId"],
    target(context, inputs) {
      const name = String(inputs.serviceAccountId);
      if (context.store.get(token, name)) return { name };
      throw new CloudError(
        "notFound",
        `Error applying IAM policy for service account '${name}': googleapi: Error 404: Unknown service account, notFound`,
      );
    },
  }),
  iamMember(iam, {
    token: "gcp:projects/iAMMember:IAMMember",
    test,
    replaceOn: ["project"],
    target: (_context, inputs) => ({ name: String(inputs.project).replace(/^projects\//, "") }),
  }),
];
