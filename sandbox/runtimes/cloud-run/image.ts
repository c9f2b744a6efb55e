// What Cloud Run runs: an image's own files and its own entrypoint.

/** The part of an OCI image's configuration that says how to start it (OCI image-spec, config.md). */
export interface ImageConfig {
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  /** `NAME=value` each. */
  readonly Env?: readonly string[];
  readonly WorkingDir?: string;
}

export interface UnpackedImage {
  /** Absolute path of the folder that stands for the image's `/`. */
  readonly rootDir: string;
  readonly config: ImageConfig;
}

/** Finds images by their reference: `HOST/PROJECT/REPOSITORY/NAME@sha256:...` or with a tag. */
export interface ImageSource {
  /** Unpacks the image (once) and says where; undefined when the registry has no such image. */
  resolve(image: string): Promise<UnpackedImage | undefined>;
}
