// Calls to the clouds' own APIs while what answers them may be killed: the sandbox, its addresses and its tokens are those of this moment.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fetch, ProxyAgent } from "undici";
import type { SandboxFile } from "../../sandbox/main.ts";
import { sign } from "../../sandbox/runtimes/s3/sigv4.ts";
import { owner } from "../commands/up.ts";
import { accessToken, awsCredentials, cloudflareToken, runningSandbox } from "../sandbox.ts";

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Nothing that is asked here takes so long while it is well. */
const patienceMs = 10_000;

export class CloudCalls {
  #agent: { readonly pid: number; readonly dispatcher: ProxyAgent } | undefined;

  /** @throws Error while no sandbox runs */
  sandbox(): SandboxFile {
    const sandbox = runningSandbox();
    if (!sandbox) throw new Error("the sandbox does not run");
    return sandbox;
  }

  async google(method: string, url: string, body?: string, type = "application/octet-stream"): Promise<Answer> {
    const token = await accessToken(this.sandbox(), owner);
    return this.#ask(method, url, { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { "content-type": type }) }, body);
  }

  async aws(method: string, url: string, account: string, location: string, body = ""): Promise<Answer> {
    const { AccessKeyId, SecretAccessKey, Token } = await awsCredentials(this.sandbox(), account);
    const headers = new Headers({ "x-amz-security-token": Token });
    const payload = createHash("sha256").update(body).digest("hex");
    sign({ method, url: new URL(url), headers, payload }, { accessKeyId: AccessKeyId, secret: SecretAccessKey, region: location });
    return this.#ask(method, url, Object.fromEntries(headers), body === "" ? undefined : body);
  }

  async cloudflare(method: string, url: string, account: string, body: string): Promise<Answer> {
    const token = await cloudflareToken(this.sandbox(), account);
    return this.#ask(method, url, { authorization: `Bearer ${token}`, "content-type": "application/json" }, body);
  }

  async close(): Promise<void> {
    await this.#agent?.dispatcher.destroy();
  }

  async #ask(method: string, url: string, headers: Record<string, string>, body: string | undefined): Promise<Answer> {
    const signal = AbortSignal.timeout(patienceMs);
    const response = await fetch(url, { method, headers, body, signal, dispatcher: this.#dispatcher() });
    return { status: response.status, text: await response.text() };
  }

  #dispatcher(): ProxyAgent {
    const { pid, proxyUrl, caFile } = this.sandbox();
    if (this.#agent?.pid !== pid) {
      void this.#agent?.dispatcher.destroy();
      this.#agent = { pid, dispatcher: new ProxyAgent({ uri: proxyUrl, requestTls: { ca: readFileSync(caFile) } }) };
    }
    return this.#agent.dispatcher;
  }
}
