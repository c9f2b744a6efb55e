// The metadata server of one workload: who it is, and tokens to prove it.
// Source: cloud.google.com/compute/docs/metadata/predefined-metadata-keys and cloud.google.com/run/docs/container-contract
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

export interface WorkloadIdentity {
  readonly email: string;
  readonly projectId: string;
  readonly projectNumber: string;
  readonly region: string;
  readonly scopes: readonly string[];
  /** A new access token; undefined when the account is gone. */
  readonly accessToken: () => { readonly token: string; readonly expiresInSeconds: number } | undefined;
  /** A new ID token; undefined when the account is gone. */
  readonly idToken: (audience: string) => string | undefined;
}

export interface MetadataServer {
  /** `127.0.0.1:PORT`, for GCE_METADATA_HOST. */
  readonly host: string;
  close(): Promise<void>;
}

type Answer = { readonly status: number; readonly body: string; readonly json?: boolean };

const root = "/computeMetadata/v1/";
const text = (body: string): Answer => ({ status: 200, body });
const json = (value: unknown): Answer => ({ status: 200, body: JSON.stringify(value), json: true });
const notFound: Answer = { status: 404, body: "Not Found\n" };

export async function startMetadataServer(identity: WorkloadIdentity): Promise<MetadataServer> {
  const server = createServer((request, response) => {
    const { status, body, json: isJson } = answerTo(request, identity);
    response.writeHead(status, {
      "content-type": isJson ? "application/json" : "application/text",
      "metadata-flavor": "Google",
      server: "Metadata Server for VM",
    });
    response.end(body);
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function answerTo(request: IncomingMessage, identity: WorkloadIdentity): Answer {
  const url = new URL(request.url ?? "/", "http://metadata.google.internal");
  if (url.pathname === "/" || url.pathname === "/computeMetadata/") return text("v1/\n");
  // Keeps a page in somebody's browser, or a server that fetches what it is told to, from reading tokens.
  if (request.headers["metadata-flavor"] !== "Google" || request.headers["x-forwarded-for"] !== undefined) {
    return { status: 403, body: "Missing Metadata-Flavor:Google header.\n" };
  }
  if (!url.pathname.startsWith(root)) return notFound;
  const path = url.pathname.slice(root.length);
  const { projectId, projectNumber, region } = identity;
  switch (path) {
    case "":
      return text("instance/\nproject/\n");
    case "project/project-id":
      return text(projectId);
    case "project/numeric-project-id":
      return text(projectNumber);
    case "instance/region":
      return text(`projects/${projectNumber}/regions/${region}`);
    case "instance/zone":
      return text(`projects/${projectNumber}/zones/${region}-1`);
    case "instance/service-accounts/":
      return text(`default/\n${identity.email}/\n`);
  }
  const [, account, key] = /^instance\/service-accounts\/([^/]+)\/(.*)$/.exec(path) ?? [];
  if (account !== "default" && decodeURIComponent(account ?? "") !== identity.email) return notFound;
  return ofAccount(key ?? "", url.searchParams, identity);
}

function ofAccount(key: string, query: URLSearchParams, { email, scopes, accessToken, idToken }: WorkloadIdentity): Answer {
  switch (key) {
    case "":
      return query.get("recursive") === "true"
        ? json({ aliases: ["default"], email, scopes })
        : text("aliases\nemail\nidentity\nscopes\ntoken\n");
    case "aliases":
      return text("default\n");
    case "email":
      return text(email);
    case "scopes":
      return text(`${scopes.join("\n")}\n`);
    case "token": {
      const token = accessToken();
      return token ? json({ access_token: token.token, expires_in: token.expiresInSeconds, token_type: "Bearer" }) : notFound;
    }
    case "identity": {
      const audience = query.get("audience");
      if (!audience) return { status: 400, body: "non-empty audience parameter required\n" };
      const token = idToken(audience);
      return token ? text(token) : notFound;
    }
    default:
      return notFound;
  }
}
