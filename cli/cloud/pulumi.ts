// Pulumi's own side: where state goes, who encrypts the secrets in it, and whether what is built may leave this machine.
import type { Manifest } from "../../stacks/artifact-manifest.ts";
import type { Prerequisite } from "./prerequisite.ts";

/** Runs the person's own pulumi in the project. */
export type Pulumi = (args: readonly string[]) => Promise<{ readonly ok: boolean; readonly output: string }>;

/** @param configs text of each stack's committed configuration */
export async function pulumiPrerequisites(pulumi: Pulumi, configs: ReadonlyMap<string, string>): Promise<Prerequisite[]> {
  const who = await pulumi(["whoami", "--verbose", "--json"]);
  const backend: Prerequisite = {
    area: "Pulumi",
    what: "state backend",
    ...(who.ok
      ? { verdict: "there" as const, found: (JSON.parse(who.output) as { url?: string }).url ?? "" }
      : { verdict: "missing" as const, found: who.output.trim().split("\n").at(-1) ?? "" }),
    provide: "pulumi login <s3://... | gs://... | azblob://...>, in a bucket of your own with versioning, or Pulumi Cloud",
  };
  const secrets = [...configs].map(([stack, text]): Prerequisite => {
    const provider = /^secretsprovider: *(.+)$/m.exec(text)?.[1];
    const passphrase = /^encryptionsalt:/m.test(text);
    return {
      area: "Pulumi",
      what: `secrets provider of ${stack}`,
      verdict: provider ? "there" : "missing",
      found: provider ?? (passphrase ? "a passphrase, which people have to share" : "none is named"),
      provide: `pulumi stack init ${stack} --secrets-provider="gcpkms://projects/<p>/locations/<l>/keyRings/<r>/cryptoKeys/<k>"; Pulumi Cloud has one of its own`,
    };
  });
  return [backend, ...secrets];
}

export function artifactPrerequisites(manifest: Manifest): Prerequisite[] {
  const images = new Map(manifest.artifacts.filter(({ kind }) => kind === "image").map((artifact) => [artifact.name, artifact]));
  return [...images.values()].map(({ name, availability, digest }) => ({
    area: "artifacts",
    what: `image ${name}`,
    verdict: availability === "anywhere" ? "there" : "missing",
    found: availability === "anywhere" ? digest.slice(0, 19) : "sandbox-only: it has no base layer",
    provide: "pin a base image by digest in functions/base-image.yaml, then ./bailiwick build",
  }));
}
