import { describe, expect, it } from "vitest";
import type { ExampleResource } from "../../../../policies/rule.ts";
import { plaintextSecretName } from "../../../../policies/rules/encryption/plaintext-secret-name.ts";
import { isReference, isSecretName } from "../../../../policies/rules/encryption/secrets.ts";
import { judged, problems, UNKNOWN } from "../../judging.ts";
import { specify } from "../../specify.ts";

const lambda = (variables: { readonly [name: string]: string | typeof UNKNOWN }): ExampleResource => ({
  type: "aws:lambda/function:Function",
  name: "f",
  props: { environment: { variables } },
});
const run = (env: object) => ({
  type: "gcp:cloudrunv2/service:Service",
  props: { template: { containers: [{ envs: [env as { readonly [key: string]: string }] }] } },
});
const tasks = (definition: object) => ({
  type: "aws:ecs/taskDefinition:TaskDefinition",
  props: { containerDefinitions: JSON.stringify([definition]) },
});
const worker = (binding: { readonly [key: string]: string }) => ({
  type: "cloudflare:index/workerVersion:WorkerVersion",
  props: { bindings: [binding] },
});
const pages = (type: string) => ({
  type: "cloudflare:index/pagesProject:PagesProject",
  props: { deploymentConfigs: { preview: { envVars: { API_TOKEN: { type, value: "abc" } } } } },
});
const plain = "in plain";
const password = { name: "DB_PASSWORD", value: "horse" };
const fromSecret = (kind: string): ExampleResource[] => [
  { type: kind, name: "source" },
  { ...lambda({ API_TOKEN: UNKNOWN }), dependsOn: { environment: ["source"] } },
];

specify(plaintextSecretName, {
  passes: [
    ["an ARN", lambda({ DB_PASSWORD: "arn:aws:secretsmanager:eu-central-1:1:secret:db" })],
    ["what is no secret", lambda({ LOG_LEVEL: "debug", TOKEN_TTL: "60", SECRET_NAME: "db", DB_PASSWORD_FILE: "/run/db" })],
    ["a reference in Cloud Run", run({ name: "DB_PASSWORD", valueSource: { secretKeyRef: { secret: "db" } } })],
    ["a secret of a task", tasks({ secrets: [{ name: "DB_PASSWORD", valueFrom: "arn:aws:ssm:x" }] })],
    ["a secret of a Worker", worker({ name: "API_TOKEN", type: "secret_text", text: "abc" })],
    [
      "a public key",
      worker({ name: "SIGNING_KEY", type: "plain_text", text: "-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----" }),
    ],
    ["a key that is for the page", lambda({ NEXT_PUBLIC_MAPS_API_KEY: "abc" })],
    ["a secret of Pages", pages("secret_text")],
    [
      "a parameter of a build",
      {
        type: "aws:codebuild/project:Project",
        props: { environment: { environmentVariables: [{ name: "NPM_TOKEN", type: "PARAMETER_STORE", value: "npm" }] } },
      },
    ],
    ["an unknown value that is made of a secret's own name", fromSecret("aws:secretsmanager/secret:Secret")],
    ["no environment", { type: "aws:lambda/function:Function" }],
  ],
  refused: [
    [
      "a function of AWS",
      lambda({ DB_PASSWORD: "correct horse" }),
      "environment.variables.DB_PASSWORD: the variable DB_PASSWORD holds its secret in plain",
    ],
    ["Cloud Run", run(password), "template.containers[0].envs[0].value"],
    [
      "the first version of Cloud Run",
      { type: "gcp:cloudrun/service:Service", props: { template: { spec: { containers: [{ envs: [password] }] } } } },
      plain,
    ],
    ["a job", { type: "gcp:cloudrunv2/job:Job", props: { template: { template: { containers: [{ envs: [password] }] } } } }, plain],
    [
      "a function of Google's",
      { type: "gcp:cloudfunctions/function:Function", props: { environmentVariables: { stripeApiKey: "abc" } } },
      plain,
    ],
    [
      "its second version",
      { type: "gcp:cloudfunctionsv2/function:Function", props: { serviceConfig: { environmentVariables: { API_KEY: "abc" } } } },
      plain,
    ],
    ["a task", tasks({ environment: [password] }), "containerDefinitions: definitions[0].environment[0].value"],
    [
      "a batch job",
      { type: "aws:batch/jobDefinition:JobDefinition", props: { containerProperties: JSON.stringify({ environment: [password] }) } },
      "containerProperties: environment[0].value",
    ],
    [
      "App Runner",
      {
        type: "aws:apprunner/service:Service",
        props: {
          sourceConfiguration: { imageRepository: { imageConfiguration: { runtimeEnvironmentVariables: { CLIENT_SECRET: "abc" } } } },
        },
      },
      plain,
    ],
    ["a Worker's version", worker({ name: "API_TOKEN", type: "plain_text", text: "abc" }), "bindings[0].text"],
    [
      "a Worker's JSON",
      { ...worker({ name: "credentials", type: "json", json: '{"user":"a"}' }), type: "cloudflare:index/workersScript:WorkersScript" },
      "bindings[0].json",
    ],
    ["Pages", pages("plain_text"), "envVars.API_TOKEN"],
    [
      "a build",
      { type: "gcp:cloudbuild/trigger:Trigger", props: { build: { steps: [{ envs: ["CI=true", "NPM_TOKEN=abc"] }] } } },
      "build.steps[0].envs[1]",
    ],
  ],
  undecided: [
    ["a secret's value", lambda({ DB_PASSWORD: UNKNOWN }), "environment.variables.DB_PASSWORD"],
    ["a value that may be the secret itself", fromSecret("random:index/randomPassword:RandomPassword"), "environment.variables.API_TOKEN"],
    ["all of a task", { type: "aws:ecs/taskDefinition:TaskDefinition", props: { containerDefinitions: UNKNOWN } }, "containerDefinitions"],
  ],
  silent: "aws:sqs/queue:Queue",
});

