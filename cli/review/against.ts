// A preview of the work tree on top of what another commit deploys: on an embedded cloud of its own, of which nothing is left.
import { execFileSync, spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exitCodes, PersonError } from "../errors.ts";
import { root } from "../paths.ts";
import { freePort } from "../port.ts";
import { progress } from "../terminal.ts";
import { copyWorkTree, stampPackages } from "../work-tree.ts";

const git = (...args: string[]) => execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();

/** The commit at which the work tree's history left that of `ref`. */
function mergeBase(ref: string): string {
  try {
    return git("merge-base", "--", git("rev-parse", "--verify", "--end-of-options", `${ref}^{commit}`), "HEAD");
  } catch {
    throw new PersonError(
      `There is no commit "${ref}" with which this work tree shares its history.`,
      "Name a branch or a commit that git knows; in a shallow clone fetch the history first: git fetch --unshallow.",
      exitCodes.usage,
    );
  }
}

/**
 * Deploys the merge base with `ref`, stops it, and runs a preview of the work tree on the state it left.
 * @param preview arguments of the preview
 * @returns the preview's exit code
 */
export async function previewAgainst(ref: string, stacks: readonly string[], preview: readonly string[]): Promise<number> {
  const base = mergeBase(ref);
  const folder = mkdtempSync(join(tmpdir(), "against-"));
  const tree = join(folder, "base");
  const head = join(folder, "head");
  const env = { ...process.env, BAILIWICK_STATE: join(folder, "state"), BAILIWICK_PORT: String(await freePort()) };
  const run = (dir: string, args: readonly string[], out: "inherit" | 2 = 2) =>
    new Promise<number>((resolve, reject) => {
      const child = spawn(join(dir, "bailiwick"), [...args], { cwd: dir, env, stdio: ["ignore", out, "inherit"] });
      child.on("error", reject);
      child.on("close", (code) => resolve(code ?? exitCodes.interrupted));
    });
  try {
    git("worktree", "add", "--detach", tree, base);
    const same = (file: string) => readFileSync(join(root, file), "utf8") === readFileSync(join(tree, file), "utf8");
    // With other packages, its launcher installs them.
    if (same("package-lock.json")) stampPackages(tree);
    // A stack that is new has nothing under it but what all of them stand on.
    const known = ["global", ...stacks.filter((stack) => stack !== "global" && existsSync(join(tree, "stacks", `Pulumi.${stack}.yaml`)))];
    progress(`deploying ${base.slice(0, 12)}, the merge base with ${ref}: ${known.join(", ")} ...`);
    const deployed = await run(tree, ["up", ...known]);
    if (deployed !== exitCodes.ok)
      throw new PersonError(`The merge base ${base.slice(0, 12)} does not deploy.`, "Read its words above: the change is not the reason.");
    // What stands in the way is the sandbox of the other commit; its state stays.
    await run(tree, ["down"]);
    // What both commits build alike was signed and pushed for this account already. The work tree's own builds are signed for another.
    copyWorkTree(head);
    cpSync(join(tree, ".bailiwick"), join(head, ".bailiwick"), { recursive: true });
    await run(head, ["build"]);
    await run(head, ["publish"]);
    return await run(head, ["preview", ...stacks, ...preview], "inherit");
  } finally {
    await run(root, ["down", "--purge"]);
    if (existsSync(tree)) git("worktree", "remove", "--force", tree);
    rmSync(folder, { recursive: true, force: true });
  }
}
