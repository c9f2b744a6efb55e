import { longLivedKeys } from "../../../../policies/rules/identity/long-lived-keys.ts";
import { tokenExpiry } from "../../../../policies/rules/identity/token-expiry.ts";
import { tokenScope } from "../../../../policies/rules/identity/token-scope.ts";
import { UNKNOWN } from "../../judging.ts";
import { compliant, notApplicable, specify } from "../../tables.ts";

const key = "is an access key, which is valid until somebody deletes it";

specify(longLivedKeys, [
  ["a key of AWS", { type: "aws:iam/accessKey:AccessKey", props: { user: "a" } }, [key]],
  ["one that is switched off", { type: "aws:iam/accessKey:AccessKey", props: { user: "a", status: "Inactive" } }, compliant],
  ["one that may be switched off", { type: "aws:iam/accessKey:AccessKey", props: { user: "a", status: UNKNOWN } }, [key]],
  ["a password for the console", { type: "aws:iam/userLoginProfile:UserLoginProfile" }, ["gives an IAM user a password for the console"]],
  [
    "a password for a service",
    { type: "aws:iam/serviceSpecificCredential:ServiceSpecificCredential" },
    ["is a user name and password for one service, valid until somebody deletes it"],
  ],
  ["a key of Google", { type: "gcp:serviceaccount/key:Key" }, ["is a key of a service account, valid for years wherever it is copied to"]],
  [
    "an HMAC key",
    { type: "gcp:storage/hmacKey:HmacKey", props: { state: "ACTIVE" } },
    ["is an HMAC key, valid until somebody deactivates it"],
  ],
  ["an identity without a key", { type: "gcp:serviceaccount/account:Account" }, notApplicable],
]);

const token = "cloudflare:index/apiToken:ApiToken";
const service = "cloudflare:index/zeroTrustAccessServiceToken:ZeroTrustAccessServiceToken";
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
const farAway = inDays(120);

specify(tokenExpiry, [
  ["ends next month", { type: token, props: { expiresOn: inDays(30) } }, compliant],
  ["has ended", { type: token, props: { expiresOn: inDays(-1) } }, compliant],
  ["never ends", { type: token, props: {} }, ["expiresOn is not set: the token never ends"]],
  ["ends too late", { type: "cloudflare:index/accountToken:AccountToken", props: { expiresOn: farAway } }, [`expiresOn is "${farAway}"`]],
  ["ends at no date", { type: token, props: { expiresOn: "soon" } }, ['expiresOn is "soon"']],
  ["lasts a month", { type: service, props: { duration: "720h" } }, compliant],
  ["lasts a little longer", { type: service, props: { duration: "2159h60m" } }, compliant],
  ["lasts a year", { type: service, props: {} }, ["duration is not set, which means 8760h"]],
  ["lasts for ever", { type: service, props: { duration: "forever" } }, ['duration is "forever"']],
  ["lasts a minute too long", { type: service, props: { duration: "2160h1m" } }, ['duration is "2160h1m"']],
  ["an end that is not known yet", { type: token, props: { expiresOn: UNKNOWN } }, ["undecided: expiresOn"]],
  ["what is no token", { type: "cloudflare:index/dnsRecord:DnsRecord" }, notApplicable],
]);

const zone = "com.cloudflare.api.account.zone";
const scoped = (resources: unknown, effect = "allow") => ({
  type: token,
  props: { policies: [{ effect, resources: typeof resources === "object" ? JSON.stringify(resources) : (resources as never) }] },
});

specify(tokenScope, [
  ["one zone", scoped({ [`${zone}.fed`]: "*" }), compliant],
  ["one account", scoped({ "com.cloudflare.api.account.abc": "*" }), compliant],
  ["all zones", scoped({ [`${zone}.*`]: "*" }), [`policies[0].resources reaches all of "${zone}.*"`]],
  [
    "all accounts",
    scoped({ "com.cloudflare.api.account.*": "*" }),
    ['policies[0].resources reaches all of "com.cloudflare.api.account.*"'],
  ],
  [
    "all zones of an account",
    scoped({ "com.cloudflare.api.account.abc": { [`${zone}.*`]: "*" } }),
    [`policies[0].resources reaches all of "${zone}.*"`],
  ],
  ["not all zones", scoped({ [`${zone}.*`]: "*" }, "deny"), compliant],
  ["resources that are not known yet", scoped(UNKNOWN), ["undecided: policies[0].resources"]],
  ["policies that are not known yet", { type: token, props: { policies: UNKNOWN } }, ["undecided: policies"]],
  ["what is no token", { type: "cloudflare:index/dnsRecord:DnsRecord" }, notApplicable],
]);
