// The page's two files. Their names carry their hash, so a browser may keep them for good; the page names that hash again (SRI).
import { createHash } from "node:crypto";
import { enhance } from "./enhance.ts";
import type { Addresses, Asset } from "./model.ts";
import { style } from "./style.ts";
import type { Theme } from "./tokens.ts";

export function addressesAt(page: string, theme?: Theme): Addresses {
  const asset = (name: string, ending: string, mediaType: string, text: string): Asset => {
    const digest = createHash("sha256").update(text).digest();
    return {
      path: `${page}/assets/${name}.${digest.toString("hex").slice(0, 16)}.${ending}`,
      text,
      mediaType,
      integrity: `sha256-${digest.toString("base64")}`,
    };
  };
  return {
    page,
    style: asset("style", "css", "text/css; charset=utf-8", style(theme)),
    script: asset("enhance", "js", "text/javascript; charset=utf-8", enhance),
  };
}
