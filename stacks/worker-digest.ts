// The digest of a Worker that was built, and the proof that what lies in its folder is still that. (An image needs none: whoever pulls it by
// digest checks it.)
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { RunError } from "@pulumi/pulumi";
import type { Artifact } from "./artifact-manifest.ts";

/** @param modules file name to bytes @param decisionTable its canonical JSON, of a Worker that carries one; the signature comes later */
export function workerDigest(modules: Readonly<Record<string, Uint8Array>>, decisionTable = ""): string {
  const hash = createHash("sha256");
  for (const name of Object.keys(modules).sort())
    hash
      .update(name)
      .update("\0")
      .update(modules[name] as Uint8Array);
  return `sha256:${hash.update(decisionTable).digest("hex")}`;
}

/**
 * @param dir the artifact's folder: modules (`*.js`), and for a Worker with a decision table `decision-table.json` and, once published, `.jws`
 * @throws RunError when the folder is gone, or holds anything but what was built
 */
export function verifyWorker(artifact: Artifact, dir: string): void {
  const refuse = (what: string) =>
    new RunError(
      `the Worker "${artifact.name}" is not what was built: ${what}.\n` +
        `Find out who changed it. Then delete ${dir} and run ./bailiwick build and ./bailiwick publish again; a release of older sources is built from its commit (${artifact.provenance.commit}).`,
    );
  if (!existsSync(dir)) throw refuse(`${dir} is gone`);
  const modules = readdirSync(dir).filter((file) => file.endsWith(".js"));
  const table = join(dir, "decision-table.json");
  const text = existsSync(table) ? readFileSync(table, "utf8") : undefined;
  const digest = workerDigest(Object.fromEntries(modules.map((file) => [file, readFileSync(join(dir, file))])), text);
  if (digest !== artifact.digest) throw refuse(`the manifest says ${artifact.digest}, ${dir} has ${digest}`);
  const signed = join(dir, "decision-table.jws");
  // A compact JWS (RFC 7515): header.payload.signature. Whether the signature holds is the edge's to check.
  if (existsSync(signed) && Buffer.from(readFileSync(signed, "utf8").split(".")[1] ?? "", "base64url").toString() !== text)
    throw refuse(`${signed} signs another decision table than ${table}`);
}
