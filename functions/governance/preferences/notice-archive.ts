// Every notice that was ever shown here, by its hash: an event names it so, and whoever checks the event must find the words.
import { canonicalJson } from "../../shared/canonical-json.ts";
import type { Database } from "../database.ts";
import type { Notices } from "./page/notices.ts";

export interface KeptNotice {
  /** `sha256:...`, of exactly these bytes. */
  readonly digest: string;
  /** Canonical JSON (RFC 8785) of `{id, language, text, version}`. */
  readonly document: string;
}

/**
 * Keeps what is shown from now on. Called before the service is well, so that nothing is shown that could not be found later.
 * @throws Error where another text went by the same id, version and language: a notice that changes must have a higher version
 */
export async function keepNotices(database: Pick<Database, "query">, notices: Notices): Promise<void> {
  for (const [digest, notice] of notices) {
    const kept = await findNotice(database, notice.id, notice.version, notice.language);
    if (kept?.digest === digest) continue;
    if (kept)
      throw new Error(
        `The notice ${notice.id}, version ${notice.version}, "${notice.language}" was shown with other words (${kept.digest}, now ${digest}). Give the new words a higher version.`,
      );
    await database.query("INSERT INTO preferences.notice (digest, document) VALUES ($1, $2) ON CONFLICT DO NOTHING", [
      digest,
      canonicalJson(notice),
    ]);
  }
}

export async function findNotice(
  database: Pick<Database, "query">,
  id: string,
  version: number,
  language: string,
): Promise<KeptNotice | undefined> {
  const [notice] = await database.query<KeptNotice & Record<string, unknown>>(
    `SELECT digest, document FROM preferences.notice
     WHERE document::jsonb ->> 'id' = $1 AND document::jsonb -> 'version' = to_jsonb($2::int) AND document::jsonb ->> 'language' = $3`,
    [id, version, language],
  );
  return notice;
}
