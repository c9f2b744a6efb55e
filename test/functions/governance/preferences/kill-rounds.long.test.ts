// Twenty rounds.
import { describe } from "vitest";
import { killRounds } from "./kill-rounds.ts";

describe("two instances and their database, again and again", () => killRounds(5));
