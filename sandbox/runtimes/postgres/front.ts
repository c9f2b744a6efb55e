// The door before a PostgreSQL server: it asks for the password, has somebody else judge it, and then gets out of the way.
// Source: postgresql.org/docs/18/protocol-message-formats.html
import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { dirname } from "node:path";
import { Transform } from "node:stream";

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
  /** How much later than it could everything comes from the server, in milliseconds; asked anew for each piece. Default: never. */
  readonly delayMs?: () => number;
}

export interface Front {
  /** Ends every connection and goes on listening. */
  cut(): void;
  /** Ends the listening and every connection. */
  close(): Promise<void>;
}

const protocol3 = 3;
const cancelRequest = 80_877_102;
const sslRequest = 80_877_103;
const gssRequest = 80_877_104;
const longestMessage = 65_536;
const loginWithinMs = 60_000; // PostgreSQL's authentication_timeout

export async function openFront(options: FrontOptions): Promise<Front> {
  const connections = new Set<Socket>();
  const track = (socket: Socket) => {
    connections.add(socket);
    socket.once("close", () => connections.delete(socket));
    return socket;
  };
  const server = createServer((client) => {
    track(client);
    greet(client, options, () => track(connect(options.server)));
  });
  mkdirSync(dirname(options.socket), { recursive: true, mode: 0o700 });
  rmSync(options.socket, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.socket, resolve);
  });
  chmodSync(options.socket, 0o600);
  return {
    cut() {
      for (const socket of connections) socket.destroy();
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of connections) socket.destroy();
      await closed;
    },
  };
}

function greet(client: Socket, { admit, delayMs = () => 0 }: FrontOptions, dial: () => Socket): void {
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
      if (startup) return onPassword(startup, message);
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

  const onPassword = (opening: Buffer, message: Buffer) => {
    if (message[0] !== "p".charCodeAt(0)) return refuse(client, { code: "08P01", message: "expected password response" });
    const parameters = parametersOf(opening);
    const user = parameters.get("user") ?? "";
    const database = parameters.get("database") ?? user;
    const password = message.subarray(5, message.indexOf(0, 5)).toString();
    const refusal = admit({ user, database, password });
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
      client.pipe(server).pipe(late(delayMs)).pipe(client);
    });
    client.once("close", () => server.destroy());
    server.once("close", () => client.end());
  };

  client.on("data", onData);
}

function late(delayMs: () => number): Transform {
  return new Transform({
    transform(chunk, _encoding, done) {
      const ms = delayMs();
      if (ms > 0) setTimeout(done, ms, null, chunk);
      else done(null, chunk);
    },
  });
}

function refuse(client: Socket, { code, message }: Refusal): void {
  const fields = { S: "FATAL", V: "FATAL", C: code, M: message };
  const body = Object.entries(fields).map(([key, value]) => `${key}${value}\0`);
  client.end(typed("E", Buffer.from(`${body.join("")}\0`)));
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
