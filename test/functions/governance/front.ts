// Stands before a server, passes everything on, and answers in its place where it is told to.
import { createServer, type IncomingMessage, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface Refusal {
  readonly status: number;
  readonly body: string;
}

export class Front implements AsyncDisposable {
  /** What it answers to a request in the server's place; undefined where it is passed on. */
  refusal: (method: string, path: string) => Refusal | undefined = () => undefined;
  /** How often it did. */
  refused = 0;
  /** What was asked, as `GET /path`. */
  readonly asked: string[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @param origin of the server behind it */
  static async before(origin: string): Promise<Front> {
    const front = new Front(
      createServer((message, response) => {
        const { method = "GET", url = "/" } = message;
        front.asked.push(`${method} ${url}`);
        const refusal = front.refusal(method, url);
        if (refusal) {
          front.refused++;
          message.resume().on("end", () => response.writeHead(refusal.status).end(refusal.body));
          return;
        }
        const onward = request(new URL(url, origin), { method, headers: message.headers }, (answer: IncomingMessage) => {
          response.writeHead(answer.statusCode as number, answer.headers);
          answer.pipe(response);
        });
        onward.on("error", () => response.destroy());
        message.pipe(onward);
      }),
    );
    await new Promise<void>((resolve) => front.#server.listen(0, "127.0.0.1", resolve));
    return front;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
