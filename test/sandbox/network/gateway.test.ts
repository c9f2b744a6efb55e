// The one port for people, over real sockets.
import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestOptions, request as send } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { networkInterfaces } from "node:os";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Internet } from "../../../sandbox/engine/internet.ts";
import { Gateway, hostBehind, localName } from "../../../sandbox/runtimes/network/gateway.ts";
import { forward } from "../../../sandbox/runtimes/network/http.ts";
import { until } from "../../until.ts";

let internet: Internet;
let gateway: Gateway;
beforeEach(async () => {
  internet = new Internet();
  gateway = await Gateway.start(internet, 0, () => internet.hosts());
});
afterEach(() => gateway.stop());

/** A request with exactly these headers, which `fetch` would not send. */
async function ask(host: string, options: RequestOptions = {}): Promise<IncomingMessage> {
  const { headers, ...rest } = options;
  const outgoing = send({ host: "127.0.0.1", port: gateway.port, agent: false, ...rest, headers: { host, ...headers } });
  outgoing.end();
  const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
  return answer;
}

describe("a name of this machine", () => {
  const hosts = ["eu.brand.example", "eu.other.brand.example", "api.brand.example", "apix.brand.example"];
  test.each([
    ["eu.localhost", "eu.brand.example"],
    ["api.localhost", "api.brand.example"],
    ["eu.other.localhost", "eu.other.brand.example"],
    ["eu.brand.example.localhost", "eu.brand.example"],
    ["eu.brand.example", "eu.brand.example"],
    ["us.localhost", undefined],
    ["ap.localhost", undefined],
    ["brand.example", undefined],
    ["localhost", undefined],
  ])("%s means %s", (name, host) => {
    expect(hostBehind(name, hosts)).toBe(host);
  });

  test("is made of a host's first label", () => expect(localName("eu.brand.example")).toBe("eu.localhost"));
});

describe("a request", () => {
  beforeEach(() => {
    internet.register("eu.brand.example", (request) => new Response(request.url));
  });

  test("reaches the host behind x.localhost, or the host that it names, with the real address", async () => {
    expect(await text(await ask(`eu.localhost:${gateway.port}`, { path: "/a?b=c" }))).toBe("https://eu.brand.example/a?b=c");
    expect(await text(await ask("EU.Brand.Example", { path: "/" }))).toBe("https://eu.brand.example/");
  });

  test("for any other host is told which there are", async () => {
    const answer = await ask("us.localhost");
    expect(answer.statusCode).toBe(404);
    expect(await text(answer)).toBe(`no host "us.localhost" is deployed here. What is:\n  http://eu.localhost:${gateway.port}/\n`);
  });

  test("is answered on IPv6 too, where the machine has it", async ({ skip }) => {
    const has = Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === "::1"));
    skip(!has, "this machine has no IPv6");
    expect(await text(await ask("eu.localhost", { host: "::1" }))).toBe("https://eu.brand.example/");
  });

  test("to a handler that throws is a 502 with its words", async () => {
    internet.register("us.brand.example", () => Promise.reject(new Error("out of order")));
    const answer = await ask("us.localhost");
    expect([answer.statusCode, await text(answer)]).toEqual([502, "out of order\n"]);
  });

  test("keeps every header but those of one hop, repeated ones too", async () => {
    internet.register("us.brand.example", (request) => new Response(JSON.stringify([...request.headers])));
    const headers = { "X-Casing": "As-Is", "x-many": ["a", "b"], te: "trailers", "proxy-authorization": "Basic x" };
    const seen = new Map(JSON.parse(await text(await ask("us.localhost", { headers }))) as [string, string][]);
    expect(seen).toEqual(
      new Map([
        ["x-casing", "As-Is"],
        ["x-many", "a, b"],
      ]),
    );
  });

  test.each(["GET", "DELETE", "POST"])("of method %s without a body arrives without one", async (method) => {
    internet.register("us.brand.example", (request) => new Response(String(request.body === null)));
    const headers = method === "POST" ? { "content-length": "0" } : {};
    const none = await text(await ask("us.localhost", { method, headers }));
    // A POST says that its body is empty, and so has one.
    expect(none).toBe(String(method !== "POST"));
  });
});

describe("an answer", () => {
  test("keeps several cookies apart, and they are for this host", async () => {
    const headers = new Headers([
      ["set-cookie", "a=1; Domain=brand.example; Path=/; Secure"],
      ["set-cookie", "b=2; Expires=Wed, 09 Jun 2027 10:18:14 GMT"],
    ]);
    internet.register("eu.brand.example", () => new Response("", { headers }));
    expect((await ask("eu.localhost")).headers["set-cookie"]).toEqual([
      "a=1; Path=/; Secure",
      "b=2; Expires=Wed, 09 Jun 2027 10:18:14 GMT",
    ]);
    expect((await ask("eu.brand.example")).headers["set-cookie"]?.[0]).toBe("a=1; Domain=brand.example; Path=/; Secure");
  });

  test.each([
    ["https://us.brand.example/a?b=c#d", (port: number) => `http://us.localhost:${port}/a?b=c#d`],
    ["https://elsewhere.example/", () => "https://elsewhere.example/"],
    ["/relative", () => "/relative"],
  ])("that redirects to %s leads a person on", async (location, led) => {
    internet.register("us.brand.example", () => new Response());
    internet.register("eu.brand.example", () => new Response(null, { status: 308, headers: { location } }));
    expect((await ask("eu.localhost")).headers.location).toBe(led(gateway.port));
    expect((await ask("eu.brand.example")).headers.location).toBe(location);
  });

  test("that ends too early ends the connection, so that it does not look complete", async () => {
    let parts = 0;
    const body = () =>
      new ReadableStream({
        pull(controller) {
          if (parts++ === 0) controller.enqueue(new TextEncoder().encode("half"));
          else controller.error(new Error("died"));
        },
      });
    internet.register("eu.brand.example", () => new Response(body()));
    await expect(ask("eu.localhost").then(text)).rejects.toThrow(/aborted|hang up/);
  });
});

