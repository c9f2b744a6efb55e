// Systems Manager's parameters: plain values under a name, and ssm.<region>.amazonaws.com, where they are read
// (docs.aws.amazon.com/systems-manager/latest/APIReference, docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html).
import { CloudError, type Failure, type Properties, type ResourceDefinition, type Stored } from "../../engine/definition.ts";
import type { Handler } from "../../engine/internet.ts";
import { recorded } from "../../engine/recorded.ts";
import type { Store } from "../../engine/store.ts";
import type { Credentials } from "../../runtimes/s3/credentials.ts";
import { accountIn, accountOf, arn, regionalId, regionDefault, regionOf, tagsAll } from "./account.ts";
import type { Iam } from "./iam.ts";
import { AwsError, answering, readCall, type SignedCall } from "./signed-call.ts";
import { isKnown, oneOf } from "./values.ts";

const parameterToken = "aws:ssm/parameter:Parameter";

/** The longest value, in characters, by tier. */
const longest: Readonly<Record<string, number>> = { Standard: 4096, Advanced: 8192, "Intelligent-Tiering": 8192 };
/** GetParameters takes ten names at a time. */
const mostNames = 10;

/** `arn:aws:ssm:R:A:parameter/NAME`; a name that is a path brings its slash along. */
export const parameterArn = (account: string, region: string, name: string): string =>
  arn("ssm", region, account, `parameter${name.startsWith("/") ? "" : "/"}${name}`);

/** @param reference a name or an ARN */
export const findParameter = (store: Store, region: string, reference: string): Stored | undefined =>
  store.list(parameterToken).find(({ state }) => state.region === region && (state.name === reference || state.arn === reference));

/** Its value, whichever way the program gave it. */
export const textOf = ({ state }: Pick<Stored, "state">): string => String(state.insecureValue ?? state.value ?? "");

function refuse(inputs: Properties): Failure[] {
  const failures = oneOf("type", inputs.type, ["String", "StringList"]).map(({ property, reason }) => ({
    property,
    reason: inputs.type === "SecureString" ? "SecureString is not available here: its key would have to be asked" : reason,
  }));
  const say = (property: string, reason: string) => failures.push({ property, reason });
  failures.push(...oneOf("tier", inputs.tier, Object.keys(longest)), ...oneOf("dataType", inputs.dataType, ["text"]));
  const { name } = inputs;
  if (isKnown(name) && !/^[\w./-]{1,1011}$/.test(name)) say("name", `"${name}" may have letters, digits and _.-/ only, 1011 at most`);
  else if (isKnown(name) && name.includes("/") && !name.startsWith("/")) say("name", "Parameter name must be a fully qualified name.");
  else if (isKnown(name) && /^\/?(aws|ssm)/i.test(name))
    say("name", `Parameter name: can't be prefixed with "aws" or "ssm" (case-insensitive), and "${name}" is`);
  if (inputs.valueWo !== undefined) say("valueWo", "write-only values are not available here: use value");
  else if ((inputs.value === undefined) === (inputs.insecureValue === undefined))
    say("value", "exactly one of `insecureValue,value,valueWo` must be specified");
  const value = inputs.insecureValue ?? inputs.value;
  if (value === "") say("value", "api error ValidationException: a value has 1 character at least");
  const most = longest[String(inputs.tier ?? "Standard")];
  if (isKnown(value) && most !== undefined && value.length > most)
    say(
      "value",
      `api error ValidationException: ${inputs.tier ?? "Standard"} tier parameters support a maximum parameter value of ${most} characters.`,
    );
  if (isKnown(value) && isKnown(inputs.allowedPattern) && !new RegExp(inputs.allowedPattern).test(value))
    say(
      "value",
      `api error ParameterPatternMismatchException: Parameter value, cannot be validated against allowedPattern: ${inputs.allowedPattern}`,
    );
  return failures;
}

export const parameter: ResourceDefinition = recorded({
  token: parameterToken,
  why: "",
  fidelity: {
    level: "enforces",
    how: "its value is read by whoever may, and by a task that names it before it starts",
    test: "test/sandbox/aws/ssm.test.ts",
  },
  autoname: { property: "name", maxLength: 1011 },
  replaceOn: ["name", "region"], // [ssm parameter.go: ForceNew]
  recomputed: ["version", "tagsAll"],
  defaults: regionDefault,
  refuse,
  id(inputs, context) {
    const region = regionOf(inputs, context);
    const name = String(inputs.name);
    const same = findParameter(context.store, region, name);
    if (same && context.orphan?.id !== same.id && inputs.overwrite !== true) {
      throw new CloudError(
        "ParameterAlreadyExists",
        `creating SSM Parameter (${name}): api error ParameterAlreadyExists: The parameter already exists. To overwrite this value, set the overwrite option in the request to true.`,
      );
    }
    return context.orphan?.id ?? regionalId(context, parameterToken, name, region);
  },
  existing: "adopt",
  computed: (inputs, _id, context, before) => ({
    arn: parameterArn(accountOf(context), regionOf(inputs, context), String(inputs.name)),
    version: Number(before?.state.version ?? 0) + 1,
    dataType: inputs.dataType ?? "text",
    tier: inputs.tier ?? "Standard",
    hasValueWo: false,
    tagsAll: tagsAll(inputs, context),
  }),
});

export interface SsmOptions {
  readonly store: Store;
  readonly credentials: Credentials;
  readonly iam: Iam;
}

export function ssm(region: string, { store, credentials, iam }: SsmOptions): Handler {
  /** A parameter that the caller may read, there or not. @throws AwsError */
  function read({ principal, operation }: SignedCall, reference: string): Stored | undefined {
    const resource = reference.startsWith("arn:") ? reference : parameterArn(accountIn(principal), region, reference);
    iam.require({ principal, action: `ssm:${operation}`, resource });
    return findParameter(store, region, reference);
  }

  function answer(call: SignedCall): object {
    switch (call.operation) {
      case "GetParameter": {
        const found = read(call, String(call.input.Name));
        if (!found) throw new AwsError("ParameterNotFound", `Parameter ${call.input.Name} not found.`);
        return { Parameter: shown(found) };
      }
      case "GetParameters": {
        const names = ((call.input.Names ?? []) as unknown[]).map(String);
        if (names.length < 1 || names.length > mostNames)
          throw new AwsError("ValidationException", `Names: ${names.length} are not allowed; it is 1 to ${mostNames}.`);
        const found = names.map((name) => [name, read(call, name)] as const);
        return {
          Parameters: found.flatMap(([, each]) => (each ? [shown(each)] : [])),
          InvalidParameters: found.flatMap(([name, each]) => (each ? [] : [name])),
        };
      }
      default:
        throw new AwsError("UnknownOperationException", `AmazonSSM.${call.operation} is not available here.`);
    }
  }

  return (request) => answering(async () => answer(await readCall(request, "ssm", region, credentials)));
}

const shown = (found: Stored) => ({
  Name: found.state.name,
  Type: found.state.type,
  Value: textOf(found),
  Version: found.state.version,
  ARN: found.state.arn,
  DataType: found.state.dataType,
});
