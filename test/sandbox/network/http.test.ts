// Requests that are sent on to a service which closes kept connections at the worst moment.
import { Agent, createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, expect, it } from "vitest";
import { forward } from "../../../sandbox/runtimes/network/http.ts";

const toEnd: (() => unknown)[] = [];
afterEach(() => {
  for (const end of toEnd.splice(0)) end();
});

/** Answers one request of each connection and drops the connection when a second one arrives on it. */
async function impatientServer(): Promise<{ port: number; served: () => number }> {
  const seen = new WeakSet<Socket>();
  let served = 0;
  const server: Server = createServer((request, response) => {
    if (seen.has(request.socket)) return request.socket.destroy();
    seen.add(request.socket);
    served += 1;
    request.resume().on("end", () => response.end("well"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  toEnd.push(
    () => server.close(),
    () => server.closeAllConnections(),
  );
  return { port: (server.address() as AddressInfo).port, served: () => served };
}

function keepingAgent(): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  toEnd.push(() => agent.destroy());
  return agent;
}

it("a request for which a kept connection is closed as it is sent goes out again on a new one", async () => {
  const { port, served } = await impatientServer();
  const agent = keepingAgent();
  for (let turn = 1; turn <= 4; turn++) {
    const answer = await forward(new Request("http://service.example/"), { port, agent });
    expect(await answer.text()).toBe("well");
    expect(served()).toBe(turn);
  }
});

it("a request that must not be sent twice is not, and fails", async () => {
  const { port, served } = await impatientServer();
  const agent = keepingAgent();
  const post = () => forward(new Request("http://service.example/", { method: "POST", body: "change" }), { port, agent });
  expect(await (await post()).text()).toBe("well");
  await expect(post()).rejects.toThrow();
  expect(served()).toBe(1);
});

it("nothing is kept for a caller that brings no agent", async () => {
  const { port } = await impatientServer();
  for (let turn = 0; turn < 3; turn++) expect((await forward(new Request("http://service.example/"), { port })).status).toBe(200);
});
