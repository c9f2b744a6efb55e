import { exitCodes, PersonError } from "./errors.ts";
import { say } from "./terminal.ts";

/**
 * Lets work that a person interrupts wind up. All that runs in the terminal got the same signal, so whatever the work then gives or
 * throws, it was interrupted, and that is what is said.
 * @param work gets a question: was it interrupted?
 * @throws PersonError with the exit code 130 after Ctrl-C, else what the work throws
 */
export async function interruptible<T>(
  work: (interrupted: () => boolean) => Promise<T>,
  words: { readonly atOnce: string; readonly advice: string },
): Promise<T> {
  let interrupted = false;
  const note = () => {
    interrupted = true;
    say(words.atOnce);
  };
  process.on("SIGINT", note);
  try {
    const result = await work(() => interrupted);
    if (!interrupted) return result;
  } catch (error) {
    if (!interrupted) throw error;
  } finally {
    process.off("SIGINT", note);
  }
  throw new PersonError("Interrupted.", words.advice, exitCodes.interrupted);
}
