import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { eventsTable } from "../../../../../functions/governance/audit/evidence/events-table.ts";

/** Reads a table as RFC 4180 section 2 says, with any one separator. */
function cells(table: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, cell, end] of table.matchAll(/"((?:[^"]|"")*)"(,|\r\n)/g)) {
    (rows.at(-1) as string[]).push((cell as string).replaceAll('""', '"'));
    if (end === "\r\n") rows.push([]);
  }
  return rows.slice(0, -1);
}

const strange = fc.oneof(
  fc.string(),
  fc.string({ unit: fc.constantFrom("=", "+", "-", "@", "\t", "\r", "\n", ";", ",", '"', "'", " ", "a", "1", "\uff1d") }),
);

describe("the table of events", () => {
  it("leads with what a reader looks for, and names members of members with dots", () => {
    const event = { state: "granted", id: "a", notice: { sha256: "b", id: "c" }, gpc: true, subject: "s" };
    expect(eventsTable([{ index: 4, event }, { index: 9 }])).toBe(
      '"logIndex","shown","id","subject","state","gpc","notice.id","notice.sha256"\r\n' +
        '"4","yes","a","s","granted","true","c","b"\r\n' +
        '"9","commitment only","","","","","",""\r\n',
    );
  });

  it("gives back what was put in, but for apostrophes", () => {
    fc.assert(
      fc.property(fc.array(strange, { minLength: 1 }), (texts) => {
        const read = cells(eventsTable(texts.map((text, index) => ({ index, event: { text } })))).slice(1);
        expect(read.map((row) => row[2]?.replaceAll("'", ""))).toEqual(texts.map((text) => text.replaceAll("'", "")));
      }),
    );
  });

  it("has no cell that a spreadsheet calculates, whichever separator it splits at", () => {
    fc.assert(
      fc.property(fc.array(strange, { minLength: 1 }), (texts) => {
        const read = cells(eventsTable(texts.map((text, index) => ({ index, event: { text } })))).slice(1);
        for (const cell of read.flat().flatMap((each) => [each, ...each.split(/[,;|\t\r\n]/)])) {
          if (!/^-?\d+(\.\d+)?$/.test(cell)) expect(cell).not.toMatch(/^[\s"]*[=+\-@\uff1d]/);
        }
      }),
    );
  });

  it.each([
    ["=1+1", "'=1+1"],
    ["-2+3", "'-2+3"],
    ["-2", "-2"],
    ["a;=b", "a;'=b"],
    ["\t@x", "'\t'@x"],
    ["2026-11-22T10:00:00Z", "2026-11-22T10:00:00Z"],
  ])("defuses %j", (text, expected) => {
    expect(cells(eventsTable([{ index: 0, event: { text } }]))[1]?.[2]).toBe(expected);
  });
});
