import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { commitmentIn, commitmentTo, leafOf } from "../../../../functions/governance/audit/leaf.ts";

const salt = new Uint8Array(32).fill(7);

describe("a leaf", () => {
  it("is the canonical JSON of a commitment, and gives it back", () => {
    const commitment = commitmentTo(salt, { b: 1, a: "x" });
    expect(commitment).toEqual(createHash("sha256").update(salt).update('{"a":"x","b":1}').digest());
    expect(leafOf(commitment).toString()).toBe(`{"commitment":"${commitment.toString("base64url")}","v":1}`);
    expect(commitmentIn(leafOf(commitment))).toEqual(commitment);
  });

  it("has one spelling: whatever else is put for any of its bytes is refused, or another commitment", () => {
    const commitment = commitmentTo(salt, { a: 1 });
    const leaf = leafOf(commitment);
    fc.assert(
      fc.property(fc.nat(leaf.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const other = Buffer.from(leaf);
        other[at] = (other[at] as number) ^ change;
        let read: Buffer | undefined;
        try {
          read = commitmentIn(other);
        } catch {}
        expect(read?.equals(commitment) ?? false).toBe(false);
      }),
    );
  });

  it("says nothing that is not in the salt: the same event with another salt is another leaf", () => {
    expect(commitmentTo(salt, { a: 1 })).not.toEqual(commitmentTo(new Uint8Array(32), { a: 1 }));
  });

  it("refuses what is no salt, no commitment, no entry", () => {
    expect(() => commitmentTo(new Uint8Array(16), {})).toThrow("A salt of 16 bytes: it must have 32");
    expect(() => leafOf(new Uint8Array(31))).toThrow("A commitment of 31 bytes");
    expect(() => commitmentIn(Buffer.from('{"v":1}'))).toThrow("is no entry of this log");
  });
});
