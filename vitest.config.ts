// Each tier is a project that runs alone: `./bailiwick test <tier>`.
import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { LongestFirst } from "./test/longest-first.ts";

const tier = (name: string, include: string[], seconds: number, group: "quick" | "deploying" = "quick") => ({
  extends: true as const,
  test: {
    name,
    include: include.map((folder) => `test/${folder}/**/*.test.ts`),
    testTimeout: seconds * 1000,
    hookTimeout: seconds * 1000,
    // Left to itself, the runner keeps a core free. The quick ones wait now and then, for servers to start and clocks to pass.
    maxWorkers: availableParallelism() + (group === "quick" ? 1 : 0),
    // Loaded modules are shared by the files of a worker.
    isolate: group !== "quick",
    // The quick ones first: what they find is found soon.
    sequence: { groupOrder: group === "quick" ? 0 : 1 },
    globalSetup: group === "quick" ? [] : ["test/prebuilt.ts"],
  },
});

export default defineConfig({
  cacheDir: ".bailiwick/vitest",
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      tier("unit", ["stacks", "components", "cli", "tools"], 30),
      tier("structure", ["structure"], 120),
      tier("function", ["functions"], 120),
      tier("policy", ["policies"], 120),
      tier("sandbox", ["sandbox"], 120),
      tier("plan", ["plan"], 300, "deploying"),
      tier("e2e", ["e2e"], 900, "deploying"),
      tier("fault", ["fault"], 900, "deploying"),
      tier("docs", ["docs"], 1200, "deploying"),
    ],
  },
});
