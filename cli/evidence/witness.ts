// The region that watches another's log, of those that are deployed: what it has seen of it, and the key with which it says so. Hashes over hashes cross the border
// between the two, and nothing else.
import { openCheckpoint } from "../../functions/governance/audit/checkpoint.ts";
import { NoteError, parseVerifierKey } from "../../functions/governance/audit/signed-note.ts";
import type { Ready } from "../ready.ts";
import { allStacks } from "../stacks.ts";
import { say } from "../terminal.ts";
import { Site } from "./site.ts";

export interface Witness {
  readonly region: string;
  /** The newest checkpoint of the log that it has seen, with its cosignature. */
  readonly note: string;
  readonly monitorKey: string;
}

/** Undefined where no region that is deployed and answers has seen the log. @param verifierKey the log's */
export async function witnessOf(ready: Ready, verifierKey: string): Promise<Witness | undefined> {
  const log = parseVerifierKey(verifierKey);
  for (const region of allStacks()) {
    await using site = Site.of(ready, region);
    const note = site && (await textOf(site, "/v1/log/watched"));
    // A note begins with the name of its log (c2sp.org/tlog-checkpoint).
    if (!note?.startsWith(`${log.name}\n`)) continue;
    try {
      openCheckpoint(note, log);
    } catch (error) {
      if (!(error instanceof NoteError)) throw error;
      say(`What "${region}" has seen under the name of this log is left out, for it is none of its checkpoints. ${error.message}`);
      continue;
    }
    const keys = await textOf(site as Site, "/v1/log/key");
    if (keys !== undefined) return { region, note, monitorKey: (JSON.parse(keys) as { monitorKey: string }).monitorKey };
  }
  return undefined;
}

/** Undefined where there is none, or the region is away: evidence can be had without. */
async function textOf(site: Site, path: string): Promise<string | undefined> {
  const answer = await site.ask(path).catch(() => undefined);
  const text = await answer?.text();
  return answer?.ok ? text : undefined;
}
