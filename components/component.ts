// What every component shares: the escape hatch for arguments we did not foresee, and the labels that policy reads.
import { createHash } from "node:crypto";
import type * as pulumi from "@pulumi/pulumi";
import type { DataClass, Jurisdiction } from "../stacks/residency.ts";

/** Changes a child's arguments and options before it is made: by returning others, or by changing them in place and returning undefined. */
export type Transform<Args> = (
  args: Args,
  options: pulumi.CustomResourceOptions,
) => undefined | { args: Args; options: pulumi.CustomResourceOptions };

/** Applies a child's transform, if there is one. */
export function transformed<Args>(
  transform: Transform<Args> | undefined,
  args: Args,
  options: pulumi.CustomResourceOptions,
): [Args, pulumi.CustomResourceOptions] {
  const answer = transform?.(args, options);
  return answer ? [answer.args, answer.options] : [args, options];
}

/** `durable` keeps data by every means there is; `ephemeral` is for previews of pull requests with synthetic data. */
export type Lifecycle = "durable" | "ephemeral";

/** AWS tags and Google Cloud labels: the data class and jurisdiction by which the policy pack judges a resource. */
export const labels = (jurisdiction: Jurisdiction, dataClass: DataClass) => ({
  "managed-by": "bailiwick",
  jurisdiction,
  "data-class": dataClass,
});

/** The first 10 hexadecimal digits of the SHA-256 of a value's JSON. */
export const shortHash = (value: unknown): string => createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 10);

/**
 * Throws one error that lists everything that is wrong with a component's arguments.
 * @param problems one sentence each, with the bad value and what is allowed; false where all is well
 */
export function refuse(component: string, name: string, problems: readonly (string | false)[]): void {
  const found = problems.filter((problem) => problem !== false);
  if (found.length === 0) return;
  const error = new TypeError(`${component} "${name}" cannot be made:\n${found.map((problem) => `  - ${problem}`).join("\n")}`);
  error.stack = undefined;
  throw error;
}

/** For `refuse`: releases must share the whole traffic among them. */
export function notAllTraffic(releases: readonly { readonly percentage: number }[]): string | false {
  const sum = releases.reduce((total, { percentage }) => total + percentage, 0);
  return releases.length > 0 && Math.abs(sum - 100) >= 0.001 && `its releases get ${sum} % of the traffic; together they must get 100 %`;
}
