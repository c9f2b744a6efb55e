// What is read of a TC string and of a GPP string: the bits that IAB Tech Lab's own library has written, and nothing of what is neither.
import { GppModel, TcfEuV2 } from "@iabgpp/cmpapi";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readGpp, readTcf, UnreadableString } from "../../../../functions/governance/preferences/consent-string.ts";

const purposeBits = (set: readonly number[]) => Array.from({ length: 24 }, (_, i) => set.includes(i + 1));
const tcString = (consents: readonly number[], legitimateInterests: readonly number[] = []) => {
  const section = new TcfEuV2();
  section.setFieldValue("PurposeConsents", purposeBits(consents));
  section.setFieldValue("PurposeLegitimateInterests", purposeBits(legitimateInterests));
  return section.encode();
};
const somePurposes = fc.subarray(Array.from({ length: 24 }, (_, i) => i + 1));
/** TCF Policies, Appendix A: 1 and 3 to 6 rest on consent alone, and the library writes nothing else. */
const mayRestOnInterest = (purpose: number) => ![1, 3, 4, 5, 6].includes(purpose);

describe("a TC string", () => {
  test("has the purposes that the library has written", () => {
    fc.assert(
      fc.property(
        somePurposes,
        somePurposes.map((all) => all.filter(mayRestOnInterest)),
        (consents, interests) => {
          const read = readTcf(tcString(consents, interests));
          expect([[...read.consents], [...read.legitimateInterests]]).toEqual([consents, interests]);
        },
      ),
    );
  });

  test("is read without what it says of vendors", () => {
    // The TC string of the first example in GPP's "Consent String Specification.md".
    const whole = "CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA";
    expect([...readTcf(whole).consents]).toEqual([]);
    expect([...readTcf(`${tcString([1, 3])}.YAAAAAAAAAAA`).consents]).toEqual([1, 3]);
  });

  test.each([
    ["nothing", ""],
    ["a word", "yes"],
    ["half of one", tcString([1]).slice(0, 30)],
    ["one of version 1", "BOEFEAyOEFEAyAHABDENAI4AAAB9vABAASA"],
    ["a GPP string", "DBABMA~CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA"],
    ["one with other characters", `${tcString([1])}!`],
    ["one with padding", `${tcString([1])}=`],
  ])("is not %s", (_what, text) => expect(() => readTcf(text)).toThrow(UnreadableString));
});

/** Sections with the names of their opt-outs, as the library names them. */
const fields = { usnat: ["SaleOptOut", "SharingOptOut", "TargetedAdvertisingOptOut"], usca: ["SaleOptOut", "SharingOptOut"] } as const;
const others = "usva usco usut usct usfl usmt usor ustx usde usia usne usnh usnj ustn usmn usmd usin usky usri".split(" ");
const optOutsOf = (name: string): readonly string[] => fields[name as keyof typeof fields] ?? ["SaleOptOut", "TargetedAdvertisingOptOut"];
const hasGpc = (name: string) => !["usva", "usut", "usfl", "usin", "usky", "usri"].includes(name);

