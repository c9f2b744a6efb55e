import { describe } from "vitest";
import { killRounds } from "./kill-rounds.ts";

describe("two instances and their database", () => killRounds(1));
