// A service's own connections to a real PostgreSQL, as it has them: through the socket, as its user, by a token.
import { Database } from "../../../functions/governance/database.ts";
import { MetadataServer } from "./metadata-server.ts";
import { Postgres } from "./postgres.ts";

export interface ServiceDatabase {
  readonly postgres: Postgres;
  readonly database: Database;
}

/** @param resources what it stands on, ended with them */
export async function serviceDatabase(resources: AsyncDisposableStack, user: string, connections: number): Promise<ServiceDatabase> {
  const postgres = resources.use(await Postgres.create());
  await postgres.user(user, "token");
  process.env.GCE_METADATA_HOST = resources.use(await MetadataServer.start("token", async () => "")).host;
  const database = new Database({ socket: postgres.socket, name: "brand", user, connections });
  resources.defer(() => database.close());
  return { postgres, database };
}
