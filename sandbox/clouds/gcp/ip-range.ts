// Ranges of addresses, as rules write them.
import { BlockList, isIP } from "node:net";

const family = (address: string) => (isIP(address) === 6 ? "ipv6" : "ipv4");

/** Whether this is an address or a range of addresses (CIDR). */
export function isRange(range: string): boolean {
  const [address = "", bits] = range.split("/");
  const version = isIP(address);
  return version !== 0 && (bits === undefined || (/^\d+$/.test(bits) && Number(bits) <= (version === 6 ? 128 : 32)));
}

/** Whether an address lies in a range; `*` is every address. */
export function inRange(address: string, range: string): boolean {
  if (range === "*") return true;
  if (isIP(address) === 0 || !isRange(range)) return false;
  const [network = "", bits] = range.split("/");
  const list = new BlockList();
  list.addSubnet(network, Number(bits ?? (isIP(network) === 6 ? 128 : 32)), family(network));
  return list.check(address, family(address));
}
