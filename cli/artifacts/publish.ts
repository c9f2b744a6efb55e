// `./bailiwick publish`: signs decision tables with the key in KMS and pushes images by digest to every region's repository.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { fetch as fetchVia, ProxyAgent } from "undici";
import { parseDecisionTable } from "../../functions/shared/decision-table.ts";
import { attachSignature, signingInput } from "../../functions/shared/signed-decision-table.ts";
import { type Artifact, artifactDir, type Manifest } from "../../stacks/artifact-manifest.ts";
import { PersonError } from "../errors.ts";

const run = promisify(execFile);

/** How to reach the clouds, and as whom. */
export interface Reach {
  /** Proxy address and file of the authority it uses; absent: directly. */
  readonly proxy?: { readonly url: string; readonly caFile: string };
  /** A fresh access token for Google's APIs and registries. */
  readonly token: () => Promise<string>;
  /** A fresh password of the user `AWS` at the registry of this AWS region. */
  readonly awsPassword: (location: string) => Promise<string>;
  /** Path of the crane tool. */
  readonly crane: string;
}

/** What the global stack says. */
export interface Destination {
  /** `host/project/repository`, by jurisdiction. */
  readonly repositories: Readonly<Record<string, string>>;
  /** `account.dkr.ecr.region.amazonaws.com/repository`, by jurisdiction. */
  readonly awsRepositories: Readonly<Record<string, string>>;
  /** KMS version that signs. */
  readonly signingKey: string;
}

/** Images that regions run in AWS as well: the others stay where they run. */
const runsInAws = ["collector"];

/** What was published where, kept beside the account it was published to. */
interface Record_ {
  /** By digest: the key's version, and the SHA-256 of the signed table. */
  readonly signed: Record<string, string>;
  readonly pushed: Record<string, string[]>;
}

/**
 * Publishes what is not published yet. Safe to repeat; a second call does nothing.
 * @param recordFile remembers what was done, so that nothing is asked again
 * @returns one line a thing done
 */
export async function publishArtifacts(
  manifest: Manifest,
  destination: Destination,
  reach: Reach,
  recordFile: string,
  progress: (line: string) => void,
): Promise<string[]> {
  const record: Record_ = existsSync(recordFile) ? (JSON.parse(readFileSync(recordFile, "utf8")) as Record_) : { signed: {}, pushed: {} };
  const save = () => writeFileSync(recordFile, JSON.stringify(record, null, 2));
  const done: string[] = [];

  for (const artifact of manifest.artifacts.filter(({ policyRevision }) => policyRevision !== undefined)) {
    const file = join(artifactDir, artifact.path, "decision-table.jws");
    // The file may hold another account's signature, by a key of the same name.
    const ours = () => `${destination.signingKey} ${createHash("sha256").update(readFileSync(file)).digest("hex")}`;
    if (existsSync(file) && record.signed[artifact.digest] === ours()) continue;
    progress(`signing the decision table of ${artifact.name} ...`);
    writeFileSync(file, await sign(artifact, destination.signingKey, reach));
    record.signed[artifact.digest] = ours();
    save();
    done.push(`signed ${artifact.name} ${artifact.digest.slice(0, 19)}, policy revision ${artifact.policyRevision?.slice(0, 19)}`);
  }

  const config = mkdtempSync(join(tmpdir(), "bailiwick-crane-"));
  try {
    const pushes: Promise<void>[] = [];
    for (const artifact of manifest.artifacts.filter(({ kind }) => kind === "image")) {
      const pushed = record.pushed[artifact.digest] ?? [];
      const elsewhere = runsInAws.includes(artifact.name) ? Object.values(destination.awsRepositories) : [];
      for (const repository of [...Object.values(destination.repositories), ...elsewhere]) {
        if (pushed.includes(repository)) continue;
        progress(`pushing ${artifact.name} to ${repository} ...`);
        pushes.push(
          push(artifact, repository, reach, config).then(() => {
            record.pushed[artifact.digest] = [...(record.pushed[artifact.digest] ?? []), repository];
            save();
            done.push(`pushed ${artifact.name}@${artifact.digest.slice(0, 19)} to ${repository}`);
          }),
        );
      }
    }
    await Promise.all(pushes);
  } finally {
    rmSync(config, { recursive: true, force: true });
  }
  return done;
}

async function sign(artifact: Artifact, key: string, reach: Reach): Promise<string> {
  const table = parseDecisionTable(JSON.parse(readFileSync(join(artifactDir, artifact.path, "decision-table.json"), "utf8")));
  const input = signingInput(table);
  const dispatcher = reach.proxy && new ProxyAgent({ uri: reach.proxy.url, requestTls: { ca: readFileSync(reach.proxy.caFile) } });
  // Ed25519 signs the message itself, not its digest (cloud.google.com/kms/docs/reference/rest, asymmetricSign, `data`).
  const response = await fetchVia(`https://cloudkms.googleapis.com/v1/${key}:asymmetricSign`, {
    method: "POST",
    headers: { authorization: `Bearer ${await reach.token()}`, "content-type": "application/json" },
    body: JSON.stringify({ data: Buffer.from(input).toString("base64") }),
    ...(dispatcher ? { dispatcher } : {}),
  });
  const answer = (await response.json()) as { signature?: string; error?: { message: string } };
  await dispatcher?.close();
  if (!response.ok || !answer.signature)
    throw new PersonError(
      `KMS did not sign with ${key}: ${response.status} ${answer.error?.message ?? ""}`,
      "Check that you may use the key (roles/cloudkms.signer) and that its version is enabled.",
    );
  return attachSignature(input, Buffer.from(answer.signature, "base64"));
}

async function push(artifact: Artifact, repository: string, reach: Reach, configRoot: string): Promise<void> {
  const host = repository.split("/")[0] as string;
  const dir = mkdtempSync(join(configRoot, "docker-"));
  mkdirSync(dir, { recursive: true });
  const location = /\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com$/.exec(host)?.[1];
  const login = location === undefined ? `oauth2accesstoken:${await reach.token()}` : `AWS:${await reach.awsPassword(location)}`;
  const auth = Buffer.from(login).toString("base64");
  writeFileSync(join(dir, "config.json"), JSON.stringify({ auths: { [host]: { auth } } }), { mode: 0o600 });
  // A repository of ECR holds one image by many tags, one of Google's many images.
  const tag = artifact.digest.slice(7, 19);
  const reference = location === undefined ? `${repository}/${artifact.name}:${tag}` : `${repository}:${artifact.name}-${tag}`;
  const env: NodeJS.ProcessEnv = { PATH: process.env.PATH, HOME: dir, DOCKER_CONFIG: dir };
  if (reach.proxy) Object.assign(env, { HTTPS_PROXY: reach.proxy.url, SSL_CERT_FILE: reach.proxy.caFile });
  const { stdout } = await run(reach.crane, ["push", join(artifactDir, artifact.path), reference], { env }).catch(
    (error: { stderr?: string; message: string }) => {
      throw new PersonError(`crane could not push ${reference}:\n${error.stderr ?? error.message}`, "Read crane's words above.");
    },
  );
  if (!stdout.trim().endsWith(artifact.digest))
    throw new PersonError(`The registry holds ${stdout.trim()} where ${artifact.digest} was pushed.`, "Build again: ./bailiwick build.");
}
