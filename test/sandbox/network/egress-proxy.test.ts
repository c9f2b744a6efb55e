// The way out of a process: a real Node with nothing but the variables that every workload gets.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Internet, Unreachable } from "../../../sandbox/engine/internet.ts";
import { CertificateAuthority } from "../../../sandbox/runtimes/network/certificate-authority.ts";
import { EgressProxy } from "../../../sandbox/runtimes/network/egress-proxy.ts";

let folder: string;
let authority: CertificateAuthority;
let proxy: EgressProxy;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "egress-"));
  authority = await CertificateAuthority.open(folder);
  const internet = new Internet();
  internet.register("echo.example", async (request) => {
    const body = await request.text();
    return new Response(`${request.method} ${request.url} ${body}`, { status: 201, headers: { "x-answer": "yes" } });
  });
  internet.register("uncertified.example", () => {
    throw new Unreachable("no certificate of uncertified.example is active");
  });
  proxy = await EgressProxy.start(internet, authority);
});
afterAll(async () => {
  await proxy?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** What a process prints that runs this; `fetch` errors are printed as their causes. */
async function run(program: string, env: Record<string, string> = {}): Promise<string> {
  const caught = `(async () => { ${program} })().catch((error) => console.log("error:", error.cause?.message ?? error.message))`;
  const { stdout } = await promisify(execFile)(process.execPath, ["-e", caught], {
    env: {
      HTTP_PROXY: proxy.url,
      HTTPS_PROXY: proxy.url,
      NODE_USE_ENV_PROXY: "1",
      NODE_EXTRA_CA_CERTS: authority.certificateFile,
      ...env,
    },
  });
  return stdout.trim();
}

test("a host of the sandbox is reached over TLS that the process verifies", async () => {
  const program = `const answer = await fetch("https://echo.example/a?b", { method: "POST", body: "hello" });
    console.log(answer.status, answer.headers.get("x-answer"), await answer.text());`;
  expect(await run(program)).toBe("201 yes POST https://echo.example/a?b hello");
});

test("a process that does not trust the authority refuses what the proxy shows", async () => {
  expect(await run('await fetch("https://echo.example/")', { NODE_EXTRA_CA_CERTS: "" })).toMatch(/^error: .*(certificate|verify)/);
});

test("plain http goes through, in a tunnel as Node's fetch sends it, and in absolute form as its http module does", async () => {
  expect(await run('console.log(await (await fetch("http://echo.example/plain")).text())')).toBe("GET http://echo.example/plain");
  const program = `const { get } = require("node:http");
    get("http://echo.example/absolute",
      async (answer) => { for await (const part of answer) console.log(String(part)); process.exit(); });`;
  expect(await run(program)).toBe("GET http://echo.example/absolute");
});

test.each(["http", "https"])("a host that the sandbox does not know is refused over %s", async (scheme) => {
  expect(await run(`await fetch("${scheme}://registry.example/"); console.log("reached")`)).toMatch(/^error: /);
});

test("a host that the sandbox does not know is named in absolute form", async () => {
  const program = `const { get } = require("node:http");
    get("http://registry.example/",
      async (answer) => { for await (const part of answer) console.log(answer.statusCode, String(part)); process.exit(); });`;
  expect(await run(program)).toBe("502 fetch failed: no such host in the sandbox: registry.example");
});

test.each(["127.0.0.1", "localhost", "[::1]", "192.0.2.1"])("no tunnel leads to %s, whatever listens there", async (address) => {
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const program = `const { request } = require("node:http");
    request({ host: "127.0.0.1", port: ${new URL(proxy.url).port}, method: "CONNECT", path: "${address}:${port}" })
      .on("connect", (answer) => { console.log(answer.statusCode); process.exit(); }).end();
    await new Promise(() => {});`;
  expect(await run(program)).toBe("403");
  expect(connections).toBe(0);
  server.close();
});

test("a host inside of a tunnel that is not on the internet is no way around it", async () => {
  const program = `const { get } = require("node:https");
    get("https://echo.example/", { headers: { host: "127.0.0.1" }, servername: "echo.example" }, (answer) => {
      console.log(answer.statusCode);
      process.exit();
    }).on("error", ({ code }) => console.log(code));`;
  expect(await run(program)).toBe("ECONNRESET");
});

test("a host whose TLS no client would accept ends the connection, without an answer", async () => {
  const program = 'await fetch("https://uncertified.example/")';
  expect(await run(program)).toMatch(/^error: (other side closed|socket hang up|read ECONNRESET)$/);
});
