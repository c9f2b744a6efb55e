// The clock of an instance against the database's. What several instances must agree on (when something was said, whether it is over, who
// waits for whom) the database's clock decides alone. An instance's own judges tokens, and one that is off would turn everybody away.
import { ProblemError } from "../../shared/problem.ts";
import { clockToleranceSeconds } from "../../shared/tokens.ts";
import type { Database } from "../database.ts";

/** By how much the clock here is ahead of another (negative: behind it), as far as it cannot be the way there and back. Milliseconds since 1970. */
export function aheadByMs(other: number, { asked, answered }: { readonly asked: number; readonly answered: number }): number {
  if (other < asked) return asked - other;
  return Math.min(0, answered - other);
}

/** Throws the problem that says so where this instance's clock is further off than tokens bear: it must not be asked yet. */
export async function checkClock(database: Pick<Database, "query">): Promise<void> {
  const asked = Date.now();
  const [row] = await database.query<{ now: Date }>("SELECT clock_timestamp() AS now");
  const seconds = aheadByMs((row?.now as Date).getTime(), { asked, answered: Date.now() }) / 1000;
  if (Math.abs(seconds) <= clockToleranceSeconds) return;
  throw new ProblemError({
    status: 503,
    kind: "clock-off",
    title: "The clock is wrong",
    detail: `This instance's clock is ${Math.round(Math.abs(seconds))} s ${seconds > 0 ? "ahead of" : "behind"} the database's, and ${clockToleranceSeconds} s are borne. It takes no requests until the two agree: set the clock of the one that is wrong.`,
    headers: { "retry-after": "5" },
  });
}
