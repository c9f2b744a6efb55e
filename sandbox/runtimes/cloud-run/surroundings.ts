// What every container gets on this machine, whatever platform runs it: a place for its files, and the way out.
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Ground } from "../../engine/cloud.ts";

/** Where programs of an image look for commands, unless it says otherwise. */
export const searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Sends all that it asks for through the sandbox's own internet, whose authority it trusts. */
export const wayOut = ({ proxyUrl, caFile, environment }: Ground["egress"], direct: string): Record<string, string> => ({
  ...environment,
  HTTP_PROXY: proxyUrl,
  HTTPS_PROXY: proxyUrl,
  NO_PROXY: direct,
  NODE_USE_ENV_PROXY: "1",
  NODE_EXTRA_CA_CERTS: caFile,
  SSL_CERT_FILE: caFile,
});

/** The folders that containers write into. A container's file system dies with it. */
export class Scratch {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  at(name: string): string {
    return join(this.#folder, name);
  }

  /** An empty folder of this name, with these in it. */
  fresh(name: string, parts: readonly string[]): string {
    this.discard(name);
    for (const part of parts) mkdirSync(join(this.at(name), part), { recursive: true, mode: 0o700 });
    return this.at(name);
  }

  discard(name: string): void {
    rmSync(this.at(name), { recursive: true, force: true });
  }

  /** Nothing runs yet: whatever an earlier run left behind goes, secrets among it. */
  reset(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
