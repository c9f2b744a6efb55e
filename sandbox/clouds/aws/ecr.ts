// ECR: private repositories, one registry an account and region.
import { join } from "node:path";
import type { Ground } from "../../engine/cloud.ts";
import {
  CloudError,
  type Context,
  type Failure,
  type FunctionDefinition,
  type Properties,
  type ResourceDefinition,
  UNKNOWN,
} from "../../engine/definition.ts";
import type { Handler } from "../../engine/internet.ts";
import { recorded } from "../../engine/recorded.ts";
import type { ImageSource } from "../../runtimes/cloud-run/image.ts";
import { Layouts } from "../../runtimes/oci/layouts.ts";
import { basicCredentials, parseReference } from "../../runtimes/oci/reference.ts";
import { createRegistry } from "../../runtimes/oci/registry.ts";
import { unpackImage } from "../../runtimes/oci/unpack.ts";
import type { Credentials } from "../../runtimes/s3/credentials.ts";
import { accountOf, arn, deployerOf, regionalId, regionDefault, regionOf, regions, tagsAll } from "./account.ts";
import { findKey } from "./kms.ts";

const repositoryToken = "aws:ecr/repository:Repository";
const test = "test/sandbox/oci/ecr.test.ts";
/** docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html */
const passwordLifetimeSeconds = 12 * 3600;

const mutabilities = ["MUTABLE", "IMMUTABLE", "MUTABLE_WITH_EXCLUSION", "IMMUTABLE_WITH_EXCLUSION"];

export class Ecr {
  readonly resources: readonly ResourceDefinition[];
  readonly functions: readonly FunctionDefinition[];
  readonly #ground: Ground;
  readonly #credentials: Credentials;
  readonly #layouts: Layouts;
  #unregister: (() => void)[] = [];

