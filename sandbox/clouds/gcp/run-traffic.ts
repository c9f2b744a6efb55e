// Which revision answers a request.
import { CloudError, type Properties } from "../../engine/definition.ts";

export interface Target {
  /** A revision's name, or `latest`: whichever became ready last. */
  readonly revision: string;
  readonly percent: number;
  readonly tag?: string;
}

export const latest = "latest";

/**
 * What a program's `traffics` say.
 * @param revisions the names that may be used
 * @throws CloudError when they do not add up to 100, use a tag twice or name an unknown revision
 */
export function targetsOf(traffics: readonly Properties[], revisions: readonly string[]): Target[] {
  const targets = traffics.map(({ type, revision, percent, tag }) => ({
    revision: type === "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST" || revision === undefined ? latest : String(revision),
    percent: Number(percent ?? 0),
    ...(tag === undefined || tag === "" ? {} : { tag: String(tag) }),
  }));
  const sum = targets.reduce((total, { percent }) => total + percent, 0);
  if (sum !== 100) throw invalid(`Traffic targets percentages must sum to 100, got ${sum}`);
  const tags = targets.flatMap(({ tag }) => tag ?? []);
  const twice = tags.find((tag, index) => tags.indexOf(tag) !== index);
  if (twice !== undefined) throw invalid(`The tag '${twice}' is used more than once in the service's traffic`);
  const unknown = targets.find(({ revision }) => revision !== latest && !revisions.includes(revision));
  if (unknown)
    throw new CloudError(
      "notFound",
      `googleapi: Error 404: Revision '${unknown.revision}' not found. Existing revisions: ${revisions.join(", ") || "none"}.`,
    );
  return targets;
}

const invalid = (message: string) => new CloudError("badRequest", `googleapi: Error 400: ${message}., badRequest`);

/** @param dice a number of [0, 100) */
export function pick(targets: readonly Target[], dice: number): Target | undefined {
  let reached = 0;
  return targets.find(({ percent }) => {
    reached += percent;
    return dice < reached;
  });
}
