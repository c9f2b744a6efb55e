// Over a real connection: how a body's length is said is up to whoever sends it.
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { limitedBody } from "../../../functions/governance/every-service.ts";

describe("a body of at most ten bytes", () => {
  const app = new Hono();
  app.all(
    "/",
    limitedBody(10, (c) => c.text("too large", 413)),
    async (c) => c.text(`took ${(await c.req.text()).length}`),
  );
  const server = createServer(getRequestListener(app.fetch));
  beforeAll(async () => void (await once(server.listen(0, "127.0.0.1"), "listening")));
  afterAll(() => void server.close());

  /** What is answered on one connection, each answer as its status and body. */
  const answersTo = (...requests: string[]) =>
    new Promise<string[]>((resolve, reject) => {
      let text = "";
      const socket = connect((server.address() as AddressInfo).port, "127.0.0.1", () => socket.write(requests.join("")));
      socket.setEncoding("utf8").on("data", (chunk) => (text += chunk));
      socket.on("error", reject);
      socket.on("close", () =>
        resolve(
          [...text.matchAll(/HTTP\/1\.1 (\d+)[\s\S]*?\r\n\r\n(?:[0-9a-f]+\r\n)?(too large|took \d+)?/g)].map(
            (each) => `${each[1]} ${each[2]}`,
          ),
        ),
      );
    });
  const request = (method: string, fields: string, body = "") => `${method} / HTTP/1.1\r\nhost: a\r\n${fields}\r\n${body}`;
  const last = "connection: close\r\n";
  const chunked = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;

  test.each([
    ["that says its length", request("POST", `content-length: 10\r\n${last}`, "0123456789"), "200 took 10"],
    ["that says more than is allowed", request("POST", `content-length: 11\r\n${last}`, "0123456789a"), "413 too large"],
    ["in chunks", request("POST", `transfer-encoding: chunked\r\n${last}`, chunked("0123456789")), "200 took 10"],
    [
      "in chunks that are more than is allowed",
      request("POST", `transfer-encoding: chunked\r\n${last}`, chunked("0123456789a")),
      "413 too large",
    ],
    ["in chunks of a GET, which has none", request("GET", `transfer-encoding: chunked\r\n${last}`, chunked("0123456789a")), "200 took 0"],
    ["of no length", request("POST", last), "200 took 0"],
    ["of a length that is no number", request("POST", `content-length: ten\r\n${last}`, "0123456789a"), "400 undefined"],
    ["of two lengths", request("POST", `content-length: 10\r\ncontent-length: 11\r\n${last}`, "0123456789a"), "400 undefined"],
  ])("%s", async (_what, sent, answer) => expect(await answersTo(sent)).toEqual([answer]));

  test("ends where it says, and what follows is the next request", async () =>
    expect(
      await answersTo(request("POST", "content-length: 3\r\n", "abc"), request("POST", `content-length: 4\r\n${last}`, "defg")),
    ).toEqual(["200 took 3", "200 took 4"]));

  test("is refused where its length is no number, whoever let it through", async () => {
    const answer = await app.request("/", { method: "POST", headers: { "content-length": "ten" }, body: "0123456789a" });
    expect(answer.status).toBe(413);
  });
});
