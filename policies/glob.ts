// Globs over URNs, for the register and for exemptions: `*` stands for any run of characters. A URN has no hierarchy of
// its own, so there is one wildcard and it crosses everything (`urn:pulumi:eu::*::cloudflare:index/r2Bucket:R2Bucket::*`).

/** Turns a glob into a test. Everything but `*` is literal, and the whole URN must match. */
export function glob(pattern: string): (urn: string) => boolean {
  const expression = new RegExp(
    `^${pattern
      .split("*")
      .map((literal) => literal.replace(/[.+?^${}()|[\]\\]/g, "\\$&"))
      .join(".*")}$`,
    "s",
  );
  return (urn) => expression.test(urn);
}

/** The stack's part of a URN or of a URN glob: `eu` of `urn:pulumi:eu::...`. */
export function stackOf(urn: string): string | undefined {
  return /^urn:pulumi:([^:]*)::/.exec(urn)?.[1];
}
