// As much XML as the S3 API needs.

export type Content = string | number | boolean | readonly string[];

const escapes: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;" };
export const escapeXml = (text: string) => text.replace(/[&<>"']/g, (char) => escapes[char] as string);

/** `<Name>...</Name>`; a list is content that is XML already. */
export function element(name: string, content: Content): string {
  return `<${name}>${typeof content === "object" ? content.join("") : escapeXml(String(content))}</${name}>`;
}

/** A document whose root carries the S3 namespace. */
export function s3Document(name: string, content: readonly string[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${content.join("")}</${name}>`;
}

/** The text of every element of this name, in order. Elements of the same name must not nest. */
export function texts(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}(?:\\s[^>]*)?>(.*?)</${name}>`, "gs"))].map((match) => unescapeXml(match[1] as string));
}

export const text = (xml: string, name: string): string | undefined => texts(xml, name)[0];

const unescapeXml = (value: string) =>
  value.replace(/&(amp|lt|gt|quot|apos|#x([0-9a-fA-F]+)|#(\d+));/g, (entity, name: string, hex?: string, decimal?: string) => {
    if (hex) return String.fromCodePoint(Number.parseInt(hex, 16));
    if (decimal) return String.fromCodePoint(Number(decimal));
    return Object.entries(escapes).find(([, escaped]) => escaped === `&${name};`)?.[0] ?? entity;
  });
