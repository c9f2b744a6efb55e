// Artifact Registry: Docker repositories that a real client pushes to and pulls from, and whose images Cloud Run runs.
import { join } from "node:path";
import type { Ground } from "../../engine/cloud.ts";
import { CloudError, type Context, type Failure, type Properties, type ResourceDefinition, UNKNOWN } from "../../engine/definition.ts";
import type { ImageSource } from "../../runtimes/cloud-run/image.ts";
import type { Layout } from "../../runtimes/oci/layout.ts";
import { Layouts } from "../../runtimes/oci/layouts.ts";
import { basicCredentials, parseReference } from "../../runtimes/oci/reference.ts";
import { type Action, createRegistry } from "../../runtimes/oci/registry.ts";
import { unpackImage } from "../../runtimes/oci/unpack.ts";
import { bearerOf } from "./api.ts";
import { withDeletionPolicy } from "./deletion.ts";
import type { Iam } from "./iam.ts";
import { iamMember } from "./iam-member.ts";
import { labelOutputs } from "./labels.ts";
import { objectOf } from "./outputs.ts";
import { projectNumber, projectOf } from "./projects.ts";
import type { GcpService } from "./service.ts";
import { agentOf, requireApi } from "./services.ts";

const api = "artifactregistry.googleapis.com";
const repositoryToken = "gcp:artifactregistry/repository:Repository";
const test = "test/sandbox/oci/artifact-registry.test.ts";
const domain = "-docker.pkg.dev";

export interface ArtifactRegistry extends GcpService {
  readonly images: ImageSource;
}

export function createArtifactRegistry(ground: Ground, iam: Iam): ArtifactRegistry {
  const { store, internet, dataDir } = ground;
  const layouts = new Layouts(join(dataDir, "artifact-registry"));
  const cacheDir = join(dataDir, "images");

  /** The repository's id and the image's name in it, of `PROJECT/REPOSITORY/NAME` at a location. */
  const place = (location: string, path: string): { id: string; name: string } | undefined => {
    const [project, repository, ...name] = path.split("/");
    return name.length === 0
      ? undefined
      : { id: `projects/${project}/locations/${location}/repositories/${repository}`, name: name.join("/") };
  };
  const layoutOf = (location: string, path: string): Layout | undefined => {
    const at = place(location, path);
    return at && store.get(repositoryToken, at.id) && layouts.at(at.id, at.name);
  };
  const authorize = (location: string, authorization: string | undefined, path: string | undefined, action: Action) => {
    const member = authorization === undefined ? "allUsers" : memberOf(iam, authorization);
    if (member === undefined) return "unauthenticated";
    if (path === undefined) return member === "allUsers" ? "unauthenticated" : "allowed";
    const at = place(location, path);
    if (at && iam.allows(member, permissions[action], at.id)) return "allowed";
    return member === "allUsers" ? "unauthenticated" : "denied";
  };
  const handler = (request: Request) => {
    const location = locationOf(new URL(request.url).hostname);
    if (location === undefined) return new Response("not a Docker repository host\n", { status: 404 });
    const registry = createRegistry({
      layout: (path) => layoutOf(location, path),
      immutable: (path) => objectOf(store.get(repositoryToken, place(location, path)?.id ?? "")?.state.dockerConfig).immutableTags === true,
      authorize: (authorization, path, action) => authorize(location, authorization, path, action),
    });
    return registry(request);
  };

  let unregister: (() => void) | undefined;
  return {
    resources: [
      withDeletionPolicy(repository(iam, layouts)),
      iamMember(iam, {
        token: "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember",
        test,
        replaceOn: ["repository", "location", "project"],
        target(context, inputs) {
          const given = String(inputs.repository);
          const project = given.startsWith("projects/") ? (given.split("/")[1] ?? "") : projectOf(context, inputs);
          const location = given.startsWith("projects/") ? (given.split("/")[3] ?? "") : locationInput(context, inputs);
          const name = `projects/${project}/locations/${location}/repositories/${given.split("/").at(-1)}`;
          if (!context.store.get(repositoryToken, name)) {
            throw new CloudError(
              "notFound",
              `Error retrieving IAM policy for artifactregistry repository "${name}": googleapi: Error 404: Requested entity was not found., notFound`,
            );
          }
          return { name, outputs: { project, location } };
        },
      }),
    ],
    functions: [],
    images: {
      async resolve(image) {
        const parsed = parseReference(image);
        const location = parsed && locationOf(parsed.host);
        const layout = location === undefined ? undefined : layoutOf(location, parsed?.name ?? "");
        const found = layout?.find(parsed?.reference ?? "");
        return layout && found && unpackImage(layout, found.digest, cacheDir);
      },
    },
    async start() {
      layouts.dropUploads();
      unregister = internet.register("*.pkg.dev", handler);
    },
    async stop() {
      unregister?.();
    },
    parts: () =>
      store.list(repositoryToken).map(({ id, state }) => ({
        kind: "container registry",
        name: String(state.repositoryId),
        state: unregister ? "running" : "stopped",
        detail: `${state.location}, images: ${layouts.names(id).length}`,
      })),
  };
}

