// The order of test files: begun last, a long one would keep one core busy while the others have nothing left to do.
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that take half a minute or more, the longest first. */
const long = [
  "docs/examples.long",
  "fault/faults.long",
  "e2e/telemetry.long",
  "e2e/review.long",
  "plan/stacks",
  "e2e/deployed",
  "e2e/new-region.long",
  "plan/mutations",
  "e2e/up",
  "fault/start",
  "e2e/base-image-build",
  "e2e/build",
  "sandbox/engine/lifecycle",
  "sandbox/engine/language-host",
  "sandbox/gcp/scheduler",
  "functions/governance/spool/spool",
  "structure/checks",
  "policies/engine",
  "functions/edge/site",
  "functions/edge/telemetry",
  "functions/withdrawal",
];

const rank = ({ moduleId }: TestSpecification) => {
  const at = long.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
  return at < 0 ? long.length : at;
};
const group = ({ project }: TestSpecification) => project.config.sequence.groupOrder;

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.sort((a, b) => group(a) - group(b) || rank(a) - rank(b));
  }
}
