// Who may do what: the bindings that deployed resources make, and whose token a request carries.
import type { Stored } from "../../engine/definition.ts";
import type { Store } from "../../engine/store.ts";
import { ApiError, bearerOf } from "./api.ts";
import { projectNumber } from "./projects.ts";
import { roleAllows } from "./roles.ts";
import { Tokens } from "./tokens.ts";

/** The person who holds the embedded account: owner of every project. */
export const accountOwner = "user:owner@account.example";

export interface Binding {
  /** Full name without the service: `projects/P`, `projects/P/secrets/S`, `projects/P/locations/L/services/S`, `b/BUCKET`. */
  readonly resource: string;
  readonly role: string;
  readonly member: string;
}

// Every type whose rows are bindings. Their ids are `<resource>/<role>/<member>`, as the real provider's.
const bindingTokens = [
  "gcp:projects/iAMMember:IAMMember",
  "gcp:serviceaccount/iAMMember:IAMMember",
  "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember",
  "gcp:secretmanager/secretIamMember:SecretIamMember",
  "gcp:cloudrunv2/serviceIamMember:ServiceIamMember",
  "gcp:cloudrunv2/jobIamMember:JobIamMember",
  "gcp:pubsub/topicIAMMember:TopicIAMMember",
  "gcp:pubsub/subscriptionIAMMember:SubscriptionIAMMember",
  "gcp:storage/bucketIAMMember:BucketIAMMember",
  "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember",
] as const;

export class Iam {
  readonly tokens: Tokens;
  readonly #store: Store;
  #read: { readonly at: number; readonly bindings: readonly Binding[] } = { at: -1, bindings: [] };

  constructor(store: Store) {
    this.#store = store;
    this.tokens = new Tokens(store);
  }

  /**
   * Whether the member may. Bindings on the resource and on whatever holds it count; so do those of `allUsers` and, for
   * whoever is somebody, of `allAuthenticatedUsers`.
   * @param member `serviceAccount:E-MAIL`, `user:E-MAIL`, or `allUsers` for an anonymous caller
   * @param permissionOrRole `storage.objects.get` or `roles/storage.objectViewer`
   * @param resource as in `Binding`
   */
  allows(member: string, permissionOrRole: string, resource: string): boolean {
    if (member === accountOwner) return true;
    const asWhom = member === "allUsers" ? [member] : [member, "allUsers", "allAuthenticatedUsers"];
    const project = this.#projectOfBucket(resource);
    return this.bindings().some(
      (binding) =>
        asWhom.includes(binding.member) &&
        (resource === binding.resource || resource.startsWith(`${binding.resource}/`) || binding.resource === project) &&
        roleAllows(binding.role, permissionOrRole),
    );
  }

  /** The member that a Bearer access token speaks for; undefined when it is not valid, or its account is gone. */
  identify(accessToken: string): string | undefined {
    const member = this.tokens.memberOf(accessToken);
    return member !== undefined && this.exists(member) ? member : undefined;
  }

  /**
   * The member who sends this request.
   * @throws ApiError UNAUTHENTICATED without a valid access token
   */
  caller(request: Request): string {
    const token = bearerOf(request);
    const member = token === undefined ? undefined : this.identify(token);
    if (member !== undefined) return member;
    throw new ApiError(
      "UNAUTHENTICATED",
      "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.",
    );
  }

  /**
   * Refuses the member unless it has the permission.
   * @throws ApiError PERMISSION_DENIED
   */
  demand(member: string, permission: string, resource: string): void {
    if (this.allows(member, permission, resource)) return;
    throw new ApiError("PERMISSION_DENIED", `Permission '${permission}' denied for resource '${resource}' (or it may not exist).`);
  }

  bindings(): readonly Binding[] {
    // Every call of every API asks: read anew only when something that exists has changed.
    if (this.#read.at !== this.#store.changes) {
      const bindings = bindingTokens.flatMap((token) => this.#store.list(token).map(bindingOf));
      this.#read = { at: this.#store.changes, bindings };
    }
    return this.#read.bindings;
  }

  /** Whether there is such a member: an account that was created, or a service agent that came into being. People always exist. */
  exists(member: string): boolean {
    const email = /^serviceAccount:(.+)$/.exec(member)?.[1];
    if (email === undefined) return true;
    const agent = /^service-(\d+)@([a-z-]+)\.iam\.gserviceaccount\.com$/.exec(email);
    if (agent === null) return this.account(email) !== undefined;
    const [, number, domain] = agent;
    // Made with its API (run) or on demand (storage); every other only by asking for it (projects.ServiceIdentity).
    if (domain === "gs-project-accounts") return true;
    if (domain === "serverless-robot-prod") {
      return this.#store
        .list("gcp:projects/service:Service")
        .some(({ state }) => state.service === "run.googleapis.com" && projectNumber(this.#store, String(state.project)) === number);
    }
    return this.#store.list("gcp:projects/serviceIdentity:ServiceIdentity").some(({ state }) => state.email === email);
  }

  /** The service account with this e-mail, if it was created and is not disabled. */
  account(email: string): { readonly email: string; readonly uniqueId: string; readonly project: string } | undefined {
    const row = this.#store.list("gcp:serviceaccount/account:Account").find(({ state }) => state.email === email);
    if (!row || row.state.disabled === true) return undefined;
    return { email, uniqueId: String(row.state.uniqueId), project: String(row.state.project) };
  }

  #projectOfBucket(resource: string): string | undefined {
    const bucket = /^b\/([^/]+)/.exec(resource)?.[1];
    if (bucket === undefined) return undefined;
    const row = this.#store.list("gcp:storage/bucket:Bucket").find(({ state }) => state.name === bucket);
    return row && `projects/${row.state.project}`;
  }
}

function bindingOf(row: Stored): Binding {
  const role = String(row.state.role);
  const member = String(row.state.member);
  const resource = row.id.slice(0, row.id.length - `/${role}/${member}`.length);
  return { resource: row.token === "gcp:projects/iAMMember:IAMMember" ? `projects/${resource}` : resource, role, member };
}
