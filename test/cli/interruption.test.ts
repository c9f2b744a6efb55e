// Ctrl-C during long work, as a terminal does it: by a signal to a process.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it } from "vitest";
import { interruptible } from "../../cli/interruption.ts";
import { root } from "../../cli/paths.ts";

/** @param end what the work does once it has heard of the signal */
async function interrupt(end: string): Promise<{ readonly said: string; readonly answer: unknown }> {
  const script = `
    const { interruptible } = await import(${JSON.stringify(pathToFileURL(join(root, "cli/interruption.ts")).href)});
    const work = async (interrupted) => {
      console.log(interrupted());
      while (!interrupted()) await new Promise((resolve) => setTimeout(resolve, 5));
      ${end};
    };
    await interruptible(work, { atOnce: "winding up ...", advice: "Go on." }).catch(({ message, advice, exitCode }) =>
      console.log(JSON.stringify({ message, advice, exitCode })));`;
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", script]);
  let said = "";
  let stdout = "";
  child.stderr.on("data", (chunk: Buffer) => (said += chunk));
  child.stdout.on("data", (chunk: Buffer) => {
    if (stdout === "") child.kill("SIGINT");
    stdout += chunk;
  });
  await once(child, "close");
  const [before, answer] = stdout.split("\n") as [string, string];
  expect(before).toBe("false");
  return { said, answer: JSON.parse(answer) };
}

it.each([
  ["fails, since its parts were interrupted with it", 'throw new Error("a part was interrupted")'],
  ["fails in a way that has a code of its own", 'throw Object.assign(new Error("refused"), { exitCode: 2 })'],
  ["comes to its end all the same", "return 1"],
])("work that is interrupted and then %s ends with 130, and the person hears of it at once", async (_what, end) => {
  const { said, answer } = await interrupt(end);
  expect(said).toBe("winding up ...\n");
  expect(answer).toEqual({ message: "Interrupted.", advice: "Go on.", exitCode: 130 });
});

it("work that nobody interrupts gives and throws what it does, and Ctrl-C is again what it was", async () => {
  const words = { atOnce: "", advice: "" };
  const before = process.listenerCount("SIGINT");
  expect(await interruptible(async () => 1, words)).toBe(1);
  await expect(interruptible(() => Promise.reject(new Error("broken")), words)).rejects.toThrow("broken");
  expect(process.listenerCount("SIGINT")).toBe(before);
});
