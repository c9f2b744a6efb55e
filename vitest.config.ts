// Each tier is a project that runs alone: `./bailiwick test <tier>`.
import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

const tier = (name: string, include: string[], seconds: number, alone = false) => ({
  extends: true as const,
  test: {
    name,
    include: include.map((folder) => `test/${folder}/**/*.test.ts`),
    testTimeout: seconds * 1000,
    hookTimeout: seconds * 1000,
    // A tier that deploys has one platform, or one machine's worth of processes, at a time. Left to itself, the runner keeps a core free.
    maxWorkers: alone ? 1 : availableParallelism(),
    // The quick ones first: what they find is found soon.
    sequence: { groupOrder: alone ? 1 : 0 },
  },
});

export default defineConfig({
  cacheDir: ".bailiwick/vitest",
  test: {
    projects: [
      tier("unit", ["stacks", "components", "cli", "tools"], 30),
      tier("structure", ["structure"], 120),
      tier("function", ["functions"], 120),
      tier("policy", ["policies"], 120),
      tier("sandbox", ["sandbox"], 120),
      tier("plan", ["plan"], 300, true),
      tier("e2e", ["e2e"], 900, true),
      tier("fault", ["fault"], 900, true),
      tier("docs", ["docs"], 1200, true),
    ],
  },
});
