// The door before a PostgreSQL server: `front-thread.ts` keeps it, and has every login judged here.
import { MessageChannel, Worker } from "node:worker_threads";
import type { FromDoor, OpenDoor, ToDoor } from "./front-thread.ts";

export interface Login {
  readonly user: string;
  readonly database: string;
  readonly password: string;
}

/** Why somebody may not enter: SQLSTATE and message as PostgreSQL gives them. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
}

export interface FrontOptions {
  /** The socket file to listen at: `<folder>/.s.PGSQL.5432`. Its folder is made. */
  readonly socket: string;
  /** The server's own socket, which trusts whoever opens it. */
  readonly server: string;
  /** Judges a login; undefined lets it in. */
  readonly admit: (login: Login) => Refusal | undefined;
}

export interface Front {
  /** Ends every connection and goes on listening. */
  cut(): void;
  /** From now on everything comes so many milliseconds later from the server than it could. */
  slow(ms: number): void;
  /** Ends the listening and every connection. */
  close(): Promise<void>;
}

/** The thread of all doors, while there are any. */
let thread: Worker | undefined;
let doors = 0;

/** @throws Error where the socket cannot be opened */
export async function openFront({ socket, server, admit }: FrontOptions): Promise<Front> {
  thread ??= new Worker(new URL("./front-thread.ts", import.meta.url));
  doors++;
  const { port1: port, port2 } = new MessageChannel();
  const say = (message: ToDoor) => port.postMessage(message);
  const closed = Promise.withResolvers<void>();
  const opened = new Promise<void>((resolve, reject) => {
    port.on("message", (message: FromDoor) => {
      if ("asked" in message) say({ verdict: message.asked, refusal: admit(message.login) });
      else if ("opened" in message) resolve();
      else if ("failed" in message) reject(new Error(message.failed));
      else closed.resolve();
    });
  });
  thread.postMessage({ socket, server, port: port2 } satisfies OpenDoor, [port2]);
  try {
    await opened;
  } catch (error) {
    port.close();
    await leave();
    throw error;
  }
  return {
    cut: () => say({ cut: true }),
    slow: (slowMs) => say({ slowMs }),
    async close() {
      say({ close: true });
      await closed.promise;
      await leave();
    },
  };
}

/** The last one ends the thread. */
async function leave(): Promise<void> {
  if (--doors > 0) return;
  const ended = thread;
  thread = undefined;
  await ended?.terminate();
}
