/** A mistake or a circumstance that a person can mend: shown without a stack, with what to do next. */
export class PersonError extends Error {
  readonly advice: string;
  readonly exitCode: number;
  constructor(message: string, advice: string, exitCode: number = exitCodes.failed) {
    super(message);
    this.name = "PersonError";
    this.advice = advice;
    this.exitCode = exitCode;
  }
}

/** Documented in `./bailiwick --help`. 64 and 69 are those of sysexits.h. */
export const exitCodes = {
  ok: 0,
  /** What was asked for failed; the message says why. */
  failed: 1,
  /** The policy pack refused the deployment, or a rule is undecided. */
  refused: 2,
  /** The command line is wrong. */
  usage: 64,
  /** Something that is needed is not there and cannot be had. */
  unavailable: 69,
  /** Ended by Ctrl-C; the next `up` completes. */
  interrupted: 130,
} as const;
