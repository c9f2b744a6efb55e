// Global Privacy Control (w3.org/TR/gpc), sent as `Sec-GPC: 1`, and what a business owes to it: title 11, California Code of Regulations,
// section 7025, which we follow for everyone we serve: a grant that the signal contradicts. What it opts out of the edge knows as well. Pure.
import { type Purpose, purposes, type RecordedState } from "../../shared/consent.ts";
import { decide } from "../../shared/decision-table.ts";
import type { Law } from "../../shared/opt-out-signal.ts";
import { ProblemError } from "../../shared/problem.ts";

export { type Law, optedOut } from "../../shared/opt-out-signal.ts";

/** The purposes whose grant the signal contradicts. */
export const contradicted = ({ table, jurisdiction }: Law): Purpose[] =>
  purposes.filter((purpose) => {
    const allowed = (gpc: boolean) => decide(table, { jurisdiction, purpose, state: "granted", gpc }).allow;
    return allowed(false) && !allowed(true);
  });

/**
 * (c)(3): the signal counts more than a setting that it conflicts with, but the business may tell of the conflict and let the person consent all
 * the same; such a consent counts more than the signal for as long as the person is known. So a grant under the signal is taken only with
 * that consent (`despiteSignal`) and with the notice that told of the conflict.
 *
 * (c)(4): of a programme that pays for the consent to sell or share, a business may ask whether the person wants to leave it, and may ignore
 * the signal if the person does not say so. We ask nothing of that kind, and where nobody asks, the signal counts: its last sentence. A
 * programme is a purpose like any other here, whose participants stay in it by the explicit consent of (c)(3), never by silence.
 *
 * @throws ProblemError 409 that names the purposes
 */
export function checkSignal(
  changes: readonly [Purpose, RecordedState][],
  { gpc, despiteSignal, noticed }: { readonly gpc: boolean; readonly despiteSignal: readonly Purpose[]; readonly noticed: boolean },
  law: Law,
): void {
  const granted = changes.filter(([, state]) => state === "granted").map(([purpose]) => purpose);
  const against = contradicted(law)
    .filter((purpose) => granted.includes(purpose))
    .filter((purpose) => (despiteSignal.includes(purpose) ? !noticed : gpc));
  if (against.length === 0) return;
  throw new ProblemError({
    status: 409,
    kind: "signal-conflict",
    title: "The browser says no",
    detail: `Global Privacy Control opts out of ${against.join(", ")}. Tell the person so; whoever grants it all the same is believed with "despiteSignal": ${JSON.stringify(against)} and the "notice" that told of the conflict (11 CCR 7025(c)(3)). Nothing was changed.`,
    extensions: { purposes: against },
  });
}