/** What each action needs: cloud.google.com/artifact-registry/docs/access-control */
const permissions: Readonly<Record<Action, string>> = {
  pull: "artifactregistry.repositories.downloadArtifacts",
  push: "artifactregistry.repositories.uploadArtifacts",
  delete: "artifactregistry.versions.delete",
};

/** `europe-west3` of `europe-west3-docker.pkg.dev`. */
const locationOf = (host: string): string | undefined => (host.endsWith(domain) ? host.slice(0, -domain.length) : undefined);

/** A Bearer token, or one as the password of `oauth2accesstoken`: cloud.google.com/artifact-registry/docs/docker/authentication */
function memberOf(iam: Iam, authorization: string): string | undefined {
  const basic = basicCredentials(authorization);
  const token =
    basic?.user === "oauth2accesstoken" ? basic.password : bearerOf(new Request("https://host", { headers: { authorization } }));
  return token === undefined ? undefined : iam.identify(token);
}

function locationInput(context: Context, inputs: Properties): string {
  const location = inputs.location ?? context.config.region;
  if (typeof location === "string" && location !== "") return location;
  throw new CloudError("invalid", "location: required field is not set. Set it on the resource, or `region` on the provider.");
}

function repository(iam: Iam, layouts: Layouts): ResourceDefinition {
  const outputs = (context: Context, project: string, location: string, inputs: Properties, createTime: string): Properties => ({
    project,
    location,
    name: String(inputs.repositoryId),
    mode: inputs.mode ?? "STANDARD_REPOSITORY",
    registryUri: `${location}${domain}/${project}/${inputs.repositoryId}`,
    createTime,
    updateTime: new Date().toISOString(),
    ...labelOutputs(context, inputs),
  });
  return {
    token: repositoryToken,
    fidelity: { level: "runs", how: "a registry that Docker clients push to and pull from", test },
    replaceOn: ["repositoryId", "location", "project", "format", "mode", "kmsKeyName"], // [MM Repository.yaml: immutable]
    recomputed: ["updateTime", "pulumiLabels", "effectiveLabels"],
    refuse(inputs) {
      const failures: Failure[] = [];
      const only = (property: string, value: string) => {
        const given = inputs[property];
        if (given !== undefined && given !== value && given !== UNKNOWN) {
          failures.push({ property, reason: `"${given}" is not offered here: only ${value}` });
        }
      };
      if (typeof inputs.format === "string" && inputs.format.toUpperCase() !== "DOCKER") only("format", "DOCKER");
      only("mode", "STANDARD_REPOSITORY");
      const id = inputs.repositoryId;
      if (typeof id === "string" && id !== UNKNOWN && !/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/.test(id)) {
        failures.push({
          property: "repositoryId",
          reason: `"${id}" must be 1 to 63 lower-case letters, digits and hyphens, begin with a letter and not end with a hyphen`,
        });
      }
      return failures;
    },
    create(context, inputs) {
      const project = projectOf(context, inputs);
      requireApi(context, project, api);
      const location = locationInput(context, inputs);
      const id = `projects/${project}/locations/${location}/repositories/${inputs.repositoryId}`;
      if (context.store.get(repositoryToken, id) && context.orphan?.id !== id) {
        throw new CloudError(
          "alreadyExists",
          `Error creating Repository: googleapi: Error 409: the repository already exists: ${id}., alreadyExists`,
        );
      }
      requireKeyGrant(iam, context, project, inputs);
      return { id, outputs: outputs(context, project, location, inputs, new Date().toISOString()) };
    },
    update: (context, old, inputs) =>
      outputs(context, String(old.state.project), String(old.state.location), inputs, String(old.state.createTime)),
    delete: (_context, { id }) => layouts.removeAll(id),
  };
}

/** The service agent must be able to use the key before the repository does. */
function requireKeyGrant(iam: Iam, context: Context, project: string, { kmsKeyName: key }: Properties): void {
  if (key === undefined) return;
  const agent = agentOf(context, project, api);
  if (!iam.exists(`serviceAccount:${agent}`)) {
    throw new CloudError(
      "failedPrecondition",
      `Error creating Repository: googleapi: Error 400: the Artifact Registry service agent of project ${projectNumber(context.store, project)} does not exist yet: create a projects.ServiceIdentity for ${api} first, failedPrecondition`,
    );
  }
  if (iam.allows(`serviceAccount:${agent}`, "cloudkms.cryptoKeyVersions.useToEncrypt", String(key))) return;
  throw new CloudError(
    "forbidden",
    `Error creating Repository: googleapi: Error 403: ${agent} has no permission to use the KMS key ${key}: grant it roles/cloudkms.cryptoKeyEncrypterDecrypter first, forbidden`,
  );
}
