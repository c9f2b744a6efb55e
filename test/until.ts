import { setTimeout as delay } from "node:timers/promises";

/**
 * Waits for a condition. @throws Error that names what was waited for, when it does not hold within the time (30 s)
 * @param everyMs between two looks: longer where a look is dear
 */
export async function until(holds: () => Promise<boolean> | boolean, what: string, withinMs = 30_000, everyMs = 50): Promise<void> {
  for (const end = Date.now() + withinMs; ; await delay(everyMs)) {
    if (await holds()) return;
    if (Date.now() > end) throw new Error(`waited ${withinMs / 1000} s for ${what}, in vain`);
  }
}
