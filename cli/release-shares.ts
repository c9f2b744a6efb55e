// Who gets which share of the traffic when a build is rolled out or taken back. Pure: what is built, pinned and deployed is given.
import type { ReleaseShare } from "../stacks/config.ts";
import { PersonError } from "./errors.ts";

export interface Situation {
  /** Digests of all builds, oldest first. */
  readonly built: readonly string[];
  /** What the stack's configuration names, oldest first; absent where the newest build serves. */
  readonly pinned: readonly ReleaseShare[] | undefined;
  /** What the last update of the stack deployed, oldest first; absent where this machine has no state of it. */
  readonly deployed: readonly ReleaseShare[] | undefined;
}

/**
 * The newest build gets `percentage`, and what serves now keeps the rest.
 * @param rest digest, or its beginning, of the release that keeps the rest; default: what serves, by the state or the configuration
 * @throws PersonError when it is not known what serves, or nothing is newer
 */
export function rollOut({ built, pinned, deployed }: Situation, percentage: number, rest?: string): ReleaseShare[] {
  const newest = built.at(-1) as string;
  if (percentage === 100) return [{ digest: newest, percentage }];
  const before = rest === undefined ? (deployed ?? pinned)?.[0]?.digest : matching(built, rest);
  if (before === undefined)
    throw new PersonError("It is not known here what serves now: nothing is deployed from this machine.", sayWhich("--rest", built));
  if (before === newest)
    throw new PersonError(
      `Nothing is newer than what serves: ${newest} is the newest build.`,
      "Change its source and run ./bailiwick build.",
    );
  return [
    { digest: before, percentage: Math.round((100 - percentage) * 100) / 100 },
    { digest: newest, percentage },
  ];
}

/**
 * Everything goes back to what served before the newest rollout.
 * @param wanted digest, or its beginning; default: the older side of the rollout
 * @throws PersonError when there is no rollout under way that would say what that is
 */
export function takeBack({ built, pinned, deployed }: Situation, wanted?: string): ReleaseShare[] {
  const underWay = [pinned, deployed].find((shares) => shares?.length === 2)?.[0]?.digest;
  // Pinned but not deployed yet: what serves is still the one before.
  const notYet =
    pinned?.length === 1 && deployed?.length === 1 && pinned[0]?.digest !== deployed[0]?.digest ? deployed[0]?.digest : undefined;
  const digest = wanted === undefined ? (underWay ?? notYet) : matching(built, wanted);
  if (digest !== undefined) return [{ digest, percentage: 100 }];
  throw new PersonError("No rollout is under way that could be taken back.", sayWhich("--back", built));
}

/** @throws PersonError when none, or more than one, begins so */
function matching(built: readonly string[], wanted: string): string {
  const hex = wanted.replace(/^sha256:/, "");
  const found = built.filter((digest) => digest.slice("sha256:".length).startsWith(hex));
  if (found.length === 1 && hex !== "") return found[0] as string;
  throw new PersonError(
    `${found.length === 0 ? "No build has" : "More than one build has"} the digest "${wanted}".`,
    `Built are, oldest first:\n${list(built)}`,
  );
}

const list = (built: readonly string[]) => built.map((digest) => `  ${digest}`).join("\n");
const sayWhich = (option: string, built: readonly string[]) =>
  `Say which build it is: ${option} <digest>. Built are, oldest first:\n${list(built)}`;
