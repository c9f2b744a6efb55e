// A person, as the platform sees one: a subject with a token, who looks at the site and changes consent through `api`.
import { expect } from "vitest";
import type { Platform } from "./platform.ts";

export interface Hero {
  readonly variation: string;
  readonly reason: string;
  readonly policyRevision: string | null;
  readonly consentEpoch: number | null;
}

export interface Preferences {
  readonly purposes: Record<string, string>;
  readonly consentEpoch: number;
  readonly enforcement?: string;
}

export class Visitor {
  readonly subject: string;
  readonly #platform: Platform;
  readonly #region: string;
  readonly #token: string;

  private constructor(platform: Platform, region: string, subject: string, token: string) {
    this.#platform = platform;
    this.#region = region;
    this.subject = subject;
    this.#token = token;
  }

  static async create(platform: Platform, region: string): Promise<Visitor> {
    const response = await platform.fetch(region, "/v1/subjects", { method: "POST" });
    expect(response.status).toBe(201);
    const { subject, token } = (await response.json()) as { subject: string; token: string };
    return new Visitor(platform, region, subject, token);
  }

  get #authorization() {
    return { authorization: `Bearer ${this.#token}` };
  }

  async hero(): Promise<Hero> {
    return (await (await this.#platform.fetch(this.#region, "/v1/experience/hero", { headers: this.#authorization })).json()) as Hero;
  }

  async preferences(): Promise<Preferences> {
    const response = await this.#platform.fetch(this.#region, `/v1/subjects/${this.subject}/preferences`, { headers: this.#authorization });
    return (await response.json()) as Preferences;
  }

  /** The answer to a change of consent, whatever it is; `via` a region's name asks there instead of being sent on by `api`. */
  async tryChange(state: "granted" | "withdrawn" | "denied", via?: string) {
    const init = {
      method: "PATCH",
      headers: { ...this.#authorization, "content-type": "application/merge-patch+json", "if-match": "*" },
      body: JSON.stringify({ purposes: { personalisation: state } }),
    };
    const path = `/v1/subjects/${this.subject}/preferences`;
    if (via !== undefined) return this.#platform.fetch(via, path, init);
    const redirect = await this.#platform.fetch("api", path, init);
    expect(redirect.status).toBe(308);
    return this.#platform.fetch(redirect.headers.get("location") as string, "", init);
  }

  /** Changes consent through `api`, which sends on to the home region. */
  async change(state: "granted" | "withdrawn" | "denied"): Promise<Preferences> {
    const response = await this.tryChange(state);
    expect(response.status).toBe(200);
    return (await response.json()) as Preferences;
  }
}
