// As much of GitHub's REST API as a report needs (docs.github.com/rest, version 2022-11-28).
import { PersonError } from "../errors.ts";

export interface GitHub {
  readonly repository: string;
  /** @returns the answer's body @throws PersonError when it is refused */
  readonly call: (method: "GET" | "POST" | "PATCH", path: string, body?: object) => Promise<unknown>;
}

/** As a workflow's environment says: repository, address, token. */
export function gitHubOf(env: Readonly<Record<string, string | undefined>>): GitHub {
  const { GITHUB_REPOSITORY: repository, GITHUB_TOKEN: token, GITHUB_API_URL: api = "https://api.github.com" } = env;
  if (!repository || !token)
    throw new PersonError("GITHUB_REPOSITORY and GITHUB_TOKEN are not set.", "Run this in the workflow .github/workflows/report.yml.");
  return {
    repository,
    async call(method, path, body) {
      const answer = await fetch(`${api}/repos/${repository}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, accept: "application/vnd.github+json", "x-github-api-version": "2022-11-28" },
        ...(body ? { body: JSON.stringify(body) } : {}),
        signal: AbortSignal.timeout(30_000),
      });
      if (answer.ok) return answer.json();
      throw new PersonError(`GitHub answered ${answer.status} to ${method} ${path.split("?")[0]}.`, "Look at the permissions of the job.");
    },
  };
}
