// The doors before PostgreSQL servers, in a thread of their own: what databases are asked waits for nothing else that the sandbox does. A door asks
// for the password, has somebody else judge it, and then gets out of the way.
// Source: postgresql.org/docs/18/protocol-message-formats.html
import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { dirname } from "node:path";
import { Transform } from "node:stream";
import { type MessagePort, parentPort } from "node:worker_threads";
import type { Login, Refusal } from "./front.ts";

/** What the thread is asked: to open a door, of which it hears the rest through the port. */
export interface OpenDoor {
  readonly socket: string;
  readonly server: string;
  readonly port: MessagePort;
}

/** To a door. */
export type ToDoor =
  | { readonly verdict: number; readonly refusal: Refusal | undefined }
  | { readonly cut: true }
  | { readonly close: true }
  | { readonly slowMs: number };

/** From a door. */
export type FromDoor =
  | { readonly opened: true }
  | { readonly failed: string }
  | { readonly asked: number; readonly login: Login }
  | { readonly closed: true };

const protocol3 = 3;
const cancelRequest = 80_877_102;
const sslRequest = 80_877_103;
const gssRequest = 80_877_104;
const longestMessage = 65_536;
const loginWithinMs = 60_000; // PostgreSQL's authentication_timeout

parentPort?.on("message", (door: OpenDoor) => new Door(door));

class Door {
  readonly #server: string;
  readonly #port: MessagePort;
  readonly #connections = new Set<Socket>();
  readonly #judged = new Map<number, (refusal: Refusal | undefined) => void>();
  readonly #listening: Server;
  #asked = 0;
  #slowMs = 0;

  constructor({ socket, server, port }: OpenDoor) {
    this.#server = server;
    this.#port = port;
    this.#listening = createServer((client) => {
      this.#track(client);
      greet(client, {
        admit: (login) => this.#judge(login),
        slowMs: () => this.#slowMs,
        dial: () => this.#track(connect(this.#server)),
      });
    });
    port.on("message", (message: ToDoor) => this.#hear(message));
    this.#listening.on("error", (error) => this.#say({ failed: error.message }));
    this.#listening.once("listening", () => {
      chmodSync(socket, 0o600);
      this.#say({ opened: true });
    });
    try {
      mkdirSync(dirname(socket), { recursive: true, mode: 0o700 });
      rmSync(socket, { force: true });
      this.#listening.listen(socket);
    } catch (error) {
      this.#say({ failed: (error as Error).message });
    }
  }

  #say(message: FromDoor): void {
    this.#port.postMessage(message);
  }

  #hear(message: ToDoor): void {
    if ("slowMs" in message) this.#slowMs = message.slowMs;
    else if ("verdict" in message) {
      this.#judged.get(message.verdict)?.(message.refusal);
      this.#judged.delete(message.verdict);
    } else {
      if ("close" in message) this.#listening.close(() => this.#end());
      for (const socket of this.#connections) socket.destroy();
    }
  }

  #end(): void {
    this.#say({ closed: true });
    this.#port.close();
  }

  #judge(login: Login): Promise<Refusal | undefined> {
    const asked = ++this.#asked;
    return new Promise((resolve) => {
      this.#judged.set(asked, resolve);
      this.#say({ asked, login });
    });
  }

  #track(socket: Socket): Socket {
    this.#connections.add(socket);
    return socket.once("close", () => this.#connections.delete(socket));
  }
}

interface Greeting {
  readonly admit: (login: Login) => Promise<Refusal | undefined>;
  readonly slowMs: () => number;
  readonly dial: () => Socket;
}

function greet(client: Socket, { admit, slowMs, dial }: Greeting): void {
  let received = Buffer.alloc(0);
  let startup: Buffer | undefined;
  client.setTimeout(loginWithinMs, () => client.destroy());
  client.on("error", () => client.destroy());

  const onData = (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    while (received.length > 0) {
      // The first messages have no type byte before their length.
      const offset = startup ? 1 : 0;
      if (received.length < offset + 4) return;
      const length = offset + received.readInt32BE(offset);
      if (length < offset + 4 || length > longestMessage)
        return refuse(client, { code: "08P01", message: "invalid length of startup packet" });
      if (received.length < length) return;
      const message = received.subarray(0, length);
      received = received.subarray(length);
      if (startup) {
        // What comes before the verdict waits for it.
        client.off("data", onData).pause();
        return void onPassword(startup, message);
      }
      if (!onFirst(message)) return;
    }
  };

  /** True when another first message may follow. */
  const onFirst = (message: Buffer): boolean => {
    const code = message.readInt32BE(4);
    if (code === sslRequest || code === gssRequest) {
      client.write("N"); // Not encrypted: the socket file is private.
      return true;
    }
    if (code === cancelRequest) {
      leave(message);
      return false;
    }
    if (code >> 16 !== protocol3) {
      refuse(client, {
        code: "0A000",
        message: `unsupported frontend protocol ${code >> 16}.${code & 0xffff}: server supports 3.0 to 3.2`,
      });
      return false;
    }
    startup = message;
    client.write(typed("R", int32(3))); // AuthenticationCleartextPassword
    return true;
  };

  const onPassword = async (opening: Buffer, message: Buffer) => {
    if (message[0] !== "p".charCodeAt(0)) return refuse(client, { code: "08P01", message: "expected password response" });
    const parameters = parametersOf(opening);
    const user = parameters.get("user") ?? "";
    const database = parameters.get("database") ?? user;
    const password = message.subarray(5, message.indexOf(0, 5)).toString();
    const refusal = await admit({ user, database, password });
    // Gone meanwhile: nobody would ever end what is opened for it.
    if (client.destroyed) return;
    if (refusal) refuse(client, refusal);
    else leave(opening);
  };

  /** Hands over to the server, which sees the same opening and asks for nothing. */
  const leave = (opening: Buffer) => {
    client.off("data", onData).setTimeout(0);
    const server = dial();
    server.once("error", () => refuse(client, { code: "57P03", message: "the database system is not yet accepting connections" }));
    server.once("connect", () => {
      server.removeAllListeners("error");
      server.on("error", () => client.destroy());
      server.write(opening);
      if (received.length > 0) server.write(received);
      client.pipe(server).pipe(late(slowMs)).pipe(client);
    });
    client.once("close", () => server.destroy());
    server.once("close", () => client.end());
  };

  client.on("data", onData);
}

function late(slowMs: () => number): Transform {
  return new Transform({
    transform(chunk, _encoding, done) {
      const ms = slowMs();
      if (ms > 0) setTimeout(done, ms, null, chunk);
      else done(null, chunk);
    },
  });
}

function refuse(client: Socket, { code, message }: Refusal): void {
  const fields = { S: "FATAL", V: "FATAL", C: code, M: message };
  const body = Object.entries(fields).map(([key, value]) => `${key}${value}\0`);
  // Read on, or its end would never be seen and the socket stay.
  client.resume().end(typed("E", Buffer.from(`${body.join("")}\0`)));
}

function parametersOf(startup: Buffer): Map<string, string> {
  const words = startup.subarray(8).toString().split("\0");
  const pairs = new Map<string, string>();
  for (let index = 0; index + 1 < words.length && words[index] !== ""; index += 2)
    pairs.set(words[index] as string, words[index + 1] as string);
  return pairs;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function typed(type: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}
