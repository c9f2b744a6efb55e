// An address that a program sends data to, and whose it is.
import type { Context } from "../../context.ts";
import type { Resource, Value } from "../../resource.ts";
import { type Located, show } from "../../resource.ts";

export interface Endpoint {
  readonly place: Located;
  /** `https`, `http`, `postgres`, ...; undefined for a bare host name. */
  readonly scheme?: string;
  readonly host: string;
}

/** Addresses of the clouds that stacks run on: what a stack sends there stays with a vendor that the residency map knows. */
const clouds =
  /(^|\.)(amazonaws\.com(\.cn)?|on\.aws|api\.aws|aws\.dev|awsapprunner\.com|cloudfront\.net|googleapis\.com|google\.internal|goog|run\.app|cloudfunctions\.net|appspot\.com|pkg\.dev|gcr\.io|accounts\.google\.com|workers\.dev|pages\.dev|cloudflarestorage\.com|r2\.dev|cfargotunnel\.com)$/;

/** Names and addresses that mean something in one network only (RFC 1918, RFC 3927, RFC 4193, RFC 6762, RFC 8375, RFC 6761). */
const inside =
  /^(localhost|[^.]+|.*\.(internal|local|localhost|lan|home\.arpa|svc|cluster\.local)|10\.[\d.]+|127\.[\d.]+|169\.254\.[\d.]+|192\.168\.[\d.]+|172\.(1[6-9]|2\d|3[01])\.[\d.]+|\[?(::1|f[cde][0-9a-f]{2}:.*)\]?)$/;

/** Whether data that is sent to a host leaves what is ours and our clouds'. */
export function isOutside(host: string, { domains }: Pick<Context, "domains">): boolean {
  const own = domains.some((domain) => host === domain || host.endsWith(`.${domain}`));
  return !own && !clouds.test(host) && !inside.test(host);
}

/** Schemes whose authority is a bucket of one of the clouds, and no host. */
const buckets = /^(s3|gs|r2)$/i;

/** The endpoint that a text names; undefined where it names none: a path, an ARN, a template that is filled in later. */
export function endpointOf(place: { readonly path: string; readonly value: Value }): Endpoint | undefined {
  if (typeof place.value !== "string") return undefined;
  const text = place.value.trim();
  const url = /^([a-z][a-z0-9+.-]*):\/\/([^/?#\s]+)/i.exec(text);
  if (url?.[1] && buckets.test(url[1])) return undefined;
  const authority = url ? (url[2] as string) : /^[a-z0-9.-]+\.[a-z]{2,}(:\d+)?$/i.test(text) ? text : undefined;
  const host = authority?.replace(/^.*@/, "").replace(/:\d+$/, "").toLowerCase();
  // What holds a placeholder is no name yet: `${stageVariables.host}`, `%s`.
  if (!host || !/^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)$/.test(host)) return undefined;
  return { place, host, ...(url?.[1] ? { scheme: url[1].toLowerCase() } : {}) };
}

/** The host as a finding may name it; the rest of an address may hold a key. */
export const hostOf = (resource: Resource, { place, host }: Endpoint): string => (show(resource, place) === "[secret]" ? "[secret]" : host);
