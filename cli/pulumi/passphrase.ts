// Encrypts the secrets in the embedded account's state; made once, kept beside it. Lost, they are lost with it.
import { randomBytes } from "node:crypto";
import { existsSync, linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The passphrase that stands in this folder. Where there is none yet, however many ask at once, all get the same. */
export function passphraseIn(dir: string): string {
  const file = join(dir, "passphrase");
  if (!existsSync(file)) {
    const own = `${file}.${randomBytes(8).toString("hex")}`;
    writeFileSync(own, randomBytes(32).toString("hex"), { mode: 0o600 });
    try {
      // A link appears whole, and never in the place of another.
      linkSync(own, file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    } finally {
      rmSync(own);
    }
  }
  return readFileSync(file, "utf8");
}
