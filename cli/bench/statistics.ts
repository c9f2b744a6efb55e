/**
 * The smallest value that at least this share of all values does not exceed (nearest rank): always one that was measured.
 * @param share 0 to 1
 * @throws RangeError without any value, for nothing was measured then
 */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new RangeError("there is no quantile of nothing: no value was measured");
  const sorted = [...values].sort((a, b) => a - b);
  const rank = Math.max(1, Math.ceil(share * sorted.length));
  return sorted[rank - 1] as number;
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);
