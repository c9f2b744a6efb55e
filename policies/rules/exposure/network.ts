// Address ranges that stand for the whole internet.

/**
 * Whether a CIDR range is, for all purposes, the internet. Not only `/0`: the world can be written as two halves, so
 * anything wider than the largest block a single owner ever got (IPv4 /8, IPv6 /16) counts.
 */
export function isInternet(cidr: unknown): boolean {
  if (typeof cidr !== "string") return false;
  const [address = "", length] = cidr.split("/");
  if (length === undefined) return address === "0.0.0.0" || address === "::";
  return Number(length) < (address.includes(":") ? 16 : 8);
}

/** Whether a range of ports is HTTPS and nothing else: the one door that a public service needs. */
export function isHttpsOnly(protocol: unknown, from: unknown, to: unknown): boolean {
  const isTcp = typeof protocol === "string" && (protocol.toLowerCase() === "tcp" || protocol === "6");
  return isTcp && Number(from) === 443 && Number(to) === 443;
}
