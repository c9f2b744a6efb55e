import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { exitCodes, PersonError } from "../errors.ts";
import { logDir } from "../paths.ts";
import { paint, print } from "../terminal.ts";

export async function logs(name: string | undefined, options: { lines: number; json?: boolean }): Promise<void> {
  const all = existsSync(logDir)
    ? readdirSync(logDir)
        .filter((file) => file.endsWith(".log"))
        .sort()
    : [];
  const chosen = all.filter((file) => name === undefined || file.includes(name));
  if (chosen.length === 0)
    throw new PersonError(
      name === undefined
        ? "There are no logs: nothing has run yet."
        : `No log has "${name}" in its name. There are: ${all.join(", ") || "none"}.`,
      name === undefined ? "Deploy first: ./bailiwick up." : "Choose one of these, or none for all.",
      exitCodes.usage,
    );
  const ends = chosen.map((name) => ({
    name,
    lines: readFileSync(join(logDir, name), "utf8").trimEnd().split("\n").slice(-options.lines),
  }));
  if (options.json) return print(JSON.stringify(ends, null, 2));
  for (const { name, lines } of ends) print(`${paint("bold", `== ${name}`)}\n${lines.join("\n")}`);
}
