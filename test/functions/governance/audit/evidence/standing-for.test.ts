// A bundle of a subject that stands for others as well, since its keeper holds them for one person.
import { describe, expect, it } from "vitest";
import { bundleOf } from "../../../../../functions/governance/audit/evidence/bundle.ts";
import { type Scope, sealed } from "../../../../../functions/governance/audit/evidence/manifest.ts";
import { verifierKey } from "../../../../../functions/governance/audit/signed-note.ts";
import type { File } from "../../../../../functions/governance/audit/tiles.ts";
import { eventId, newCase, subject, twin, twinAt } from "./case.ts";
import { asStranger } from "./stranger.ts";

const its = await newCase(undefined, [3, twinAt, 64]);
const scope = { kind: "subject", subject, merged: [twin] } as const;
const keeper = { publicKey: its.log.key.publicKey, sign: its.log.sign };
const logKey = verifierKey(its.log.key);
const verify = (files: readonly File[], ...more: readonly string[]) =>
  asStranger(files, [{ path: "maker.pem", bytes: Buffer.from(its.manifest.publicPem) }], "bundle", "--log-key", logKey, ...more);
const made = (of: Scope, by = keeper) => bundleOf({ ...its.evidence, scope: of }, by);

/** As whoever holds the key would seal it, whatever the scope. */
async function withScope(scope: object): Promise<File[]> {
  const files = (await made({ kind: "subject", subject, merged: [twin] })).filter(({ path }) => !path.startsWith("manifest."));
  return sealed(files, { scope: scope as Scope, madeAt: its.evidence.madeAt, events: 3, missingNotices: [] }, keeper);
}

describe("the verifier of a bundle whose subject stands for another", () => {
  it("takes what each has said, and says by whose word they are one person", async () => {
    const { code, out } = verify(await made(scope));
    expect(code, out).toBe(0);
    const [proven, not] = out.split("NOT PROVEN");
    expect(proven).toContain("these 3 events were in the log");
    expect(proven).toContain(`log index ${twinAt}: event ${eventId(twinAt)} (2026-11-01T00:04:00.000Z ${twin}`);
    expect(proven).toContain(`for: subject ${subject}, which stands for another as well, by the word of the keeper of the log: ${twin}.`);
    expect(not).toContain(`That ${subject}, ${twin} are one person: that is the word of the keeper of the log.`);
    expect(not).toContain("That there were no other events of the subject, or of any that it stands for: 59 entries");
  });

  it("believes another maker no more than the keeper", async () => {
    const { code, out } = verify(await made(scope, its.manifest), "--manifest-key", "maker.pem");
    expect(code, out).toBe(0);
    expect(out).toContain(`as well, by the word of the holder of --manifest-key: ${twin}.`);
  });

  it("names no more of them than somebody reads", async () => {
    const { code, out } = verify(await made({ ...scope, merged: [twin, ...Array.from({ length: 60 }, (_, i) => `8-${100 + i}`)] }));
    expect(code, out).toBe(0);
    expect(out).toContain("which stands for 61 others as well");
    expect(out).toContain("8-148, and 11 more, as manifest.json has them.");
  });

  it.each<[string, object, string]>([
    ["another than those", { ...scope, merged: ["third"] }, `it is of the subject ${twin}, and the bundle is of ${subject}, third`],
    ["another, where it stands for none", { kind: "subject", subject }, `it is of the subject ${twin}, and the bundle is of ${subject}`],
  ])("refuses what %s has said", async (_what, scope, message) => {
    const { code, out } = verify(await withScope(scope));
    expect(out).toContain(`One thing is wrong:\n\n- events.jsonl, line 2 (event ${eventId(twinAt)}, log index ${twinAt}): ${message}\n`);
    expect(code).toBe(1);
  });

  it.each<[string, object]>([
    ["that is no list", { ...scope, merged: twin }],
    ["without order", { ...scope, merged: ["z", twin] }],
    ["of nobody", { ...scope, merged: [] }],
    ["of one twice", { ...scope, merged: [twin, twin] }],
    ["with the subject itself", { ...scope, merged: [subject, twin] }],
    ["with what is no name", { ...scope, merged: [5] }],
    ["in a period", { kind: "period", from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z", merged: [twin] }],
  ])("refuses a list %s", async (_what, scope) => {
    const { code, out } = verify(await withScope(scope));
    expect(out).toContain("- manifest.json: what its scope has as merged is no sorted list of other subjects than the one that it is of\n");
    expect(code).toBe(1);
  });

  it("refuses a list beside no subject", async () => {
    const { code, out } = verify(await withScope({ ...scope, subject: 5 }));
    expect(out).toContain("manifest.json: its scope names no subject");
    expect(code).toBe(1);
  });
});