describe("bodies", () => {
  const megabyte = new Uint8Array(1 << 20).fill(7);

  test("are streamed both ways: what comes back is there before all was sent", async () => {
    internet.register("eu.brand.example", (request) => new Response(request.body));
    const outgoing = send({ host: "127.0.0.1", port: gateway.port, method: "POST", agent: false, headers: { host: "eu.localhost" } });
    outgoing.write("first");
    const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
    const [part] = (await once(answer, "data")) as [Buffer];
    expect(part.toString()).toBe("first");
    outgoing.end("second");
    expect(await text(answer)).toBe("second");
  });

  test("may be large", async () => {
    internet.register("eu.brand.example", async (request) => {
      let bytes = 0;
      for await (const part of request.body as ReadableStream<Uint8Array>) bytes += part.length;
      return new Response(String(bytes));
    });
    const outgoing = send({ host: "127.0.0.1", port: gateway.port, method: "PUT", agent: false, headers: { host: "eu.localhost" } });
    Readable.from(Array(32).fill(megabyte)).pipe(outgoing);
    const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
    expect(await text(answer)).toBe(String(32 << 20));
  });
});

test.each(["GET", "POST"])("a client that goes away in a %s aborts the request", async (method) => {
  let aborted = false;
  let arrived = false;
  internet.register("eu.brand.example", (request) => {
    request.signal.addEventListener("abort", () => {
      aborted = true;
    });
    arrived = true;
    return new Promise(() => {});
  });
  const client = connect(gateway.port, "127.0.0.1");
  client.write(`${method} / HTTP/1.1\r\nhost: eu.localhost\r\n${method === "POST" ? "content-length: 9\r\n" : ""}\r\n`);
  await until(() => arrived, "the request");
  expect(aborted).toBe(false);
  client.destroy();
  await until(() => aborted, "the abort");
});

test("a request that was answered is never aborted", async () => {
  let signal: AbortSignal | undefined;
  internet.register("eu.brand.example", (request) => {
    signal = request.signal;
    return new Response("done");
  });
  const answer = await ask("eu.localhost");
  expect(await text(answer)).toBe("done");
  await until(() => answer.socket.destroyed, "the connection to close");
  expect(signal?.aborted).toBe(false);
});

test("a port that is taken is refused", async () => {
  await expect(Gateway.start(internet, gateway.port, () => [])).rejects.toMatchObject({ code: "EADDRINUSE" });
});

test("a stopped gateway gives its port back, whoever is still connected", async () => {
  const second = await Gateway.start(internet, 0, () => []);
  const client = connect(second.port, "127.0.0.1");
  await once(client, "connect");
  client.on("error", () => {});
  await second.stop();
  const third = await Gateway.start(internet, second.port, () => []);
  expect(third.port).toBe(second.port);
  await third.stop();
  client.destroy();
});

describe("a process behind", () => {
  /** A server that answers with these bytes, whatever it is asked. */
  async function raw(bytes: string): Promise<{ port: number; [Symbol.asyncDispose](): Promise<void> }> {
    const server = createServer();
    server.on("connection", (socket) => socket.once("data", () => socket.end(bytes)));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return {
      port: (server.address() as AddressInfo).port,
      [Symbol.asyncDispose]: async () => {
        server.closeAllConnections();
        server.close();
      },
    };
  }

  test.each([
    ["204 No Content", 204],
    ["205 Reset Content", 205],
    ["304 Not Modified", 304],
  ])("may answer %s, which has no body", async (status, code) => {
    await using server = await raw(`HTTP/1.1 ${status}\r\nconnection: close\r\n\r\n`);
    const answer = await forward(new Request("http://service/"), { port: server.port });
    expect([answer.status, answer.body]).toEqual([code, null]);
  });

  test("that answers with a status that does not exist is an error, not the end of everything", async () => {
    await using server = await raw("HTTP/1.1 799 Odd\r\ncontent-length: 2\r\n\r\nhi");
    await expect(forward(new Request("http://service/"), { port: server.port })).rejects.toThrow(RangeError);
  });

  test("that answers with several cookies has them kept apart", async () => {
    await using server = await raw("HTTP/1.1 200 OK\r\nset-cookie: a=1\r\nset-cookie: b=2\r\nconnection: close\r\n\r\n");
    expect((await forward(new Request("http://service/"), { port: server.port })).headers.getSetCookie()).toEqual(["a=1", "b=2"]);
  });

  test("that is not there leaves the request as it was, body and all", async () => {
    const server = await raw("");
    await server[Symbol.asyncDispose]();
    const request = new Request("http://service/", { method: "POST", body: "precious" });
    await expect(forward(request, { port: server.port })).rejects.toMatchObject({ code: "ECONNREFUSED" });
    expect(await request.text()).toBe("precious");
  });

  test.each(["POST", "DELETE", "OPTIONS"])("gets the body of a %s whose length nobody knows", async (method) => {
    const server = createServer(async (message, answer) => answer.end(await text(message)));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode("of unknown "));
        controller.enqueue(new TextEncoder().encode("length"));
        controller.close();
      },
    });
    const request = new Request("http://service/", { method, body, duplex: "half" } as RequestInit);
    const answer = await forward(request, { port: (server.address() as AddressInfo).port });
    expect(await answer.text()).toBe("of unknown length");
    server.closeAllConnections();
    server.close();
  });
});
