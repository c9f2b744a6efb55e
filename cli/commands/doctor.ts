import { createServer } from "node:net";
import { exitCodes, PersonError } from "../errors.ts";
import { cacheDir } from "../paths.ts";
import { parsePort, portsAllowed } from "../port.ts";
import { defaultPort, runningSandbox } from "../sandbox.ts";
import { print, table } from "../terminal.ts";
import { findGo, findTool, isOnlyForTests, oldestGo, toolNames } from "../tools.ts";

interface Check {
  readonly what: string;
  readonly found: string;
  readonly from: string;
  /** What to do; empty when all is well. */
  readonly advice: string;
  /** Nothing works without it. */
  readonly needed: boolean;
}

const portFree = (port: number) =>
  new Promise<boolean>((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });

const occupied = (port: number) => ({ what: `port ${port}`, found: "the sandbox", advice: "" });

/** @param asked by the person, who may have asked for what is no port */
async function vacant(asked = String(defaultPort)): Promise<Pick<Check, "what" | "found" | "advice">> {
  const what = `port ${asked}`;
  const port = parsePort(asked);
  if (port === undefined) return { what, found: "not a port", advice: `set BAILIWICK_PORT: ${portsAllowed}` };
  if (await portFree(port)) return { what, found: "free", advice: "" };
  return { what, found: "taken", advice: "end the program that uses it, or set BAILIWICK_PORT" };
}

export async function doctor(options: { json?: boolean }): Promise<void> {
  const checks: Check[] = [{ what: "node", found: process.versions.node, from: process.execPath, advice: "", needed: true }];
  const go = await findGo();
  const tools = await Promise.all(toolNames.map(async (name) => [name, await findTool(name)] as const));
  const missing = tools.some(([, tool]) => !tool);
  checks.push({
    what: "go",
    found: go?.version ?? "",
    from: go ? "PATH" : "",
    advice: go?.builds || !missing ? "" : `install Go >= ${oldestGo}: the missing tools below are built with it`,
    needed: missing,
  });
  for (const [name, tool] of tools)
    checks.push({
      what: name,
      found: tool?.version ?? "",
      from: tool ? (tool.from === "cache" ? cacheDir : tool.from) : "",
      advice: tool
        ? ""
        : go?.builds
          ? `nothing: ./bailiwick ${isOnlyForTests(name) ? "test" : "up"} builds it`
          : `install it, or Go >= ${oldestGo} to build it`,
      needed: !go?.builds && !isOnlyForTests(name),
    });
  const sandbox = runningSandbox();
  checks.push({ from: "", needed: true, ...(sandbox ? occupied(sandbox.ports.gateway) : await vacant(process.env.BAILIWICK_PORT)) });
  if (options.json) print(JSON.stringify(checks, null, 2));
  else
    print(
      table(
        ["what", "found", "from", "what to do"],
        checks.map(({ what, found, from, advice }) => [what, found || "missing", from, advice || "nothing"]),
      ),
    );
  if (checks.some(({ needed, advice }) => needed && advice !== ""))
    throw new PersonError("Something that is needed is missing.", "See the last column.", exitCodes.unavailable);
}
