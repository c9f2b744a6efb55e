// What stands beside the pack and says more than the program can: the vendors, and what was built.
import { loadArtifacts } from "./artifacts.ts";
import type { Knowledge } from "./context.ts";
import { loadVendors } from "./vendors.ts";

/**
 * @param dir folder of the pack, or of its sources
 * @throws Error for a file that is there and cannot be used
 */
export const loadKnowledge = (dir: string, now: Date): Knowledge => ({ vendors: loadVendors(dir), artifacts: loadArtifacts(dir), now });