  constructor(ground: Ground, credentials: Credentials) {
    this.#ground = ground;
    this.#credentials = credentials;
    this.#layouts = new Layouts(join(ground.dataDir, "ecr"));
    this.resources = [repository(this.#layouts), lifecyclePolicy];
    this.functions = [
      {
        token: "aws:ecr/getAuthorizationToken:getAuthorizationToken",
        call: (context, args) => this.#authorizationToken(context, args),
      },
    ];
  }

  /** Password of the user `AWS`, for `docker login` and the like. */
  password(principal: string): string {
    return this.#credentials.issue(principal, passwordLifetimeSeconds).Token;
  }

  /** What runs: images of this account's repositories. */
  get images(): ImageSource {
    return {
      resolve: async (image) => {
        const parsed = parseReference(image);
        const [, account, region] = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com$/.exec(parsed?.host ?? "") ?? [];
        if (!parsed || account === undefined || region === undefined || !this.#find(parsed.name, account, region)) return undefined;
        const layout = this.#layouts.at(`${region}/${parsed.name}`, parsed.name);
        const found = layout.find(parsed.reference);
        return found && unpackImage(layout, found.digest, join(this.#ground.dataDir, "images"));
      },
    };
  }

  start(): void {
    this.#layouts.dropUploads();
    this.#unregister = regions.map((region) =>
      this.#ground.internet.register(`*.dkr.ecr.${region}.amazonaws.com`, (request) => {
        const [account = ""] = new URL(request.url).hostname.split(".");
        return this.#registry(account, region)(request);
      }),
    );
  }

  #registry(account: string, region: string): Handler {
    return createRegistry({
      layout: (name) => this.#find(name, account, region) && this.#layouts.at(`${region}/${name}`, name),
      immutable: (name, tag) => isImmutable(this.#find(name, account, region)?.state ?? {}, tag),
      authorize: (authorization) => {
        const { user, password } = basicCredentials(authorization) ?? {};
        return user === "AWS" && this.#credentials.principalOf(password ?? "") !== undefined ? "allowed" : "unauthenticated";
      },
    });
  }

  stop(): void {
    for (const unregister of this.#unregister) unregister();
    this.#unregister = [];
  }

  #find(name: string, account: string, region: string) {
    return this.#ground.store
      .list(repositoryToken)
      .find(({ state }) => state.name === name && state.registryId === account && state.region === region);
  }

  #authorizationToken(context: Context, args: Properties): Properties {
    const account = accountOf(context);
    const region = regionOf(args, context);
    const password = this.password(deployerOf(account));
    return {
      id: region,
      region,
      userName: "AWS",
      password,
      authorizationToken: Buffer.from(`AWS:${password}`).toString("base64"),
      expiresAt: new Date(Date.now() + passwordLifetimeSeconds * 1000).toISOString(),
      proxyEndpoint: `https://${account}.dkr.ecr.${region}.amazonaws.com`,
    };
  }
}

/** Exclusions are wildcards: docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html */
export function isImmutable(state: Properties, tag: string): boolean {
  const mutability = String(state.imageTagMutability ?? "MUTABLE");
  const filters = (state.imageTagMutabilityExclusionFilters as Properties[] | undefined) ?? [];
  const excluded = filters.some(({ filter }) => {
    const pattern = String(filter)
      .replace(/[^a-zA-Z0-9*]/g, "\\$&")
      .replaceAll("*", ".*");
    return new RegExp(`^${pattern}$`).test(tag);
  });
  return mutability.startsWith("IMMUTABLE") !== (mutability.endsWith("_WITH_EXCLUSION") && excluded);
}

function repository(layouts: Layouts): ResourceDefinition {
  const outputs = (context: Context, inputs: Properties): Properties => {
    const account = accountOf(context);
    const region = regionOf(inputs, context);
    return {
      region,
      registryId: account,
      arn: arn("ecr", region, account, `repository/${inputs.name}`),
      repositoryUrl: `${account}.dkr.ecr.${region}.amazonaws.com/${inputs.name}`,
      imageTagMutability: inputs.imageTagMutability ?? "MUTABLE",
      tagsAll: tagsAll(inputs, context),
    };
  };
  return {
    token: repositoryToken,
    fidelity: { level: "runs", how: "a registry that Docker clients push to and pull from", test },
    replaceOn: ["name", "region", "encryptionConfigurations"], // [SDK ecr/repository; ForceNew in hashicorp/terraform-provider-aws]
    recomputed: ["tagsAll"],
    autoname: { property: "name", maxLength: 256, lowercase: true },
    defaults: regionDefault,
    refuse(inputs) {
      const failures: Failure[] = [];
      const { name, imageTagMutability: mutability } = inputs;
      if (
        typeof name === "string" &&
        name !== UNKNOWN &&
        !/^(?=.{2,256}$)[a-z0-9]+(?:[._-][a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-][a-z0-9]+)*)*$/.test(name)
      ) {
        failures.push({
          property: "name",
          reason: `"${name}" is no repository name: lower-case letters and digits, parted by one of . _ - or /`,
        });
      }
      if (typeof mutability === "string" && mutability !== UNKNOWN && !mutabilities.includes(mutability)) {
        failures.push({ property: "imageTagMutability", reason: `"${mutability}" is not one of ${mutabilities.join(", ")}` });
      }
      return failures;
    },
    create(context, inputs) {
      const region = regionOf(inputs, context);
      const name = String(inputs.name);
      const same = context.store.list(repositoryToken).find(({ state }) => state.name === name && state.region === region);
      if (same && context.orphan?.id !== same.id) {
        throw new CloudError(
          "RepositoryAlreadyExistsException",
          `creating ECR Repository (${name}): RepositoryAlreadyExistsException: The repository with name '${name}' already exists in the registry with id '${accountOf(context)}'`,
        );
      }
      const kmsKey = (inputs.encryptionConfigurations as Properties[] | undefined)?.[0]?.kmsKey;
      if (kmsKey !== undefined && findKey(context.store, String(kmsKey), region)?.state !== "Enabled") {
        throw new CloudError(
          "KmsException",
          `creating ECR Repository (${name}): KmsException: the key '${kmsKey}' does not exist in ${region} or is not enabled`,
        );
      }
      return { id: context.orphan?.id ?? regionalId(context, repositoryToken, name, region), outputs: outputs(context, inputs) };
    },
    update: (context, _old, inputs) => outputs(context, inputs),
    delete(_context, { inputs, state }) {
      const name = String(state.name);
      const key = `${state.region}/${name}`;
      if (inputs.forceDelete !== true && layouts.names(key).length > 0) {
        throw new CloudError(
          "RepositoryNotEmptyException",
          `deleting ECR Repository (${name}): RepositoryNotEmptyException: The repository with name '${name}' cannot be deleted because it still contains images. Set forceDelete to delete them too.`,
        );
      }
      layouts.removeAll(key);
    },
  };
}

const lifecyclePolicy = recorded({
  token: "aws:ecr/lifecyclePolicy:LifecyclePolicy",
  why: "images do not expire here",
  replaceOn: ["repository", "region"],
  defaults: regionDefault,
  id(inputs, context) {
    const region = regionOf(inputs, context);
    const repository = context.store.list(repositoryToken).find(({ state }) => state.name === inputs.repository && state.region === region);
    if (repository) return repository.id;
    throw new CloudError(
      "RepositoryNotFoundException",
      `creating ECR Lifecycle Policy (${inputs.repository}): RepositoryNotFoundException: The repository with name '${inputs.repository}' does not exist in the registry in ${region}`,
    );
  },
  computed: (_inputs, _id, context) => ({ registryId: accountOf(context) }),
});
