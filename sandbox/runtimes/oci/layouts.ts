// All layouts of a registry: one folder a repository, in it one a image name.
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Layout } from "./layout.ts";

export class Layouts {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @param repository what the cloud calls the repository; @param name the image's name in it */
  at(repository: string, name: string): Layout {
    return new Layout(join(this.#folder, encodeURIComponent(repository), encodeURIComponent(name)));
  }

  /** Image names that something was pushed to. */
  names(repository: string): string[] {
    const folder = join(this.#folder, encodeURIComponent(repository));
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
      .map(decodeURIComponent)
      .filter((name) => this.at(repository, name).manifests().length > 0);
  }

  removeAll(repository: string): void {
    rmSync(join(this.#folder, encodeURIComponent(repository)), { recursive: true, force: true });
  }

  /** Forgets uploads that a stop cut off. */
  dropUploads(): void {
    if (!existsSync(this.#folder)) return;
    for (const repository of readdirSync(this.#folder)) {
      for (const name of readdirSync(join(this.#folder, repository))) new Layout(join(this.#folder, repository, name)).dropUploads();
    }
  }
}
