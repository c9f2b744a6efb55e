// aws.iam.getPolicyDocument: a policy's JSON of its statements.
import { createHash } from "node:crypto";
import { CloudError, type FunctionDefinition, type Properties, type Value } from "../../engine/definition.ts";

const texts = (value: Value | undefined): string[] => (Array.isArray(value) ? value.map(String) : []);
const blocks = (value: Value | undefined): Properties[] => (Array.isArray(value) ? (value as Properties[]) : []);

/** One value stands alone, several in a sorted list, as the provider writes them. */
const oneOrMany = (values: readonly string[]): Value => (values.length === 1 ? (values[0] as string) : [...values].sort().reverse());

function principals(given: Properties[]): Value {
  if (given.length === 1 && given[0]?.type === "*") return "*";
  return Object.fromEntries(given.map(({ type, identifiers }) => [String(type), oneOrMany(texts(identifiers))]));
}

function conditions(given: Properties[]): Value {
  const byTest: Record<string, Record<string, Value>> = {};
  for (const { test, variable, values } of given) {
    byTest[String(test)] = { ...byTest[String(test)], [String(variable)]: oneOrMany(texts(values)) };
  }
  return byTest;
}

function statement(given: Properties): Properties {
  const lists = { actions: "Action", notActions: "NotAction", resources: "Resource", notResources: "NotResource" };
  const written: Properties = { ...(given.sid ? { Sid: given.sid } : {}), Effect: given.effect ?? "Allow" };
  for (const [property, name] of Object.entries(lists)) {
    const values = texts(given[property]);
    if (values.length > 0) written[name] = oneOrMany(values);
  }
  if (blocks(given.principals).length > 0) written.Principal = principals(blocks(given.principals));
  if (blocks(given.notPrincipals).length > 0) written.NotPrincipal = principals(blocks(given.notPrincipals));
  if (blocks(given.conditions).length > 0) written.Condition = conditions(blocks(given.conditions));
  return written;
}

export const getPolicyDocument: FunctionDefinition = {
  token: "aws:iam/getPolicyDocument:getPolicyDocument",
  call(_context, args) {
    for (const property of ["sourcePolicyDocuments", "overridePolicyDocuments"]) {
      if (texts(args[property]).length > 0)
        throw new CloudError("NotOffered", `${property}: merging policy documents is not offered here; write the statements into one`);
    }
    const document = {
      Version: String(args.version ?? "2012-10-17"),
      ...(args.policyId ? { Id: args.policyId } : {}),
      Statement: blocks(args.statements).map(statement),
    };
    const id = String(Number.parseInt(createHash("sha256").update(JSON.stringify(document)).digest("hex").slice(0, 8), 16));
    return { ...args, id, json: JSON.stringify(document, null, 2), minifiedJson: JSON.stringify(document) };
  },
};
