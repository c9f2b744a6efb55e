// A region's preference service, asked as its operator: whoever may open the region stack's secrets, and so deploy it, may ask for evidence.
import { readFileSync } from "node:fs";
import { fetch, ProxyAgent, type Response } from "undici";
import { issueServiceToken } from "../../functions/shared/service-token.ts";
import { exitCodes, PersonError } from "../errors.ts";
import { stateOutputs } from "../pulumi/checkpoint.ts";
import { secretOf } from "../pulumi/secret.ts";
import type { Ready } from "../ready.ts";

export class Operator implements AsyncDisposable {
  readonly #region: string;
  readonly #origin: string;
  readonly #key: string;
  readonly #dispatcher: ProxyAgent;

  private constructor(region: string, origin: string, key: string, dispatcher: ProxyAgent) {
    this.#region = region;
    this.#origin = origin;
    this.#key = key;
    this.#dispatcher = dispatcher;
  }

  /** @throws PersonError when the region is not deployed */
  static async of(ready: Ready, region: string): Promise<Operator> {
    const origin = stateOutputs(region)?.site as string | undefined;
    if (!origin)
      throw new PersonError(
        `Stack "${region}" has no preference service.`,
        `Deploy it first: ./bailiwick up ${region}.`,
        exitCodes.unavailable,
      );
    const key = await secretOf(ready, region, "operator-key", "privateKeyPemPkcs8");
    const { proxyUrl, caFile } = ready.sandbox;
    return new Operator(region, origin, key, new ProxyAgent({ uri: proxyUrl, requestTls: { ca: readFileSync(caFile) } }));
  }

  /** At the region's public address. @throws PersonError when it does not answer */
  async ask(path: string, body?: object): Promise<Response> {
    const token = await issueServiceToken(this.#key, { name: "operator", scopes: ["evidence"] }, this.#region);
    return fetch(new URL(path, this.#origin), {
      dispatcher: this.#dispatcher,
      method: body === undefined ? "GET" : "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch((error: Error) => {
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
