// What makes the real `pulumi` deploy onto the sandbox: an environment, nothing else. `./bailiwick env` prints the same.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { parse, stringify } from "yaml";
import { packFile } from "../../policies/build.ts";
import type { SandboxFile } from "../../sandbox/main.ts";
import { policyPackDir } from "../artifacts/paths.ts";
import { PersonError } from "../errors.ts";
import { stateDir } from "../paths.ts";
import { committedConfig } from "../stacks.ts";
import { passphraseIn } from "./passphrase.ts";

export const backendDir = join(stateDir, "backend");
const configDir = join(stateDir, "config");

/**
 * The stack's configuration as Pulumi gets it: the committed file plus the salt that Pulumi writes into it, in a copy, so that no
 * committed file ever changes.
 */
export function refreshConfig(stack: string): string {
  mkdirSync(configDir, { recursive: true, mode: 0o700 });
  const file = join(configDir, `Pulumi.${stack}.yaml`);
  const kept = existsSync(file) ? (parse(readFileSync(file, "utf8")) as { encryptionsalt?: string } | null)?.encryptionsalt : undefined;
  if (kept && !existsSync(saltFile(stack))) keepSalt(stack, kept);
  const salt = saltOf(stack);
  let committed: Record<string, unknown>;
  try {
    committed = (parse(readFileSync(committedConfig(stack), "utf8")) as Record<string, unknown> | null) ?? {};
  } catch (error) {
    throw new PersonError(
      `${basename(committedConfig(stack))} is not valid YAML: ${error instanceof Error ? error.message : error}`,
      "Mend the file in stacks/.",
    );
  }
  writeFileSync(file, stringify({ ...(salt === undefined ? {} : { encryptionsalt: salt }), ...committed }), { mode: 0o600 });
  return file;
}

const saltFile = (stack: string) => join(configDir, `${stack}.salt`);

export const saltOf = (stack: string) => (existsSync(saltFile(stack)) ? readFileSync(saltFile(stack), "utf8") : undefined);

export function keepSalt(stack: string, salt: string): void {
  mkdirSync(configDir, { recursive: true, mode: 0o700 });
  writeFileSync(saltFile(stack), salt, { mode: 0o600 });
}

const noLogs =
  "The engine's own log of every operation is off here: it doubles the engine's work. To have it, put a folder in place of this file.\n";

/**
 * Pulumi's own folder. Where a file stands at the place of its logs, the engine goes without them, and says nothing of it
 * (logging/encrypted.go in pulumi/pulumi; there is no option): what it did is in the stack's state and in what it prints.
 */
function engineHome(): string {
  const home = join(stateDir, "pulumi");
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const logs = join(home, "logs");
  if (!existsSync(logs)) writeFileSync(logs, noLogs);
  return home;
}

/** Variables that are the same for every stack. */
export function engineEnvironment(sandbox: SandboxFile): Record<string, string> {
  return {
    PULUMI_HOME: engineHome(),
    PULUMI_BACKEND_URL: pathToFileURL(backendDir).href,
    PULUMI_CONFIG_PASSPHRASE: passphraseIn(stateDir),
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    PULUMI_DEBUG_COMMANDS: "true",
    // The policy pack is a Node program that begins anew with every operation: half of its start is compiling.
    ...(process.env.NODE_COMPILE_CACHE ? { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE } : {}),
    PULUMI_DEBUG_LANGUAGES: `nodejs:${sandbox.ports.language}`,
    PULUMI_DEBUG_PROVIDERS: Object.entries(sandbox.ports.providers)
      .map(([name, port]) => `${name}:${port}`)
      .join(","),
  };
}

/** What a person's shell needs for a plain `pulumi` on this stack, gated by the policy pack. */
export function stackEnvironment(sandbox: SandboxFile, stack: string): Record<string, string> {
  return {
    ...engineEnvironment(sandbox),
    PULUMI_STACK: stack,
    PULUMI_OPTION_CONFIG_FILE: refreshConfig(stack),
    PULUMI_OPTION_POLICY_PACK: join(policyPackDir, packFile),
  };
}
