// Address ranges that stand for the whole internet, and the doors that may be open to it.
import { numberOf, textOf, type Value } from "../../resource.ts";

/**
 * Whether a CIDR range is, for all purposes, the internet. Not only `/0`: the world can be written as two halves, so
 * anything wider than the largest block a single owner ever got (IPv4 /8, IPv6 /16) counts.
 */
export function isInternet(cidr: unknown): boolean {
  if (typeof cidr !== "string") return false;
  const [address = "", length] = cidr.split("/");
  if (length === undefined) return ["0.0.0.0", "::", "*"].includes(address);
  return Number(length) < (address.includes(":") ? 16 : 8);
}

/**
 * Whether these ports may be open to everyone: the web's, 443 by TCP and by UDP (HTTP/3) and 80 (where encryption/plain-listener lets only a
 * redirect answer), each as a single port; and ICMP, without which paths lose large packets (RFC 4890, RFC 1191).
 */
export function isPublicDoor(protocol: Value | undefined, from: Value | undefined, to: Value | undefined): boolean {
  const name = textOf(protocol).toLowerCase();
  if (["icmp", "1", "icmpv6", "58"].includes(name)) return true;
  const [first, last] = [numberOf(from), numberOf(to)];
  if (first !== last) return false;
  return ["tcp", "6"].includes(name) ? first === 443 || first === 80 : ["udp", "17"].includes(name) && first === 443;
}
