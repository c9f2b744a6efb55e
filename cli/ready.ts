// What most commands begin with: tools at hand and the sandbox running.
import type { SandboxFile } from "../sandbox/main.ts";
import { exitCodes, PersonError } from "./errors.ts";
import { portOfEnvironment } from "./port.ts";
import { defaultPort, runningSandbox, startSandbox } from "./sandbox.ts";
import { progress } from "./terminal.ts";
import { findTool, provideTool, type ToolName } from "./tools.ts";

export interface Ready {
  readonly pulumi: string;
  readonly crane: string;
  readonly sandbox: SandboxFile;
}

/** Builds what is missing, starts the sandbox if it does not run. */
export async function makeReady(port: number | undefined): Promise<Ready> {
  const wanted = port ?? (runningSandbox() ? undefined : (portOfEnvironment() ?? defaultPort));
  const paths: Partial<Record<ToolName, string>> = {};
  // One after the other: each build uses all the cores there are.
  for (const name of ["pulumi", "crane", "versitygw"] as const) paths[name] = (await provideTool(name, progress)).path;
  const sandbox = await startSandbox({ port: wanted, tools: { versitygw: paths.versitygw as string } }, progress);
  return { pulumi: paths.pulumi as string, crane: paths.crane as string, sandbox };
}

/** For commands that look only: they start nothing. @throws PersonError when nothing runs */
export async function requireReady(): Promise<Ready> {
  const sandbox = runningSandbox();
  const pulumi = await findTool("pulumi");
  const crane = await findTool("crane");
  if (!sandbox || !pulumi || !crane)
    throw new PersonError("The sandbox does not run.", "Start it and deploy: ./bailiwick up.", exitCodes.unavailable);
  return { pulumi: pulumi.path, crane: crane.path, sandbox };
}
