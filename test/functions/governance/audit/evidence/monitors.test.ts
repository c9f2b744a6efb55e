// What a monitor's word in a bundle proves to whoever has its key, and that no other passes for it.
import { describe, expect, it } from "vitest";
import { cosign, openCheckpoint, signCheckpoint } from "../../../../../functions/governance/audit/checkpoint.ts";
import { bundleOf, type MonitorsWord } from "../../../../../functions/governance/audit/evidence/bundle.ts";
import { sealed } from "../../../../../functions/governance/audit/evidence/manifest.ts";
import { proveInclusion, type TreeHead } from "../../../../../functions/governance/audit/log.ts";
import { signatureTypes, verifierKey } from "../../../../../functions/governance/audit/signed-note.ts";
import type { File } from "../../../../../functions/governance/audit/tiles.ts";
import { canonicalJson } from "../../../../../functions/shared/canonical-json.ts";
import { logSigner, monitorSigner, type Signer } from "../keys.ts";
import { newCase, seenAt } from "./case.ts";
import { asStranger } from "./stranger.ts";

const its = await newCase();
const bundle = await bundleOf(its.evidence, its.manifest);
const monitorsFile = bundle.find(({ path }) => path === "monitors.jsonl") as File;
const keys = ["bundle", "--log-key", verifierKey(its.log.key), "--manifest-key", "maker.pem"];
const asked = (...monitors: readonly Signer[]) => [...keys, ...monitors.flatMap(({ key }) => ["--monitor-key", verifierKey(key)])];
const verify = (files: readonly File[], ...args: string[]) =>
  asStranger(files, [{ path: "maker.pem", bytes: Buffer.from(its.manifest.publicPem) }], ...args);

describe("the verifier", () => {
  it("takes a monitor's cosignature for what it is: somebody else saw this checkpoint, by then", () => {
    const { code, out } = verify(bundle, ...keys, "--monitor-key", verifierKey(its.monitor.key));
    expect(code).toBe(0);
    expect(out).toContain(`The monitor ${its.monitor.key.name} saw this very checkpoint at 2027-01-15T08:00:00.000Z`);
    expect(out).not.toContain("That the log showed the same tree");
  });

  it("takes the word of a monitor that saw the log earlier for what it proves: the same log, up to the size that it saw", () => {
    const { code, out } = verify(bundle, ...asked(its.region));
    expect(code).toBe(0);
    const [proven, not] = out.split("NOT PROVEN");
    expect(proven).toContain(
      `of the monitor ${its.region.key.name}: it saw the log of size ${seenAt} at 2023-11-14T22:13:20.000Z, by its clock, as which the one of this checkpoint began`,
    );
    expect(proven).toContain(`So it saw the same log up to size ${seenAt}, in which 4 of the 7 events here were by then`);
    expect(not).toContain(`That anybody but its keeper has seen what stands at log index ${seenAt} and after`);
    expect(not).toContain(`What ${its.monitor.key.name} says of the log: you gave no --monitor-key`);
    expect(verify(bundle, ...asked(its.region, its.monitor)).out).not.toContain("That anybody but its keeper has seen");
  });

  it("takes the word of a monitor that saw a larger log, which began as the bundle's", async () => {
    const [word] = its.evidence.monitors as [MonitorsWord];
    const events = its.evidence.events.filter(({ index }) => index === 3);
    const { code, out } = verify(
      await bundleOf(
        {
          ...its.evidence,
          checkpoint: word.checkpoint,
          monitors: [{ checkpoint: its.evidence.checkpoint, proof: word.proof }],
          events: await Promise.all(events.map(async (each) => ({ ...each, proof: await proveInclusion(its.tiles, each.index, seenAt) }))),
          notices: its.evidence.notices.slice(1),
        },
        its.manifest,
      ),
      ...asked(its.monitor),
    );
    expect(code, out).toBe(0);
    expect(out).toContain(
      "it saw the log of size 300 at 2027-01-15T08:00:00.000Z, by its clock, which began as the one of this checkpoint",
    );
    expect(out).toContain(`So it saw the same log up to size ${seenAt}, in which all of the events here were by then`);
    expect(out).not.toContain("That anybody but its keeper has seen");
  });

  it("says plainly where nobody else's word is in the bundle, whichever key is given", async () => {
    const lonely = await bundleOf(
      { ...its.evidence, monitors: [], checkpoint: its.evidence.checkpoint.replace(/\u2014 monitor.*\n$/, "") },
      its.manifest,
    );
    expect(lonely.map(({ path }) => path)).not.toContain("monitors.jsonl");
    for (const args of [keys, asked(its.region)]) {
      const { code, out } = verify(lonely, ...args);
      expect(code).toBe(0);
      expect(out.split("NOT PROVEN")[1]).toContain("nobody's word but its keeper's is in the bundle");
    }
  });
});

