/** Text for HTML and SVG, in elements and in quoted attributes. */
export const escaped = (text: string): string => visible(text).replace(/[&<>"'`]/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** Without what a reader would not see: control characters, and those that turn the direction of a text (Unicode TR 36). */
export const visible = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out.
  text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g, "\ufffd");
