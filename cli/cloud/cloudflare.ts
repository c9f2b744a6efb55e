// Cloudflare: account, zone, plan, Regional Services and the token's reach.
import type { Ask, Prerequisite } from "./prerequisite.ts";
import { unsettled } from "./prerequisite.ts";

export interface CloudflareNeeds {
  readonly accountId: string;
  readonly zoneId: string;
  readonly domain: string;
  /** Region keys of Regional Services that the stacks name. */
  readonly regionKeys: readonly string[];
}

const api = "https://api.cloudflare.com/client/v4";
const area = "Cloudflare" as const;

/** What the program makes, by the permission group that it takes and a list that needs the same product. */
const products = [
  ["Workers Scripts Write", "workers/scripts"],
  ["Workers KV Storage Write", "storage/kv/namespaces?per_page=5"],
  ["Workers R2 Storage Write", "r2/buckets?per_page=1"],
  ["Queues Write", "queues?per_page=1"],
] as const;

const tokenPage = "an account token with these permission groups: dash.cloudflare.com, Manage Account, Account API Tokens";

export async function cloudflarePrerequisites(needs: CloudflareNeeds, ask: Ask): Promise<Prerequisite[]> {
  const account = `${api}/accounts/${needs.accountId}`;
  return [
    await zone(needs, ask),
    await workersPaid(account, ask),
    await regionalServices(account, needs.regionKeys, ask),
    ...(await Promise.all(products.map(([group, path]) => readable(group, `${account}/${path}`, ask)))),
    await readable("DNS Write", `${api}/zones/${needs.zoneId}/dns_records?per_page=5`, ask),
  ];
}

async function zone({ zoneId, accountId, domain }: CloudflareNeeds, ask: Ask): Promise<Prerequisite> {
  const what = `zone ${domain}`;
  const provide = "dash.cloudflare.com, Add a domain; its id goes to bailiwick:cloudflare.zoneId in stacks/";
  const answer = await ask(`${api}/zones/${zoneId}`);
  const found = (answer.body as { result?: { name?: string; status?: string; account?: { id?: string } } } | undefined)?.result;
  if (answer.status === 404) return { area, what, verdict: "missing", found: `there is no zone ${zoneId}`, provide };
  if (answer.status !== 200 || !found) return { area, what, verdict: "unknown", found: unsettled(answer), provide };
  const wrong = [
    found.name !== domain && `${zoneId} is the zone of ${found.name}`,
    found.status !== "active" && `it is ${found.status}`,
    found.account?.id !== accountId && `it belongs to the account ${found.account?.id}`,
  ].filter(Boolean);
  return { area, what, verdict: wrong.length > 0 ? "missing" : "there", found: wrong.join("; ") || "active", provide };
}

/** Durable Objects without limits of the free plan, Queues with more than a day of retention, 10 ms of CPU no more. */
async function workersPaid(account: string, ask: Ask): Promise<Prerequisite> {
  const what = "Workers Paid";
  const provide = "dash.cloudflare.com, Workers & Pages, Plans";
  const answer = await ask(`${account}/subscriptions`);
  const plans = (answer.body as { result?: { rate_plan?: { id?: string } }[] } | undefined)?.result;
  if (answer.status !== 200 || !plans)
    return { area, what, verdict: "unknown", found: `${unsettled(answer)}; it takes Billing Read`, provide };
  const ids = plans.flatMap(({ rate_plan }) => rate_plan?.id ?? []);
  const paid = ids.find((id) => /workers.*paid|enterprise/i.test(id));
  return { area, what, verdict: paid ? "there" : "unknown", found: paid ?? `subscriptions: ${ids.join(", ") || "none"}`, provide };
}

/** developers.cloudflare.com/data-localization/regional-services: an Enterprise add-on; the list of regions is what the account may use. */
async function regionalServices(account: string, wanted: readonly string[], ask: Ask): Promise<Prerequisite> {
  const what = `Regional Services for ${wanted.join(", ")}`;
  const provide = "the Data Localization Suite, an add-on of an Enterprise plan: ask your account team";
  const answer = await ask(`${account}/addressing/regional_hostnames/regions`);
  const keys = (answer.body as { result?: { key?: string }[] } | undefined)?.result?.flatMap(({ key }) => key ?? []);
  if (answer.status !== 200 || !keys) return { area, what, verdict: "unknown", found: unsettled(answer), provide };
  const absent = wanted.filter((key) => !keys.includes(key));
  if (absent.length === 0) return { area, what, verdict: "there", found: keys.join(", "), provide };
  return {
    area,
    what,
    verdict: "missing",
    found: `the account has no region ${absent.join(", ")}; it has ${keys.join(", ") || "none"}`,
    provide: keys.length === 0 ? provide : `${provide}; or correct cloudflare.regionKey in stacks/residency.ts`,
  };
}

async function readable(group: string, url: string, ask: Ask): Promise<Prerequisite> {
  const what = `token: ${group}`;
  const answer = await ask(url);
  if (answer.status === 200)
    return { area, what, verdict: "unknown", found: "may read; that it may write cannot be seen without writing", provide: tokenPage };
  if (answer.status === 401 || answer.status === 403)
    return { area, what, verdict: "missing", found: `may not even read (${answer.status})`, provide: tokenPage };
  return { area, what, verdict: "unknown", found: unsettled(answer), provide: tokenPage };
}