describe("a monitor's word that does not fit is refused, and named:", () => {
  const line = () => JSON.parse(String(monitorsFile.bytes)) as { checkpoint: string; hashes: string[] };
  /** As whoever holds the manifest's key would seal it anew. */
  const withLine = (value: object) =>
    sealed(
      bundle
        .filter(({ path }) => !path.startsWith("manifest."))
        .map((file) => (file === monitorsFile ? { ...file, bytes: Buffer.from(`${canonicalJson(value)}\n`) } : file)),
      { scope: its.evidence.scope, madeAt: its.evidence.madeAt, events: its.evidence.events.length, missingNotices: [] },
      its.manifest,
    );
  const given = asked(its.region);
  const cosigned = async ({ size, root }: TreeHead, by: Signer, log = its.log) =>
    cosign(await signCheckpoint({ size, root }, log.key, log.sign), by.key, 1_700_000_000, by.sign);
  const head = openCheckpoint(line().checkpoint, its.log.key).checkpoint;
  /** Of the monitor's name, and of another key. */
  const forger = monitorSigner(its.region.key.name);

  it.each<[string, () => Promise<object>, string]>([
    [
      "a note that the log never signed",
      async () => ({ ...line(), checkpoint: await cosigned(head, its.region, logSigner(its.log.key.name)) }),
      "no signature of it is by the key",
    ],
    [
      "a note with another size",
      async () => ({ ...line(), checkpoint: line().checkpoint.replace("\n200\n", "\n201\n") }),
      "is not over this checkpoint",
    ],
    [
      "a cosignature of another moment",
      async () => ({ ...line(), checkpoint: line().checkpoint.replace(/.{12}\n$/, "AAAAAAAAAAA=\n") }),
      `the cosignature of ${its.region.key.name} is not over this checkpoint`,
    ],
    [
      "a cosignature by another key of the same name",
      async () => ({ ...line(), checkpoint: await cosigned(head, forger) }),
      `no checkpoint was cosigned by the key ${verifierKey(its.region.key).split("+")[1]} of ${its.region.key.name}`,
    ],
    [
      "a note without a cosignature",
      async () => ({ ...line(), checkpoint: await signCheckpoint(head, its.log.key, its.log.sign) }),
      "no checkpoint was cosigned by the key",
    ],
    [
      "another tree of the same log: a split view",
      async () => ({ ...line(), checkpoint: await cosigned({ ...head, root: Buffer.alloc(32) }, its.region) }),
      "that the log of size 300 began as the one of size 200 is not proven",
    ],
    [
      "another proof",
      async () => ({ ...line(), hashes: line().hashes.toReversed() }),
      "that the log of size 300 began as the one of size 200 is not proven",
    ],
    ["a proof that goes on", async () => ({ ...line(), hashes: [...line().hashes, line().hashes[0]] }), "is not proven"],
    ["no proof", async () => ({ ...line(), hashes: [] }), "is not proven"],
    [
      "an empty log that is none",
      async () => ({ checkpoint: await cosigned({ size: 0, root: head.root }, its.region), hashes: [] }),
      "is not proven",
    ],
    ["words of its own", async () => ({ ...line(), note: "all is well" }), "and nothing else"],
  ])("%s", async (_what, value, message) => {
    const { code, out } = verify(await withLine(await value()), ...given);
    expect([code, out]).toEqual([1, expect.stringContaining("monitors.jsonl")]);
    expect(out).toContain(message);
  });

  it("a file that was left out", () => {
    const { code, out } = verify(
      bundle.filter((file) => file !== monitorsFile),
      ...given,
    );
    expect([code, out]).toEqual([1, expect.stringContaining("monitors.jsonl: the manifest lists this file, and it is missing")]);
  });

  it("the log's own key in the place of a monitor's", () => {
    const own = verifierKey({ ...its.log.key, name: "us.brand.example/v1/log/monitor", type: signatureTypes.cosignature });
    const { code, err } = verify(bundle, ...keys, "--monitor-key", own);
    expect([code, err]).toEqual([2, expect.stringContaining("who keeps the log is no witness of it")]);
  });
});
