// The sandbox's internet: which host names and addresses exist and who answers them. Whatever is not registered or published here
// does not exist, so nothing that runs in the sandbox can reach anything outside of it.
import { Faults } from "./faults.ts";

/** Answers a request whose URL is the real one (`https://storage.googleapis.com/...`). Throws only on a bug, or `Unreachable`. */
export type Handler = (request: Request) => Promise<Response> | Response;

/** No connection comes about: no such host, nobody at its address, no TLS that a client would accept. The message says which. */
export class Unreachable extends TypeError {
  constructor(reason: string) {
    super(`fetch failed: ${reason}`);
    this.name = "Unreachable";
  }
}

/** A record of the DNS: what a name stands for. Names are in lower case and without the final dot. */
export interface DnsRecord {
  readonly name: string;
  /** `A`, `AAAA`, `CNAME`, `TXT`, ... */
  readonly type: string;
  readonly content: string;
}

/** A name as the DNS compares it: case and the final dot make no difference (RFC 4343, RFC 1034 section 3.1). */
export const canonicalName = (name: string) => name.toLowerCase().replace(/\.$/, "");

/** More aliases in a row than this are taken for a circle. */
const longestChain = 8;

export class Internet {
  /** What is broken on purpose. Every host is a part of its own (`host:api.example`): the way there can be cut. */
  readonly faults = new Faults();
  readonly #exact = new Map<string, Handler>();
  readonly #suffix = new Map<string, Handler>();
  readonly #records = new Map<string, Set<DnsRecord>>();

  /**
   * Puts a host or an address (`34.100.1.2`) on the internet. `*.run.app` stands for every host below it; an exact name wins over a
   * suffix, a longer suffix over a shorter. Returns a function that takes it off again.
   */
  register(host: string, handler: Handler): () => void {
    const [table, key] = host.startsWith("*.") ? [this.#suffix, host.slice(1)] : [this.#exact, host];
    table.set(key, handler);
    const unlist = this.faults.add(`host:${host}`);
    return () => {
      if (table.get(key) !== handler) return;
      table.delete(key);
      unlist();
    };
  }

  /** Puts a record into the DNS. A host that nobody registered is then who its `A`, `AAAA` or `CNAME` record points at. Returns its removal. */
  publish({ name, type, content }: DnsRecord): () => void {
    const key = canonicalName(name);
    const record = { name: key, type, content: /^(CNAME|NS)$/.test(type) ? canonicalName(content) : content };
    const records = this.#records.get(key) ?? new Set();
    this.#records.set(key, records.add(record));
    // A name that begins so proves something (RFC 8552) and is nobody's host.
    const unlist = /^(A|AAAA|CNAME)$/.test(type) && !key.startsWith("_") ? this.faults.add(`host:${key}`) : () => {};
    return () => {
      records.delete(record);
      if (records.size > 0 || this.#records.get(key) !== records) return;
      this.#records.delete(key);
      unlist();
    };
  }

  /** Contents of the records of a name, as anyone may ask the DNS. Aliases are not followed. */
  lookup(name: string, type: string): string[] {
    const records = [...(this.#records.get(canonicalName(name)) ?? [])];
    return records.filter((record) => record.type === type).map(({ content }) => content);
  }

  resolve(host: string): Handler | undefined {
    return this.#resolve(host, longestChain);
  }

  #resolve(host: string, patience: number): Handler | undefined {
    const owner = this.#owner(host);
    if (owner || patience === 0) return owner;
    for (const type of ["A", "AAAA", "CNAME"]) {
      for (const target of this.lookup(host, type)) {
        const handler = this.#resolve(target, patience - 1);
        if (handler) return this.faults.guard(`host:${canonicalName(host)}`, handler);
      }
    }
    return undefined;
  }

  #owner(host: string): Handler | undefined {
    const exact = this.#exact.get(host);
    if (exact) return this.faults.guard(`host:${host}`, exact);
    for (let dot = host.indexOf("."); dot >= 0; dot = host.indexOf(".", dot + 1)) {
      const handler = this.#suffix.get(host.slice(dot));
      if (handler) return this.faults.guard(`host:*${host.slice(dot)}`, handler);
    }
    return undefined;
  }

  /** Every exact host, for the gateway's `x.localhost` names and for `status`. */
  hosts(): string[] {
    return [...this.#exact.keys()];
  }

  /** Sends a request to whoever owns its host, or what the host's records point at. @throws Unreachable */
  async fetch(request: Request): Promise<Response> {
    const host = new URL(request.url).hostname;
    const handler = this.resolve(host);
    if (handler) return handler(request);
    const targets = ["A", "AAAA", "CNAME"].flatMap((type) => this.lookup(host, type));
    throw new Unreachable(
      targets.length > 0
        ? `nobody in the sandbox answers at ${targets.join(", ")}, where ${host} points`
        : `no such host in the sandbox: ${host}`,
    );
  }
}
