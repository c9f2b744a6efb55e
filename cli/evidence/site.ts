// A region's preference service at its public address.
import { readFileSync } from "node:fs";
import { fetch, ProxyAgent, type RequestInit, type Response } from "undici";
import { exitCodes, PersonError } from "../errors.ts";
import { stateOutputs } from "../pulumi/checkpoint.ts";
import type { Ready } from "../ready.ts";

export class Site implements AsyncDisposable {
  readonly #region: string;
  readonly #origin: string;
  readonly #dispatcher: ProxyAgent;

  private constructor(region: string, origin: string, dispatcher: ProxyAgent) {
    this.#region = region;
    this.#origin = origin;
    this.#dispatcher = dispatcher;
  }

  /** Undefined where the region is not deployed. */
  static of({ sandbox: { proxyUrl, caFile } }: Ready, region: string): Site | undefined {
    const origin = stateOutputs(region)?.site as string | undefined;
    return origin === undefined
      ? undefined
      : new Site(region, origin, new ProxyAgent({ uri: proxyUrl, requestTls: { ca: readFileSync(caFile) } }));
  }

  /** @throws PersonError when it does not answer */
  async ask(path: string, init: Pick<RequestInit, "method" | "headers" | "body"> = {}): Promise<Response> {
    return fetch(new URL(path, this.#origin), { ...init, dispatcher: this.#dispatcher }).catch((error: Error) => {
      throw new PersonError(
        `The preference service of "${this.#region}" does not answer: ${(error.cause as Error | undefined)?.message ?? error.message}.`,
        "./bailiwick status shows what runs.",
        exitCodes.unavailable,
      );
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dispatcher.close();
  }
}
