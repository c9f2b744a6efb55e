// A store of tiles in a folder: for measurements that no memory holds, and for whoever keeps a copy of a log. A log itself is kept in object stores.
import { mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { TileReader, TileWriter } from "./tiles.ts";

export class FolderTiles implements TileReader, TileWriter {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    try {
      return await readFile(join(this.#folder, path));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  /** Whoever reads sees all of it or none: the name is given last, once the bytes are on the disk. */
  async write(path: string, bytes: Uint8Array): Promise<void> {
    const target = join(this.#folder, path);
    await mkdir(dirname(target), { recursive: true });
    const unfinished = `${target}.unfinished`;
    await using file = await open(unfinished, "w");
    await file.writeFile(bytes);
    await file.sync();
    await rename(unfinished, target);
  }
}
