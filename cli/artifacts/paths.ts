import { join } from "node:path";
import { artifactDir } from "../../stacks/artifact-manifest.ts";

/** The built policy pack: an executable, with its register and exemptions beside it. */
export const policyPackDir = join(artifactDir, "policy-pack");
