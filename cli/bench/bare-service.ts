// What every service on these cores and this database pays at least, for a figure to stand beside ours: Node's own server and pg alone. A PATCH
// updates one row and answers when that is committed; a GET reads one. No token, no law, no proof.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Database } from "../../functions/governance/database.ts";

const database = new Database({
  socket: process.env.DATABASE_SOCKET as string,
  name: process.env.DATABASE_NAME as string,
  user: process.env.DATABASE_USER as string,
  connections: 4,
});

const statements: Readonly<Record<string, string>> = {
  PATCH: "UPDATE preferences.subject SET epoch = epoch WHERE id = $1",
  GET: "SELECT epoch FROM preferences.subject WHERE id = $1",
};

const server = createServer((request, response) => {
  request.resume().on("end", async () => {
    try {
      const rows = await database.query(statements[request.method as string] as string, [request.url?.slice(1)]);
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(rows));
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
});
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ port: (server.address() as AddressInfo).port })));
process.once("SIGTERM", () => server.close(() => void database.close().then(() => process.exit(0))));
