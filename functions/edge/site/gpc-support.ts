// That Global Privacy Control is honoured, as browsers and authorities look it up: w3.org/TR/gpc, "GPC Support Resource".

/** `lastUpdate`: the day on which this began to be said; it fixes which meaning of the signal is meant. */
export const gpcSupport = { gpc: true, lastUpdate: "2026-11-22" } as const;
