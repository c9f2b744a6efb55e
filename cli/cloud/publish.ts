// `./bailiwick publish --cloud`: to the real registries and the real key, as the person who is signed in.
import { join } from "node:path";
import { artifactDir, type Manifest } from "../../stacks/artifact-manifest.ts";
import { buildArtifacts } from "../artifacts/build.ts";
import { type Destination, publishArtifacts } from "../artifacts/publish.ts";
import { PersonError } from "../errors.ts";
import { progress } from "../terminal.ts";
import { provideTool } from "../tools.ts";
import { googleToken, outputOf } from "./command.ts";

/** @throws PersonError when an image could not run elsewhere */
export function refuseSandboxOnly({ artifacts }: Manifest): void {
  const newest = new Map(artifacts.map((artifact) => [artifact.name, artifact]));
  const bound = [...newest.values()].filter(({ availability }) => availability === "sandbox-only").map(({ name }) => name);
  if (bound.length > 0)
    throw new PersonError(
      `${bound.join(", ")}: sandbox-only, for the image has no base layer.`,
      "Pin a base image by digest in functions/base-image.yaml and run ./bailiwick build.",
    );
}

export async function publishToCloud(): Promise<string[]> {
  const { manifest } = await buildArtifacts(progress);
  refuseSandboxOnly(manifest);
  const pulumi = (await provideTool("pulumi", progress)).path;
  const { ok, output } = await outputOf(pulumi, ["stack", "output", "--json", "--stack", "global"]);
  if (!ok)
    throw new PersonError(`pulumi could not read the outputs of "global":\n${output.trim()}`, "Deploy it first: pulumi up --stack global.");
  const { repositories, awsRepositories, decisionTableKeyVersion } = JSON.parse(output) as {
    repositories?: Destination["repositories"];
    awsRepositories?: Destination["awsRepositories"];
    decisionTableKeyVersion?: string;
  };
  if (!repositories || !decisionTableKeyVersion)
    throw new PersonError('The stack "global" has no registries or no signing key yet.', "Deploy it first: pulumi up --stack global.");
  const token = async () => {
    const found = await googleToken();
    if (found === undefined)
      throw new PersonError("Nobody is signed in to Google Cloud.", "Run gcloud auth login, or set GOOGLE_OAUTH_ACCESS_TOKEN.");
    return found;
  };
  const awsPassword = async (location: string) => {
    const answer = await outputOf("aws", ["ecr", "get-login-password", "--region", location]);
    if (answer.ok) return answer.output.trim();
    throw new PersonError(`Nobody is signed in to AWS: ${answer.output.trim()}`, "Run aws sso login, or whatever your account asks for.");
  };
  return publishArtifacts(
    // Older builds stay where they are; those that could run nowhere else are not for a registry.
    { ...manifest, artifacts: manifest.artifacts.filter(({ availability }) => availability === "anywhere") },
    { repositories, awsRepositories: awsRepositories ?? {}, signingKey: decisionTableKeyVersion },
    { token, awsPassword, crane: (await provideTool("crane", progress)).path },
    join(artifactDir, "published.json"),
    progress,
  );
}
