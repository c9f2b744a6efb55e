// What a drill has proven: promises, each with what was measured.

export interface Promised {
  readonly promise: string;
  readonly measured: string;
  /** Undefined where this drill was too short to tell. */
  readonly kept: boolean | undefined;
}

export const broken = (promises: readonly Promised[]): Promised[] => promises.filter(({ kept }) => kept === false);

export const words = (kept: boolean | undefined): string => (kept === undefined ? "not judged" : kept ? "kept" : "BROKEN");

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
