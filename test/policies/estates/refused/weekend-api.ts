// Written on a weekend: a function with a public URL, a key of a person in its environment, and a table that is copied to Virginia.
import { Table } from "@pulumi/aws/dynamodb/table.js";
import { Role } from "@pulumi/aws/iam/role.js";
import { RolePolicy } from "@pulumi/aws/iam/rolePolicy.js";
import { Function as LambdaFunction } from "@pulumi/aws/lambda/function.js";
import { FunctionUrl } from "@pulumi/aws/lambda/functionUrl.js";
import { Provider } from "@pulumi/aws/provider.js";
import * as pulumi from "@pulumi/pulumi";

const on = { provider: new Provider("aws", { region: "eu-central-1" }) };
new Table(
  "users",
  { hashKey: "email", attributes: [{ name: "email", type: "S" }], billingMode: "PAY_PER_REQUEST", replicas: [{ regionName: "us-east-1" }] },
  on,
);
const role = new Role(
  "api",
  {
    assumeRolePolicy: JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
    }),
  },
  on,
);
new RolePolicy(
  "api",
  { role: role.id, policy: JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }] }) },
  on,
);
const api = new LambdaFunction(
  "api",
  {
    runtime: "nodejs16.x",
    handler: "index.handler",
    code: new pulumi.asset.AssetArchive({ "index.js": new pulumi.asset.StringAsset("exports.handler = async () => ({});") }),
    role: role.arn,
    environment: { variables: { STRIPE: ["sk", "live", "4eC39HqLyjWDarjtT1zdp7dc4eC39HqL"].join("_"), DB_PASSWORD: "hunter2hunter2" } },
  },
  on,
);
new FunctionUrl("api", { functionName: api.name, authorizationType: "NONE", cors: { allowOrigins: ["*"], allowCredentials: true } }, on);
