// The page as routes over a desk in memory, and a person who holds a token for it.
import { Hono } from "hono";
import { compileDecisionTable } from "../../../../../functions/governance/policy/compile.ts";
import { addressesAt } from "../../../../../functions/governance/preferences/page/assets.ts";
import { type PageOptions, preferencePageRoutes } from "../../../../../functions/governance/preferences/page/routes.ts";
import { vendors } from "../../../../../functions/governance/preferences/page/vendors.ts";
import { ProblemError } from "../../../../../functions/shared/problem.ts";
import { issueSubjectToken } from "../../../../../functions/shared/tokens.ts";
import { newKeyPair } from "../../../keys.ts";
import { MemoryDesk } from "./memory-desk.ts";

export const ownOrigin = "https://eu.brand.example";
export const addresses = addressesAt("/preferences");
const table = await compileDecisionTable();

export interface Site {
  readonly app: Hono;
  readonly desk: MemoryDesk;
  readonly token: string;
  /** One that was issued so many seconds ago. */
  readonly tokenOf: (ageSeconds: number) => Promise<string>;
  /** Reads the page, or whatever is at the path. */
  readonly read: (path?: string, headers?: Record<string, string>) => Promise<Response>;
  /** Sends a form as the page would, with what the browser adds. */
  readonly send: (fields: Record<string, string>, headers?: Record<string, string>) => Promise<Response>;
  /** Hidden fields of the page as it is now. */
  readonly hidden: () => Promise<Record<string, string>>;
}

export async function newSite(options: Partial<PageOptions> = {}): Promise<Site> {
  const keys = newKeyPair();
  const desk = new MemoryDesk();
  const routes = await preferencePageRoutes({
    desk,
    region: "eu",
    jurisdiction: "eu",
    subjectTokenPublicKey: keys.publicPem,
    issue: async (subject) => (await issueSubjectToken(keys.privatePem, subject, "eu")).token,
    table,
    vendors,
    brand: "Fernhollow",
    addresses,
    problemOf: (error) => {
      if (error instanceof ProblemError) return error;
      throw error;
    },
    ownOrigin: () => ownOrigin,
    ...options,
  });
  const app = new Hono().route("/preferences", routes);
  const { token } = await issueSubjectToken(keys.privatePem, desk.subject, "eu");
  const cookie = `subject_token=${token}`;
  const read = async (path = "/preferences", headers: Record<string, string> = {}) =>
    app.request(path, { headers: { cookie, ...headers } });
  return {
    app,
    desk,
    token,
    tokenOf: async (age) => (await issueSubjectToken(keys.privatePem, desk.subject, "eu", new Date(Date.now() - age * 1000))).token,
    read,
    send: async (fields, headers = { "sec-fetch-site": "same-origin" }) =>
      app.request("/preferences", { method: "POST", headers: { cookie, ...headers }, body: new URLSearchParams(fields) }),
    hidden: async () => hiddenFields(await (await read()).text()),
  };
}

const hiddenFields = (html: string): Record<string, string> =>
  Object.fromEntries(
    [...html.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)].map(([, name, value]) => [
      name,
      (value as string).replaceAll("&quot;", '"'),
    ]),
  );
