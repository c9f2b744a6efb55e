// Where a log is published: anywhere that files can be written to, the checkpoint last.
import type { Published } from "./reconcile.ts";
import type { TileWriter } from "./tiles.ts";

/** Before every path, so that a bucket may hold other things besides. */
export const folder = "consent-log/";
export const checkpointPath = "checkpoint";

export interface LogStore extends TileWriter {
  readonly name: "bucket" | "vault";
  /**
   * Puts the checkpoint in the place of the one before.
   * @param generation of that one, where this store knows such: undefined where there is none
   * @returns its own
   * @throws CheckpointMoved where there is another one than that
   */
  writeCheckpoint(note: string, generation: string | undefined): Promise<string | undefined>;
}

/** The store holds a checkpoint that this database knows nothing of. */
export class CheckpointMoved extends Error {
  constructor() {
    super("The store holds another checkpoint than the one that was published last");
    this.name = "CheckpointMoved";
  }
}

/** A store from which can be read what was published. */
export interface ReadableStore extends LogStore, Published {
  /** The checkpoint there, and its generation. */
  current(): Promise<{ readonly note: string; readonly generation: string } | undefined>;
}
