// A region's preference service, asked as its operator: whoever may open the region stack's secrets, and so deploy it, may ask for evidence.
import type { Response } from "undici";
import { issueServiceToken } from "../../functions/shared/service-token.ts";
import { exitCodes, PersonError } from "../errors.ts";
import { secretOf } from "../pulumi/secret.ts";
import type { Ready } from "../ready.ts";
import { Site } from "./site.ts";

export class Operator implements AsyncDisposable {
  readonly #region: string;
  readonly #site: Site;
  readonly #key: string;

  private constructor(region: string, site: Site, key: string) {
    this.#region = region;
    this.#site = site;
    this.#key = key;
  }

  /** @throws PersonError when the region is not deployed */
  static async of(ready: Ready, region: string): Promise<Operator> {
    const site = Site.of(ready, region);
    if (!site)
      throw new PersonError(
        `Stack "${region}" has no preference service.`,
        `Deploy it first: ./bailiwick up ${region}.`,
        exitCodes.unavailable,
      );
    await using resources = new AsyncDisposableStack();
    resources.use(site);
    const key = await secretOf(ready, region, "operator-key", "privateKeyPemPkcs8");
    resources.move();
    return new Operator(region, site, key);
  }

  /** At the region's public address. @throws PersonError when it does not answer */
  async ask(path: string, body?: object): Promise<Response> {
    const token = await issueServiceToken(this.#key, { name: "operator", scopes: ["evidence"] }, this.#region);
    return this.#site.ask(path, {
      method: body === undefined ? "GET" : "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#site[Symbol.asyncDispose]();
  }
}
