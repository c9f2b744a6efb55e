// Everything that a change is judged by: the rules of the pack, and the one that only a preview's events can tell.
import { replacesData } from "./replacements.ts";
import type { Metadata, Rule } from "./rule.ts";
import { rules } from "./rules/index.ts";

const topicOf = ({ id }: Metadata): string => id.split("/")[0] ?? "";

export const catalogue: readonly (Metadata | Rule)[] = [...Map.groupBy([...rules, replacesData], topicOf).values()].flat();

/** Why that one has no example: what it refuses is no resource. */
export const judgedByChange = "what a preview says of the change, against what is deployed; the pack is told only what is to be";