describe("a GPP string", () => {
  test.each(["usnat", "usca", ...others])("says in %s who has opted out, as the library has written it", (name) => {
    const values = fc.tuple(...optOutsOf(name).map(() => fc.integer({ min: 0, max: 2 })));
    fc.assert(
      fc.property(values, fc.boolean(), fc.nat(2), (said, gpc, notice) => {
        const model = new GppModel();
        optOutsOf(name).forEach((field, i) => void model.setFieldValue(name, field, said[i]));
        model.setFieldValue(name, "SaleOptOutNotice", notice);
        if (hasGpc(name)) model.setFieldValue(name, "Gpc", gpc);
        expect(readGpp(model.encode())).toEqual({
          tcf: undefined,
          us: [{ name, optedOut: optOutsOf(name).filter((_, i) => said[i] === 1), gpc: hasGpc(name) && gpc }],
        });
      }),
      { numRuns: 30 },
    );
  });

  test("has all its sections, and those that nobody here reads do no harm", () => {
    const model = new GppModel();
    model.setFieldValue("tcfeuv2", "PurposeConsents", purposeBits([1, 9]));
    model.setFieldValue("tcfcav1", "CmpId", 7);
    model.setFieldValue("uspv1", "OptOutSale", "Y");
    model.setFieldValue("usca", "SharingOptOut", 1);
    model.setFieldValue("usri", "SaleOptOut", 2);
    const { tcf, us } = readGpp(model.encode());
    expect([...(tcf?.consents ?? [])]).toEqual([1, 9]);
    expect(us.map(({ name, optedOut }) => [name, optedOut])).toEqual([
      ["usca", ["SharingOptOut"]],
      ["usri", []],
    ]);
  });

  test("is read in the specification's own examples", () => {
    // Core, "Consent String Specification.md": a TC string, and a TC string with a US Privacy string.
    for (const example of [
      "DBABMA~CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA",
      "DBACNYA~CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA~1YNN",
    ])
      expect(readGpp(example)).toMatchObject({ us: [], tcf: { consents: new Set() } });
  });

  test("is read with the header that the newest sections are specified with", () => {
    // Sections/US-States/MD: number 24, version 1, subsections; the core; the GPC subsection.
    expect(readGpp("DBABEYA~YBAA.BQBg.YA").us).toEqual([{ name: "usmd", optedOut: ["SaleOptOut"], gpc: true }]);
    for (const section of ["YBAA", "YCAA.BQBg"]) expect(() => readGpp(`DBABEYA~${section}`)).toThrow(UnreadableString);
  });

  test("takes no other subsection for the signal", () =>
    // In Kentucky what may follow the core is about sensitive data: here its bits are those that say GPC elsewhere.
    expect(readGpp("DBABCYA~BQBg.YA").us).toEqual([{ name: "usky", optedOut: ["SaleOptOut"], gpc: false }]));

  test("of version 1 of the national section is read as well", () =>
    // Made by the library before its version 2 of the section.
    expect(readGpp("DBABLA~BVVqAAEABCA.QA").us).toEqual([{ name: "usnat", optedOut: [], gpc: false }]));

  test.each([
    ["nothing", ""],
    ["a TC string", tcString([1])],
    ["one without its sections", "DBABLA"],
    ["one with a section too many", "DBABLA~BVVqAAEABCA.QA~BVVqAAEABCA.QA"],
    ["one whose section is empty", "DBABLA~"],
    ["one whose section ends early", "DBABLA~BV"],
    ["one of a version to come", "DBABLA~_VVqAAEABCA.QA"],
    // A range of sections from 1 to a number of 60 Fibonacci bits: it fits into no memory.
    ["one that names more sections than there are", "DBAB4AAAAAAAAAY"],
  ])("is not %s", (_what, text) => expect(() => readGpp(text)).toThrow(UnreadableString));
});

describe("whatever comes", () => {
  const base64url = fc.string({
    unit: fc.constantFrom(..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~"),
    maxLength: 4000,
  });
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 200 }),
    base64url,
    base64url.map((rest) => `C${rest}`),
    base64url.map((rest) => `DBAB${rest}`),
    base64url.map((rest) => `DB${rest}`),
  );
  test("is read, or is unreadable, and takes no time", () => {
    const tried = (read: (text: string) => unknown, given: string) => {
      try {
        read(given);
      } catch (error) {
        expect(error).toBeInstanceOf(UnreadableString);
      }
    };
    const before = performance.now();
    fc.assert(
      fc.property(text, (given) => {
        tried(readTcf, given);
        tried(readGpp, given);
      }),
      { numRuns: 2000 },
    );
    expect(performance.now() - before).toBeLessThan(20_000);
  });
});
