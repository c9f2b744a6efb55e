// The types that bind one member to one role on one resource. They differ only in what the resource is.
import { createHash } from "node:crypto";
import { CloudError, type Context, type Properties, type ResourceDefinition, UNKNOWN } from "../../engine/definition.ts";
import type { Iam } from "./iam.ts";

export interface IamMemberOptions {
  readonly token: string;
  /** The path of the test that sees a removed binding refuse a call. */
  readonly test: string;
  /**
   * The resource's name as it stands in the id (`Binding.resource`; the bare project for projects), and the properties that
   * the provider normalises. Throws a CloudError when there is no such resource.
   */
  readonly target: (context: Context, inputs: Properties) => { readonly name: string; readonly outputs?: Properties };
  /** Inputs that name the resource. */
  readonly replaceOn: readonly string[];
}

const members = /^(allUsers|allAuthenticatedUsers|(user|serviceAccount|group|domain):[^\s]+)$/;

/** Everything about a binding forces replacement [magic-modules iam: every field is ForceNew]. */
export function iamMember(iam: Iam, { token, test, target, replaceOn }: IamMemberOptions): ResourceDefinition {
  return {
    token,
    fidelity: { level: "enforces", how: "calls are refused without the binding", test },
    replaceOn: [...replaceOn, "role", "member", "condition"],
    refuse({ member, condition }) {
      const failures = [];
      if (typeof member === "string" && member !== UNKNOWN && !members.test(member)) {
        failures.push({
          property: "member",
          reason: `invalid value "${member}": IAM members must have one of the values outlined here: allUsers, allAuthenticatedUsers, user:, serviceAccount:, group:, domain: and an address`,
        });
      }
      if (condition !== undefined && condition !== null) {
        failures.push({
          property: "condition",
          reason: "conditions are not evaluated here, and a binding that ignores its condition would allow too much",
        });
      }
      return failures;
    },
    create(context, inputs) {
      const { name, outputs = {} } = target(context, inputs);
      const [role, member] = [String(inputs.role), String(inputs.member)];
      if (!iam.exists(member)) {
        throw new CloudError(
          "badRequest",
          `Error applying IAM policy for ${name}: googleapi: Error 400: Service account ${member.slice("serviceAccount:".length)} does not exist., badRequest`,
        );
      }
      const id = `${name}/${role}/${member}`;
      const etag = createHash("sha1").update(`${id} ${Date.now()}`).digest("base64").slice(0, 11);
      return { id, outputs: { ...outputs, etag: `${etag}=` } };
    },
  };
}
