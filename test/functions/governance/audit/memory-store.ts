// A store outside the database for tests: files in memory, generations as Cloud Storage has them, and a switch.
import { CheckpointMoved, type ReadableStore } from "../../../../functions/governance/audit/stores.ts";

export class MemoryStore implements ReadableStore {
  readonly name: "bucket" | "vault";
  readonly files = new Map<string, Uint8Array>();
  /** Every checkpoint that it ever held. */
  readonly checkpoints: string[] = [];
  /** While it is false, nothing can be read or written. */
  available = true;
  /** How often something was written. */
  writes = 0;

  constructor(name: "bucket" | "vault" = "bucket") {
    this.name = name;
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    this.#demand();
    return this.files.get(path);
  }

  async write(path: string, bytes: Uint8Array): Promise<void> {
    this.#demand();
    this.writes++;
    this.files.set(path, this.files.get(path) ?? bytes);
  }

  async writeCheckpoint(note: string, generation: string | undefined): Promise<string> {
    this.#demand();
    if (Number(generation ?? 0) !== this.checkpoints.length) throw new CheckpointMoved();
    this.writes++;
    this.checkpoints.push(note);
    return String(this.checkpoints.length);
  }

  async checkpoint(): Promise<string | undefined> {
    this.#demand();
    return this.checkpoints.at(-1);
  }

  async current(): Promise<{ note: string; generation: string } | undefined> {
    const note = await this.checkpoint();
    return note === undefined ? undefined : { note, generation: String(this.checkpoints.length) };
  }

  #demand(): void {
    if (!this.available) throw new Error("the store is down");
  }
}
