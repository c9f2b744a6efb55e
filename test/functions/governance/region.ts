// The governance plane of one region for a test: database, users, tokens and tables as a deployment leaves them.
import { Kms } from "./kms.ts";
import { MetadataServer } from "./metadata-server.ts";
import { type Disks, Postgres } from "./postgres.ts";
import { buildImage, type Keys, runJob, Service } from "./service.ts";

export const migrationUser = { user: "migrations@brand-eu.iam", password: "token-of-migrations" };
export const serviceUser = { user: "preferences@brand-eu.iam", password: "token-of-preferences" };

export interface Region extends AsyncDisposable {
  readonly postgres: Postgres;
  readonly kms: Kms;
  /** Folder of the image's `/app`. */
  readonly image: string;
  readonly migrationEnvironment: Record<string, string>;
  readonly serviceEnvironment: Record<string, string>;
  /** Starts one more instance of the service. */
  readonly serve: (environment?: Record<string, string>, keys?: Partial<Keys>) => Promise<Service>;
}

/** @param migrated whether the migration job has run  @param service whose image it is */
export async function startRegion({
  migrated = true,
  service = "preferences",
  identityToken = async () => "",
  accessToken = serviceUser.password,
  disks = {},
}: {
  migrated?: boolean;
  service?: "preferences" | "spool";
  identityToken?: (audience: string) => Promise<string>;
  /** The service's own, which is its password too. */
  accessToken?: string;
  /** Of the database. */
  disks?: Disks;
} = {}): Promise<Region> {
  await using resources = new AsyncDisposableStack();
  const postgres = resources.use(await Postgres.create(disks));
  await postgres.user(migrationUser.user, migrationUser.password, ["cloudsqlsuperuser"]);
  await postgres.user(serviceUser.user, accessToken);
  const ofMigrations = resources.use(await MetadataServer.start(migrationUser.password, identityToken));
  const metadata = resources.use(await MetadataServer.start(accessToken, identityToken));
  const kms = resources.use(await Kms.start(accessToken));
  const image = resources.use(await buildImage(service)).folder;
  const database = { DATABASE_SOCKET: postgres.socket, DATABASE_NAME: "brand" };
  const migrationEnvironment = {
    ...database,
    GCE_METADATA_HOST: ofMigrations.host,
    DATABASE_USER: migrationUser.user,
    SERVICE_USERS: serviceUser.user,
  };
  const serviceEnvironment = { ...database, GCE_METADATA_HOST: metadata.host, DATABASE_USER: serviceUser.user, ...kms.environment };
  if (migrated) {
    const { code, output } = await runJob(image, migrationEnvironment);
    if (code !== 0) throw new Error(`the migration job failed:\n${output}`);
  }
  const kept = resources.move();
  const serve: Region["serve"] = async (environment = {}, keys) =>
    kept.use(await Service.start(image, { ...serviceEnvironment, ...environment }, keys));
  return { postgres, kms, image, migrationEnvironment, serviceEnvironment, serve, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