it("says that a secret of Pulumi's is plain in the cloud, and never shows it", () => {
  const secret = { ...lambda({ DB_PASSWORD: "correct horse" }), secrets: ["environment.variables.DB_PASSWORD"] };
  const [problem] = problems(judged(plaintextSecretName, secret));
  expect(problem).toContain("Pulumi encrypts it in its state, but the cloud shows it");
  expect(problem).not.toContain("horse");
});

describe("names", () => {
  it.each([
    "DB_PASSWORD",
    "stripeApiKey",
    "AWS_SECRET_ACCESS_KEY",
    "client-secret",
    "GITHUB_TOKEN",
    "SECRET_KEY_BASE",
    "token",
    "JWT_SIGNING_KEY",
    "MONGO_CONNECTION_STRING",
    "--db_password",
  ])("%s is a secret's", (name) => {
    expect(isSecretName(name)).toBe(true);
  });
  it.each([
    "SUBJECT_TOKEN_KEY",
    "SENDER_KEYS",
    "TOKEN_URL",
    "SECRET_ARN",
    "MAX_TOKENS",
    "CACHE_KEY",
    "PASSWORD_MIN_LENGTH",
    "VITE_API_KEY",
    "MONKEY",
    "COMPASS",
  ])("%s is not", (name) => {
    expect(isSecretName(name)).toBe(false);
  });
});

it("knows what only says where a secret is", () => {
  for (const text of [
    "",
    "true",
    "60",
    "/db/password",
    "projects/p/secrets/s",
    "https://issuer.example/token",
    ["$", "{DB_PASSWORD}"].join(""),
    "{{resolve:secretsmanager:db}}",
  ])
    expect(isReference(text), text).toBe(true);
  for (const text of ["horse", "https://user:horse@example.com", "$ecret!", "-----BEGIN PRIVATE KEY-----"])
    expect(isReference(text), text).toBe(false);
});
