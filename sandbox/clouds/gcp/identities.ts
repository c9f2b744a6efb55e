// Workload identities: one metadata server for each account and region that something runs as.
import type { Ground, Part } from "../../engine/cloud.ts";
import { type MetadataServer, startMetadataServer } from "../../runtimes/metadata-server.ts";
import { answer } from "./api.ts";
import type { Iam } from "./iam.ts";
import { projectNumber } from "./projects.ts";
import { lifetimeSeconds } from "./tokens.ts";

const scopes = ["https://www.googleapis.com/auth/cloud-platform"];

export class Identities {
  readonly #ground: Ground;
  readonly #iam: Iam;
  readonly #servers = new Map<string, Promise<MetadataServer>>();
  #offline: (() => void)[] = [];

  constructor(ground: Ground, iam: Iam) {
    this.#ground = ground;
    this.#iam = iam;
  }

  /** Host and port of the metadata server of an account in a project and region; started on first use. */
  async metadataHost(email: string, project: string, region: string): Promise<string> {
    const key = `${email} ${project} ${region}`;
    let server = this.#servers.get(key);
    if (!server) {
      const { tokens } = this.#iam;
      server = startMetadataServer({
        email,
        projectId: project,
        projectNumber: projectNumber(this.#ground.store, project),
        region,
        scopes,
        accessToken: () =>
          this.#iam.account(email) && { token: tokens.accessToken(`serviceAccount:${email}`), expiresInSeconds: lifetimeSeconds - 1 },
        idToken: (audience) => {
          const account = this.#iam.account(email);
          return account && tokens.idToken(account, audience);
        },
      });
      this.#servers.set(key, server);
    }
    return (await server).host;
  }

  /** Publishes the keys that verify ID tokens, where every library looks for them. */
  async start(): Promise<void> {
    const { internet } = this.#ground;
    const jwksUri = "https://www.googleapis.com/oauth2/v3/certs";
    this.#offline = [
      internet.register("www.googleapis.com", (request) =>
        new URL(request.url).pathname === "/oauth2/v3/certs"
          ? answer(this.#iam.tokens.jwks())
          : answer({ error: { code: 404, message: "Not Found", status: "NOT_FOUND" } }, 404),
      ),
      internet.register("accounts.google.com", (request) =>
        new URL(request.url).pathname === "/.well-known/openid-configuration"
          ? answer({
              issuer: "https://accounts.google.com",
              jwks_uri: jwksUri,
              response_types_supported: ["id_token"],
              subject_types_supported: ["public"],
              id_token_signing_alg_values_supported: ["RS256"],
            })
          : answer({ error: "not_found" }, 404),
      ),
    ];
  }

  async stop(): Promise<void> {
    for (const takeOff of this.#offline.splice(0)) takeOff();
    await Promise.all([...this.#servers.values()].map(async (server) => (await server).close()));
    this.#servers.clear();
  }

  parts(): Part[] {
    return [...this.#servers.keys()].map((key) => ({
      kind: "Metadata server",
      name: key,
      state: "running",
      detail: "access and ID tokens",
    }));
  }
}
