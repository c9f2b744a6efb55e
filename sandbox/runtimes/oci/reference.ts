// An image as people and programs name it.

export interface Reference {
  readonly host: string;
  readonly name: string;
  /** A digest where one is given, else a tag. */
  readonly reference: string;
}

/** `HOST/NAME[:TAG][@DIGEST]`; undefined when it is none. The tag beside a digest counts for nothing, the default tag is `latest`. */
export function parseReference(image: string): Reference | undefined {
  const [, host, name, tag, digest] =
    /^([a-z0-9.-]+(?::\d+)?)\/([a-z0-9][a-z0-9._/-]*?)(?::([\w][\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$/.exec(image) ?? [];
  return host !== undefined && name !== undefined ? { host, name, reference: digest ?? tag ?? "latest" } : undefined;
}

/** User and password of a `Basic` header. */
export function basicCredentials(authorization: string | undefined): { user: string; password: string } | undefined {
  const encoded = /^Basic (.+)$/i.exec(authorization ?? "")?.[1];
  if (encoded === undefined) return undefined;
  const [user = "", ...password] = Buffer.from(encoded, "base64").toString().split(":");
  return { user, password: password.join(":") };
}
