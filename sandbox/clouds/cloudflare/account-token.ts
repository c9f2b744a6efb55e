// AccountToken: what opens the account's API.
import { createHash, createHmac, randomBytes } from "node:crypto";
import type { Properties, ResourceDefinition } from "../../engine/definition.ts";
import type { Store } from "../../engine/store.ts";
import { hexId, now } from "./worker.ts";

const TOKEN = "cloudflare:index/accountToken:AccountToken";

const times = (before?: Properties) => ({
  issuedOn: before?.issuedOn ?? now(),
  modifiedOn: now(),
  lastUsedOn: "",
  provisionerId: "",
  provisionerType: "",
  creatorEmailAtCreation: "deployer@sandbox.example",
});

/** A token of who deploys to an account, as a person holds one: good until the embedded account is discarded. */
export function personalToken(store: Store, account: string): string {
  const key = store.fact("cloudflare/token-key", () => randomBytes(32).toString("hex"));
  return `${account}.${createHmac("sha256", key).update(account).digest("base64url")}`;
}

/** The account that a token opens; undefined for one that does not exist, is not active, or not yet or no longer valid. */
export function accountOfToken(store: Store, value: string): string | undefined {
  const digest = createHash("sha256").update(value).digest("hex");
  const [holder = ""] = value.split(".");
  const own = createHash("sha256").update(personalToken(store, holder)).digest("hex");
  if (own === digest) return holder;
  const row = store.list(TOKEN).find(({ state }) => createHash("sha256").update(String(state.value)).digest("hex") === digest);
  if (!row) return undefined;
  const { status = "active", notBefore, expiresOn, accountId, policies } = row.state;
  const allows = (policies as Properties[]).some(({ effect }) => effect === "allow");
  const present = Date.now();
  const early = notBefore !== undefined && Date.parse(String(notBefore)) > present;
  const late = expiresOn !== undefined && Date.parse(String(expiresOn)) <= present;
  return status === "active" && allows && !early && !late ? (accountId as string) : undefined;
}

export const accountToken: ResourceDefinition = {
  token: TOKEN,
  fidelity: {
    level: "enforces",
    how: "the API of queues refuses whoever has none that is valid; which permission groups it names is not looked at",
    test: "test/sandbox/cloudflare/queues.test.ts",
  },
  replaceOn: ["accountId"],
  recomputed: ["modifiedOn"],
  defaults: () => ({ status: "active" }),
  create: ({ orphan }) => ({ id: orphan?.id ?? hexId(), outputs: { value: randomBytes(30).toString("base64url"), ...times() } }),
  update: (_context, old) => ({ value: old.state.value ?? "", ...times(old.state) }),
};
