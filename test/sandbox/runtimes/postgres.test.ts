import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type Front, type Login, openFront } from "../../../sandbox/runtimes/postgres/front.ts";
import type { Identity } from "../../../sandbox/runtimes/postgres/identity.ts";
import { PostgresServer } from "../../../sandbox/runtimes/postgres/server.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let folder: string;
let server: PostgresServer;
let front: Front;
const seen: Login[] = [];
const socket = () => join(folder, "front", ".s.PGSQL.5432");
const make = (name: string, settings: Record<string, string> = {}, identity?: Identity) =>
  new PostgresServer({
    name,
    dataDir: join(folder, `${name}-data`),
    socketDir: join(folder, name),
    logFile: join(folder, `${name}.log`),
    pidDir: join(folder, "pids"),
    admin: "admin",
    settings,
    identity,
  });
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "pg-"));
  server = make("a");
  await server.start();
  await server.query(["CREATE ROLE app LOGIN"]);
  front = await openFront({
    socket: socket(),
    server: server.socket,
    admit(login) {
      seen.push(login);
      if (login.password === "cut") {
        front.cut();
        // Time for the thread of the doors, while this one judges.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
      }
      return ["right", "cut"].includes(login.password) ? undefined : { code: "28P01", message: "no" };
    },
  });
});
afterAll(async () => {
  await front.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const client = async (password: string, options: pg.ClientConfig = {}) => {
  const made = new pg.Client({ host: join(folder, "front"), user: "app", database: "postgres", password, ...options });
  made.on("error", () => {});
  await made.connect();
  return made;
};
/** What the front answers to raw bytes before it closes. */
const answerTo = (...messages: Buffer[]) =>
  new Promise<string>((resolve, reject) => {
    const parts: Buffer[] = [];
    const stream = connect(socket(), () => stream.write(Buffer.concat(messages)));
    stream.on("data", (part) => parts.push(part));
    stream.on("error", reject);
    stream.on("close", () => resolve(Buffer.concat(parts).toString("latin1")));
  });
const packet = (code: number, body = "") => {
  const bytes = Buffer.alloc(8 + Buffer.byteLength(body));
  bytes.writeInt32BE(bytes.length, 0);
  bytes.writeInt32BE(code, 4);
  bytes.write(body, 8);
  return bytes;
};

describe("a front", () => {
  test("lets in whom it is told to, as the user who logged in", async () => {
    const inside = await client("right");
    expect((await inside.query("SELECT current_user AS me")).rows).toEqual([{ me: "app" }]);
    expect(seen.at(-1)).toEqual({ user: "app", database: "postgres", password: "right" });
    await inside.end();
  });

  test("refuses with the code it is told", async () => {
    await expect(client("wrong")).rejects.toMatchObject({ code: "28P01", message: "no", severity: "FATAL" });
  });

  test("opens nothing at the server for a client that went while it was judged", async () => {
    await expect(client("cut")).rejects.toThrow();
    // The same thread: what it did for the one it did before the other.
    await (await client("right")).end();
    await vi.waitFor(async () => {
      const [sessions] = await server.query(["SELECT count(*)::int AS n FROM pg_stat_activity WHERE usename = 'app'"]);
      expect(sessions?.rows).toEqual([{ n: 0 }]);
    });
  });

  test("says why it cannot be opened", async () => {
    writeFileSync(join(folder, "file"), "");
    const admit = () => undefined;
    await expect(openFront({ socket: join(folder, "file", "door"), server: server.socket, admit })).rejects.toThrow(/EEXIST|ENOTDIR/);
    await (await client("right")).end();
  });

  test("answers a wish for encryption with no, and goes on", async () => {
    await expect(client("right", { ssl: true })).rejects.toThrow("The server does not support SSL connections");
    expect(await answerTo(packet(80_877_104), packet(80_877_103), packet(131_072))).toMatch(/^NNE.*0A000/s);
  });

  test("passes a cancellation on", async () => {
    const busy = await client("right");
    const { rows } = await busy.query("SELECT pg_backend_pid() AS pid");
    const sleeping = busy.query("SELECT pg_sleep(60)");
    await vi.waitFor(async () => {
      const [active] = await server.query([`SELECT 1 FROM pg_stat_activity WHERE pid = ${rows[0].pid} AND wait_event = 'PgSleep'`]);
      expect(active?.rowCount).toBe(1);
    });
    const { processID, secretKey } = busy as unknown as { processID: number; secretKey: number };
    const cancel = packet(80_877_102, "12345678");
    cancel.writeInt32BE(processID, 8);
    cancel.writeInt32BE(secretKey, 12);
    const settled = expect(sleeping).rejects.toMatchObject({ code: "57014" });
    await answerTo(cancel);
    await settled;
    await busy.end();
  });

  test.each([
    ["a length that cannot be", Buffer.from([0x7f, 0xff, 0xff, 0xff, 0, 3, 0, 0])],
    ["another protocol", Buffer.from("GET / HTTP/1.1\r\n\r\n")],
  ])("refuses %s", async (_what, bytes) => {
    expect(await answerTo(bytes)).toMatch(/^E.*(08P01|0A000)/s);
  });
});

test("a server with a setting that PostgreSQL refuses says why it does not start", async () => {
  const bad = make("bad", { work_mem: "a lot" });
  await expect(bad.start()).rejects.toThrow(/invalid value for parameter "work_mem": "a lot"/);
  expect(bad.state).toBe("stopped");
});

test("a server that was killed is followed by another as soon as its last process has ended", async () => {
  const killed = make("k");
  await killed.start();
  const session = new pg.Client({ host: join(folder, "k"), user: "admin", database: "postgres" });
  session.on("error", () => {});
  await session.connect();
  const { rows } = await session.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  const [{ pid }] = rows as [{ pid: number }];
  process.kill(pid, "SIGSTOP");
  process.kill(killed.pid as number, "SIGKILL");
  await killed.stop();
  const next = make("k");
  const started = next.start();
  await vi.waitFor(() => expect(readFileSync(join(folder, "k.log"), "utf8")).toContain("is still in use"), { timeout: 20_000 });
  expect(next.state).toBe("starting");
  process.kill(pid, "SIGKILL");
  await started;
  await next.query(["SELECT 1"]);
  await next.stop();
});

test("a login while the server is away is told to come later", async () => {
  await server.stop();
  await expect(client("right")).rejects.toMatchObject({ code: "57P03" });
  // Also who has said much more by then.
  const opening = packet(196_608, "user\0app\0\0");
  expect(await answerTo(opening, Buffer.from("p\0\0\0\x0aright\0", "latin1"), Buffer.alloc(1_000_000))).toMatch(/^R.*57P03/s);
  await server.start();
  await (await client("right")).end();
});

test.runIf(process.getuid?.() === 0)("where namespaces are forbidden, root's server runs as another user", async () => {
  chmodSync(folder, 0o755);
  const mine = make("n", {}, { uid: 65_534, gid: 65_534 });
  await mine.start();
  const [version] = await mine.query(["SHOW server_version"]);
  expect(version?.rows[0].server_version).toMatch(/^18\./);
  await mine.stop();
});
