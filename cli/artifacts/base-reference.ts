// Which image the images of services stand on: one line of data in the work tree, by digest.
import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { PersonError } from "../errors.ts";
import { root } from "../paths.ts";

const file = join(root, "functions", "base-image.yaml");

/** As messages name it. */
export const baseImageFile = relative(root, file);

export interface BaseReference {
  /** `host/path`, with a port where there is one. */
  readonly repository: string;
  /** `sha256:` and 64 hex digits: of an image, or of an index of images for several platforms. */
  readonly digest: string;
}

const content = z.strictObject({ image: z.string().nullable() });

// Host, path, tag, digest. A host is told from a path by its dot or port, so that no registry is assumed
// (github.com/opencontainers/distribution-spec, "Pulling manifests", for names and tags).
const form =
  /^((?:(?:[\w-]+\.)+[\w-]+(?::\d+)?|[\w-]+:\d+)(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)+)(?::(\w[\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$/;

/**
 * The base image that is named, if one is. A tag beside the digest is for people and decides nothing.
 * @param text for tests; default: the file's content
 * @throws PersonError when the file is missing or wrong, or names an image otherwise than by digest
 */
export function readBaseReference(text = existsSync(file) ? readFileSync(file, "utf8") : undefined): BaseReference | undefined {
  const image = imageOf(text);
  if (image === null) return undefined;
  const [, repository, tag, digest] = form.exec(image) ?? [];
  if (repository === undefined)
    throw new PersonError(
      `${baseImageFile} names "${image}", which is no image by digest. Allowed: host/path@sha256:<64 hex digits>, or null for none.`,
      'Write it as functions/README.md shows under "The base image".',
    );
  if (digest === undefined) {
    const tagged = `${repository}:${tag ?? "latest"}`;
    throw new PersonError(
      `${baseImageFile} names "${image}" by tag, and a tag may stand for another image tomorrow. Allowed: host/path@sha256:<64 hex digits>, or null for none.`,
      `Ask for its digest (crane digest ${tagged}) and write ${repository}@ and the digest.`,
    );
  }
  return { repository, digest };
}

function imageOf(text: string | undefined): string | null {
  const advice = `Write one line: image: null, or image: host/path@sha256:<64 hex digits>.`;
  if (text === undefined) throw new PersonError(`${baseImageFile} is missing.`, advice);
  let data: unknown;
  try {
    data = parse(text);
  } catch (error) {
    throw new PersonError(`${baseImageFile} is not YAML: ${(error as Error).message}`, advice);
  }
  const parsed = content.safeParse(data);
  if (parsed.success) return parsed.data.image;
  throw new PersonError(`${baseImageFile} cannot be used:\n${z.prettifyError(parsed.error)}`, advice);
}
