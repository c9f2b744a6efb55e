// The sandbox's internet: which host names exist and who answers them. Whatever is not registered here does not exist,
// so nothing that runs in the sandbox can reach anything outside of it.

/** Answers a request whose URL is the real one (`https://storage.googleapis.com/...`). Throws only on a bug. */
export type Handler = (request: Request) => Promise<Response> | Response;

export class Internet {
  readonly #exact = new Map<string, Handler>();
  readonly #suffix = new Map<string, Handler>();

  /**
   * Puts a host on the internet. `*.run.app` stands for every host below it; an exact name wins over a suffix, a longer suffix over a shorter.
   * Returns a function that takes it off again.
   */
  register(host: string, handler: Handler): () => void {
    const [table, key] = host.startsWith("*.") ? [this.#suffix, host.slice(1)] : [this.#exact, host];
    table.set(key, handler);
    return () => {
      if (table.get(key) === handler) table.delete(key);
    };
  }

  resolve(host: string): Handler | undefined {
    const exact = this.#exact.get(host);
    if (exact) return exact;
    for (let dot = host.indexOf("."); dot >= 0; dot = host.indexOf(".", dot + 1)) {
      const handler = this.#suffix.get(host.slice(dot));
      if (handler) return handler;
    }
    return undefined;
  }

  /** Every exact host, for the gateway's `x.localhost` names and for `status`. */
  hosts(): string[] {
    return [...this.#exact.keys()];
  }

  /** Sends a request to whoever owns its host. An unknown host fails as DNS would. */
  async fetch(request: Request): Promise<Response> {
    const host = new URL(request.url).hostname;
    const handler = this.resolve(host);
    if (!handler) throw new TypeError(`fetch failed: no such host in the sandbox: ${host}`);
    return handler(request);
  }
}
