import { publicBucketDomain } from "../../../../policies/rules/exposure/public-bucket-domain.ts";
import { context, UNKNOWN } from "../../judging.ts";
import { specify } from "../../specify.ts";

const managed = "cloudflare:index/r2ManagedDomain:R2ManagedDomain";
const custom = "cloudflare:index/r2CustomDomain:R2CustomDomain";
const bucket = (name: string) => ({ type: "cloudflare:index/r2Bucket:R2Bucket", name, props: { name } });
const domain = (of: string) => ({ type: custom, props: { bucketName: of, domain: `${of}.brand.example`, enabled: true } });

specify(publicBucketDomain, {
  inside: context("eu", {}, (urn) => (urn.endsWith("::assets") ? { dataClass: "public" } : { dataClass: "personal" })),
  passes: [
    ["r2.dev off", { type: managed, props: { bucketName: "uploads", enabled: false } }],
    ["a domain for a public bucket", [bucket("assets"), domain("assets")]],
    ["a domain that is registered as public itself", { ...domain("elsewhere"), name: "assets" }],
    [
      "a domain whose bucket the engine names",
      [bucket("assets"), { type: custom, props: { bucketName: UNKNOWN, enabled: true }, dependsOn: { bucketName: ["assets"] } }],
    ],
    ["a domain that is off", { type: custom, props: { bucketName: "uploads", enabled: false } }],
  ],
  refused: [
    ["r2.dev", { type: managed, props: { bucketName: "assets", enabled: true } }, "enabled is true"],
    ["a domain for a bucket that is not public", [bucket("uploads"), domain("uploads")], "enabled is true"],
    ["a domain for a bucket of another stack", domain("far"), "enabled is true"],
  ],
  undecided: [["a switch", { type: managed, props: { enabled: UNKNOWN } }, "enabled"]],
  silent: "cloudflare:index/r2Bucket:R2Bucket",
});
