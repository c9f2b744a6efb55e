// The embedded AWS account: who one is, where one is, and how things are named.
import { randomBytes, randomInt } from "node:crypto";
import { CloudError, type Context, type FunctionDefinition, type Properties, UNKNOWN } from "../../engine/definition.ts";
import type { Store } from "../../engine/store.ts";
import { textsOf } from "./values.ts";

/**
 * Regions of the `aws` partition with the id of their S3 website zone, which a bucket's `hostedZoneId` shows.
 * Source: docs.aws.amazon.com/general/latest/gr/s3.html
 */
const websiteZones: Readonly<Record<string, string>> = {
  "us-east-1": "Z3AQBSTGFYJSTF",
  "us-east-2": "Z2O1EMRO9K5GLX",
  "us-west-1": "Z2F56UZL2M1ACD",
  "us-west-2": "Z3BJ6K6RIION7M",
  "ca-central-1": "Z1QDHH18159H29",
  "sa-east-1": "Z7KQH4QJS55SO",
  "eu-central-1": "Z21DNDUVLTQW6Q",
  "eu-west-1": "Z1BKCTXD74EZPE",
  "eu-west-2": "Z3GKZC51ZF0DB4",
  "eu-west-3": "Z3R1K369G5AVDG",
  "eu-north-1": "Z3BAZG2TWCNX0D",
  "eu-south-1": "Z30OZKI7KPW7MI",
  "ap-south-1": "Z11RGJOFQNVJUP",
  "ap-southeast-1": "Z3O0J2DXBE1FTB",
  "ap-southeast-2": "Z1WCIGYICN2BYD",
  "ap-northeast-1": "Z2M4EHUR26P7ZW",
  "ap-northeast-2": "Z3W03O7B5YMIYP",
  "ap-northeast-3": "Z2YQB5RD63NC85",
  "ap-east-1": "ZNB98KWMFR0R6",
  "me-south-1": "Z1MPMWCPA7YB62",
  "af-south-1": "Z83WF9RJE8B12",
};

export const regions = Object.keys(websiteZones);
export const websiteZoneOf = (region: string): string => websiteZones[region] ?? "";

/** The account of a provider that names none: twelve digits, drawn once. */
export const homeAccount = (store: Store): string => store.fact("aws/account", () => String(randomInt(100_000_000_000, 999_999_999_999)));

/**
 * The account that a provider speaks to. A real one would find out by its credentials and refuse any but `allowedAccountIds`; here the
 * credentials of every account are at hand, so it is the first of those that are allowed.
 */
export const accountOf = ({ config, store }: Pick<Context, "config" | "store">): string =>
  textsOf(config.allowedAccountIds)[0] ?? homeAccount(store);

/** The account that an ARN names, empty for what belongs to none (`arn:aws:s3:::bucket`). */
export const accountIn = (resource: string): string => resource.split(":")[4] ?? "";

/** Region of a resource: its own, else the provider's. `UNKNOWN` in a preview that does not know it. */
export function regionOf(inputs: Properties, context: Context): string {
  const region = inputs.region ?? context.config.region;
  if (typeof region !== "string" || region === "") {
    throw new CloudError(
      "MissingRegion",
      "Missing region: give the resource or its provider a `region`, or set `aws:region` in the stack.",
    );
  }
  if (region !== UNKNOWN && !regions.includes(region)) {
    throw new CloudError("InvalidRegion", `Invalid AWS Region: ${region}. Known here: ${regions.join(", ")}.`);
  }
  return region;
}

/** The `region` that the provider fills in, so that it shows in previews. */
export const regionDefault = (inputs: Properties, context: Context): Properties =>
  inputs.region === undefined ? { region: regionOf(inputs, context) } : {};

export const arn = (service: string, region: string, account: string, resource: string): string =>
  `arn:aws:${service}:${region}:${account}:${resource}`;

/** The resource's tags over the provider's `defaultTags`. */
export function tagsAll(inputs: Properties, context: Context): Properties {
  const defaults = (context.config.defaultTags as { tags?: Properties } | undefined)?.tags ?? {};
  return { ...defaults, ...((inputs.tags as Properties | undefined) ?? {}) };
}

/**
 * The provider's own id, which holds no region. Where another region has the same name already, the form that
 * `pulumi import` takes: `name@region`.
 */
export function regionalId({ store }: Context, token: string, name: string, region: string): string {
  const other = store.get(token, name);
  return other && other.state.region !== region ? `${name}@${region}` : name;
}

/** Who deploys: the one user of an account that the sandbox signs in as. */
export const deployerOf = (account: string): string => `arn:aws:iam::${account}:user/deployer`;

export const accountFunctions: readonly FunctionDefinition[] = [
  {
    token: "aws:index/getCallerIdentity:getCallerIdentity",
    call(context) {
      const accountId = accountOf(context);
      const userId = context.store.fact("aws/deployer", () => `AIDA${randomBytes(8).toString("hex").toUpperCase()}`);
      return { id: accountId, accountId, userId, arn: deployerOf(accountId) };
    },
  },
  {
    token: "aws:index/getRegion:getRegion",
    call(context, args) {
      const region = regionOf(args, context);
      return { id: region, name: region, region, endpoint: `ec2.${region}.amazonaws.com`, description: region };
    },
  },
  {
    token: "aws:index/getPartition:getPartition",
    call: () => ({ id: "aws", partition: "aws", dnsSuffix: "amazonaws.com", reverseDnsPrefix: "com.amazonaws" }),
  },
];
