// The notice: what a person is told before choosing. It is named by its content, so that a record of consent can say exactly what was read.
import { canonicalDigest } from "../../../shared/canonical-json.ts";
import type { Language } from "../../../shared/languages.ts";

export interface Notice {
  readonly id: string;
  /** Raised whenever the text changes; a test remembers what each version said. */
  readonly version: number;
  readonly language: Language;
  readonly text: string;
}

export type NoticeDigest = `sha256:${string}`;

/** Names a notice in a record of consent, without its text. */
export interface NoticeReference {
  readonly id: string;
  readonly version: number;
  readonly language: Language;
  readonly sha256: NoticeDigest;
}

/** SHA-256 over the canonical form (RFC 8785) of exactly these four members. */
export const noticeDigest = ({ id, version, language, text }: Notice): Promise<NoticeDigest> =>
  canonicalDigest({ id, version, language, text });

/** Notices by their digest. */
export class Notices {
  readonly #byDigest: ReadonlyMap<string, Notice>;

  private constructor(byDigest: ReadonlyMap<string, Notice>) {
    this.#byDigest = byDigest;
  }

  static async of(notices: readonly Notice[]): Promise<Notices> {
    return new Notices(new Map(await Promise.all(notices.map(async (notice) => [await noticeDigest(notice), notice] as const))));
  }

  [Symbol.iterator](): Iterator<readonly [string, Notice]> {
    return this.#byDigest.entries();
  }

  get(digest: string): Notice | undefined {
    return this.#byDigest.get(digest);
  }

  /** The notice in a language. Throws where there is none: the page cannot be shown without. */
  in(language: Language): { readonly notice: Notice; readonly reference: NoticeReference } {
    for (const [sha256, notice] of this.#byDigest)
      if (notice.language === language)
        return { notice, reference: { id: notice.id, version: notice.version, language, sha256: sha256 as NoticeDigest } };
    throw new Error(
      `There is no notice in "${language}": notices are in ${[...this.#byDigest.values()].map((each) => each.language).join(", ")}.`,
    );
  }

  /** What a record says of a digest that a form carried; undefined for one that is not shown (any more). */
  reference(digest: string): NoticeReference | undefined {
    const notice = this.get(digest);
    return notice && { id: notice.id, version: notice.version, language: notice.language, sha256: digest as NoticeDigest };
  }
}
