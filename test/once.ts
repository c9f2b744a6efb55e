import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { until } from "./until.ts";

/**
 * Does something once for all test files, whichever process asks first; the others wait until it is done.
 * @param name a path beside which nothing else stands: what is known of the work is written there
 * @throws Error in all of them, when it fails
 */
export async function once(name: string, work: () => Promise<void>): Promise<void> {
  const outcome = `${name}.outcome`;
  try {
    mkdirSync(`${name}.begun`);
  } catch {
    await until(() => existsSync(outcome), `${name}, which another test makes`, 900_000);
    const error = readFileSync(outcome, "utf8");
    if (error !== "") throw new Error(`Another test could not make ${name}: ${error}`);
    return;
  }
  let error = "";
  try {
    await work();
  } catch (thrown) {
    error = String(thrown);
    throw thrown;
  } finally {
    writeFileSync(`${outcome}.new`, error);
    renameSync(`${outcome}.new`, outcome);
  }
}
