// Where programs are given their environment: the name and the value of every variable, in each form in which a provider takes them.
import { parseJson } from "../../arguments.ts";
import { type Located, type Properties, type Resource, read, select, textOf, UNKNOWN, type Value } from "../../resource.ts";

/** A variable; its value where it is not known, or given by reference, is `UNKNOWN` or absent. */
export interface Variable extends Located {
  readonly name: string;
}

/** How the variables stand at a path: as a map, as a list of names and values, or as texts `NAME=value`. */
type Form = "map" | "list" | "pairs";

const map = (...paths: readonly string[]) => paths.map((path) => ({ path, form: "map" as Form }));
const list = (...paths: readonly string[]) => paths.map((path) => ({ path, form: "list" as Form }));

const codeValues = "sourceConfiguration.codeRepository.codeConfiguration.codeConfigurationValues.runtimeEnvironmentVariables";
const places: Readonly<Record<string, readonly { readonly path: string; readonly form: Form }[]>> = {
  "aws:amplify/app:App": map("environmentVariables", "autoBranchCreationConfig.environmentVariables"),
  "aws:amplify/branch:Branch": map("environmentVariables"),
  "aws:apprunner/service:Service": map("sourceConfiguration.imageRepository.imageConfiguration.runtimeEnvironmentVariables", codeValues),
  "aws:batch/jobDefinition:JobDefinition": list(
    "eksProperties.podProperties.containers[*].envs[*]",
    "eksProperties.podProperties.initContainers[*].envs[*]",
  ),
  "aws:codebuild/project:Project": list("environment.environmentVariables[*]"),
  "aws:elasticbeanstalk/environment:Environment": list("settings[*]"),
  "aws:glue/job:Job": map("defaultArguments"),
  "aws:lambda/function:Function": map("environment.variables"),
  "aws:lightsail/containerServiceDeploymentVersion:ContainerServiceDeploymentVersion": map("containers[*].environment"),
  "aws:sagemaker/model:Model": map("containers[*].environment", "primaryContainer.environment"),
  "cloudflare:index/pagesProject:PagesProject": map("deploymentConfigs.preview.envVars", "deploymentConfigs.production.envVars"),
  "cloudflare:index/workerVersion:WorkerVersion": list("bindings[*]"),
  "cloudflare:index/workersScript:WorkersScript": list("bindings[*]"),
  "gcp:appengine/flexibleAppVersion:FlexibleAppVersion": map("envVariables"),
  "gcp:appengine/standardAppVersion:StandardAppVersion": map("envVariables"),
  "gcp:cloudbuild/trigger:Trigger": ["build.options.envs[*]", "build.steps[*].envs[*]"].map((path) => ({ path, form: "pairs" as Form })),
  "gcp:cloudfunctions/function:Function": map("environmentVariables", "buildEnvironmentVariables"),
  "gcp:cloudfunctionsv2/function:Function": map("serviceConfig.environmentVariables", "buildConfig.environmentVariables"),
  "gcp:cloudrun/service:Service": list("template.spec.containers[*].envs[*]"),
  "gcp:cloudrunv2/job:Job": list("template.template.containers[*].envs[*]"),
  "gcp:cloudrunv2/service:Service": [...list("template.containers[*].envs[*]"), ...map("buildConfig.environmentVariables")],
  "gcp:cloudrunv2/workerPool:WorkerPool": list("template.containers[*].envs[*]"),
  "gcp:composer/environment:Environment": map("config.softwareConfig.envVariables"),
};

/** Properties that are JSON texts, and where the variables stand in them. */
const documents: Readonly<Record<string, { readonly property: string; readonly path: string }>> = {
  "aws:batch/jobDefinition:JobDefinition": { property: "containerProperties", path: "environment[*]" },
  "aws:ecs/taskDefinition:TaskDefinition": { property: "containerDefinitions", path: "definitions[*].environment[*]" },
};

/** Types of entries that hold no value but the name of a secret, or that the cloud itself keeps secret. */
const kept = new Set(["PARAMETER_STORE", "SECRETS_MANAGER", "secret_text", "secret_key", "secrets_store_secret"]);
const valueNames = ["value", "text", "json"];

export const hasEnvironment = (type: string): boolean => Object.hasOwn(places, type) || Object.hasOwn(documents, type);

/** Every variable of the resource's programs. What is unknown as a whole is one variable without a name. */
export function environmentOf(resource: Resource): Variable[] {
  const own = (places[resource.type] ?? []).flatMap(({ path, form }) =>
    select(resource.props, path).flatMap((place) => readers[form](resource.props, place)),
  );
  return [...own, ...inDocument(resource)];
}

/** Paths of what `environmentOf` has read, so that nobody reads it twice. */
export const environmentPaths = ({ type }: Resource): readonly string[] => [
  ...(places[type] ?? []).map(({ path }) => path.replace(/\[\*\]$/, "")),
  ...(documents[type] ? [documents[type].property] : []),
];

const isRecord = (value: Value | undefined): value is { readonly [key: string]: Value } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const readers: Readonly<Record<Form, (props: Properties, place: Located) => Variable[]>> = {
  map: (_props, { path, value }) => {
    if (value === UNKNOWN) return [{ path, value, name: "" }];
    return Object.entries(isRecord(value) ? value : {}).flatMap(([name, item]) => {
      // Pages: a value with its type.
      const held = isRecord(item) ? (kept.has(textOf(item.type)) ? null : (item.value ?? null)) : item;
      return held === null ? [] : [{ path: `${path}.${name}`, value: held, name }];
    });
  },
  list: (_props, { path, value }) => {
    if (value === UNKNOWN) return [{ path, value, name: "" }];
    return isRecord(value) ? entry(path, value) : [];
  },
  pairs: (_props, { path, value }) => {
    if (value === UNKNOWN) return [{ path, value, name: "" }];
    const [, name = "", held = ""] = /^([^=]+)=(.*)$/s.exec(typeof value === "string" ? value : "") ?? [];
    return name === "" ? [] : [{ path, value: held, name }];
  },
};

function entry(path: string, item: { readonly [key: string]: Value }): Variable[] {
  const { name, type } = item;
  if (kept.has(textOf(type))) return [];
  return valueNames.flatMap((property) => {
    const value = item[property] ?? null;
    return value === null || typeof name !== "string" ? [] : [{ path: `${path}.${property}`, value, name }];
  });
}

function inDocument(resource: Resource): Variable[] {
  const document = documents[resource.type];
  if (!document) return [];
  const { property, path } = document;
  if (read(resource.props, property) === UNKNOWN) return [{ path: property, value: UNKNOWN, name: "" }];
  const parsed = parseJson(resource, property) ?? null;
  const root: Properties = Array.isArray(parsed) ? { definitions: parsed } : isRecord(parsed) ? parsed : {};
  return select(root, path).flatMap((place) => readers.list(root, { ...place, path: `${property}: ${place.path}` }));
}
