// A store of tiles in memory, for tests and measurements.
import type { TileReader, TileWriter } from "./tiles.ts";

export class MemoryTiles implements TileReader, TileWriter {
  readonly files = new Map<string, Uint8Array>();

  async read(path: string): Promise<Uint8Array | undefined> {
    return this.files.get(path);
  }

  async write(path: string, bytes: Uint8Array): Promise<void> {
    this.files.set(path, bytes);
  }
}
