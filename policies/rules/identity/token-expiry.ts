// Tokens of Cloudflare, which know no short-lived identity for programs, at least end.
import { byType, type Check } from "../../arguments.ts";
import type { Context } from "../../context.ts";
import { isPresent, type Value } from "../../resource.ts";
import { type Finding, is, judge, type Rule } from "../../rule.ts";

/** As long as an exemption: whoever renews a token by hand is asked four times a year whether it is still needed. */
const mostDays = 90;
const dayMs = 86_400_000;
const allowed = `a date at most ${mostDays} days away`;

const expires: Check = (resource, { now }: Context) => {
  if (!isPresent(resource.props, "expiresOn"))
    return [{ kind: "violation", property: "expiresOn", problem: "expiresOn is not set: the token never ends", allowed }];
  return judge(resource, "expiresOn", (place) => {
    const end = typeof place.value === "string" ? Date.parse(place.value) : Number.NaN;
    return Number.isNaN(end) || end - now.getTime() > mostDays * dayMs ? { problem: is(resource, place), allowed } : undefined;
  });
};

const hours = { h: 1, m: 1 / 60, s: 1 / 3600 } as const;

/** `2160h`, `2h45m`. Undefined for `forever`, and for what is no duration. */
function hoursOf(duration: Value): number | undefined {
  if (typeof duration !== "string" || !/^(\d+(\.\d+)?(h|m|s|ms|us|µs|ns))+$/.test(duration)) return undefined;
  return [...duration.matchAll(/([\d.]+)(h|ms|m|s)/g)].reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * (unit === "ms" ? 0 : hours[unit as keyof typeof hours]),
    0,
  );
}

const lasts: Check = (resource): readonly Finding[] => {
  const most = `duration: at most ${mostDays * 24}h`;
  if (!isPresent(resource.props, "duration"))
    return [{ kind: "violation", property: "duration", problem: "duration is not set, which means 8760h", allowed: most }];
  return judge(resource, "duration", (place) => {
    const lasting = hoursOf(place.value);
    return lasting === undefined || lasting > mostDays * 24 ? { problem: is(resource, place), allowed: most } : undefined;
  });
};

export const tokenExpiry: Rule = {
  id: "identity/token-expiry",
  title: "Tokens end within 90 days",
  severity: "high",
  why: "A token without an end outlives the person who made it, the program it was for, and everybody's memory of where it was copied to.",
  remediation: "Set expiresOn (or duration), and let the pipeline make the next token before that.",
  frameworks: [
    { name: "GDPR", clause: "Art. 32(1)(b)" },
    { name: "ISO 27001", clause: "A.5.17" },
    { name: "ISO 27001", clause: "A.5.18" },
    { name: "SOC 2", clause: "CC6.1" },
    { name: "NIS2", clause: "Art. 21(2)(j)" },
    { name: "DORA", clause: "Art. 9(4)(d)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [
      { type: "cloudflare:index/zeroTrustAccessServiceToken:ZeroTrustAccessServiceToken", props: { name: "probe", duration: "720h" } },
    ],
    fails: [{ type: "cloudflare:index/accountToken:AccountToken", props: { accountId: "a1", name: "deploy", policies: [] } }],
  },
  check: byType({
    "cloudflare:index/accessServiceToken:AccessServiceToken": [lasts],
    "cloudflare:index/accountToken:AccountToken": [expires],
    "cloudflare:index/apiToken:ApiToken": [expires],
    "cloudflare:index/zeroTrustAccessServiceToken:ZeroTrustAccessServiceToken": [lasts],
  }),
};
