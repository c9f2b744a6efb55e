import { describe, expect, it } from "vitest";
import { rollOut, type Situation, takeBack } from "../../cli/release-shares.ts";

const [a, b, c] = ["aa", "bb", "cc"].map((pair) => `sha256:${pair.repeat(32)}`) as [string, string, string];
const all = (digest: string) => [{ digest, percentage: 100 }];
const situation = (rest: Partial<Situation> = {}): Situation => ({ built: [a, b, c], pinned: undefined, deployed: undefined, ...rest });

describe("a rollout", () => {
  it("leaves the rest with what is deployed, not with the build before, which may never have served", () => {
    expect(rollOut(situation({ deployed: all(a) }), 10)).toEqual([
      { digest: a, percentage: 90 },
      { digest: c, percentage: 10 },
    ]);
  });

  it("leaves the rest with what is pinned where no state is at hand", () => {
    expect(rollOut(situation({ pinned: all(b) }), 0.07)).toEqual([
      { digest: b, percentage: 99.93 },
      { digest: c, percentage: 0.07 },
    ]);
  });

  it("of one newer build in the middle of another keeps the one that serves", () => {
    const deployed = [
      { digest: a, percentage: 90 },
      { digest: b, percentage: 10 },
    ];
    expect(rollOut(situation({ pinned: deployed, deployed }), 20)[0]).toEqual({ digest: a, percentage: 80 });
  });

  it("takes a build by the beginning of its digest", () => {
    expect(rollOut(situation(), 50, "bb")[0]?.digest).toBe(b);
    expect(rollOut(situation(), 50, "sha256:bbbb")[0]?.digest).toBe(b);
    expect(() => rollOut(situation(), 50, "dd")).toThrow('No build has the digest "dd".');
    expect(() => rollOut(situation({ built: [a, a.replace(/a$/, "b"), c] }), 50, "aa")).toThrow('More than one build has the digest "aa".');
  });

  it("is refused where it is not known what serves, and where nothing is newer", () => {
    expect(() => rollOut(situation(), 10)).toThrow("It is not known here what serves now");
    expect(() => rollOut(situation({ deployed: all(c) }), 10)).toThrow(`Nothing is newer than what serves: ${c}`);
  });

  it("to everybody needs to know nothing", () => {
    expect(rollOut(situation(), 100)).toEqual(all(c));
  });
});

describe("taking a rollout back", () => {
  const split = [
    { digest: a, percentage: 90 },
    { digest: c, percentage: 10 },
  ];

  it("gives everything to the older side of the split", () => {
    expect(takeBack(situation({ pinned: split, deployed: split }))).toEqual(all(a));
  });

  it("goes by what is deployed while the configuration is ahead of it", () => {
    expect(takeBack(situation({ pinned: all(c), deployed: split }))).toEqual(all(a));
    expect(takeBack(situation({ pinned: all(c), deployed: all(b) }))).toEqual(all(b));
  });

  it("is refused where none is under way, but goes to any build that is named", () => {
    expect(() => takeBack(situation({ pinned: all(c), deployed: all(c) }))).toThrow("No rollout is under way");
    expect(takeBack(situation({ pinned: all(c), deployed: all(c) }), "aaaa")).toEqual(all(a));
  });
});
