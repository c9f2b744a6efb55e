// Ranges of IPv4 addresses.
import { BlockList, isIPv4 } from "node:net";

const parts = (range: string): { address: string; bits: number } => {
  const [address = "", bits = "32"] = range.split("/");
  return { address, bits: Number(bits) };
};

/** Whether the text is a range such as 10.0.0.0/24 whose prefix lies between the two. */
export function isRange(text: string, from: number, to: number): boolean {
  const { address, bits } = parts(text);
  return isIPv4(address) && /^[^/]+\/\d{1,2}$/.test(text) && bits >= from && bits <= to;
}

/** Whether all of `inner` lies in `outer`. */
export function contains(outer: string, inner: string): boolean {
  const [out, into] = [parts(outer), parts(inner)];
  if (!isIPv4(out.address) || !isIPv4(into.address) || into.bits < out.bits) return false;
  const list = new BlockList();
  list.addSubnet(out.address, out.bits, "ipv4");
  return list.check(into.address, "ipv4");
}

/** Whether two ranges share an address: of two that do, one holds the other. */
export const overlap = (a: string, b: string): boolean => contains(a, b) || contains(b, a);
