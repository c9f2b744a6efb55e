// What stacks make, without a deployment: `node cli/graph/program.ts <stack>...` runs their program against a stand-in for the engine and
// prints, stack by stack, the resources with their inputs and what each needs. Nothing has to be built: artifacts are stand-ins as well.
import { generateKeyPairSync } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as pulumi from "@pulumi/pulumi";
import { getMonitor } from "@pulumi/pulumi/runtime/settings.js";
import { parse } from "yaml";
import { bundles } from "../../functions/bundles.ts";
import type { Artifact, Manifest } from "../../stacks/artifact-manifest.ts";
import { jurisdictions } from "../../stacks/residency.ts";
import { workerDigest } from "../../stacks/worker-digest.ts";
import { root } from "../paths.ts";
import { committedConfig, projectName } from "../stacks.ts";
import type { ProgramResource } from "./graph.ts";

/** As much of the SDK's RegisterResourceRequest as is read here (@pulumi/pulumi/proto/resource_pb). */
interface Request {
  getType(): string;
  getParent(): string;
  getCustom(): boolean;
  getPropertydependenciesMap(): { forEach(each: (urns: { getUrnsList(): string[] }, property: string) => void): void };
  getObject(): { toJavaScript(): Record<string, unknown> } | undefined;
}
type Register = (request: Request, done: (error: unknown, response: { getUrn(): string } | undefined) => void) => Promise<void>;

const someDigest = `sha256:${"0".repeat(64)}`;

/** A folder with the program, in which everything seems to be built. */
function builtProgram(): string {
  const folder = mkdtempSync(join(tmpdir(), "program-"));
  for (const part of ["stacks", "components", "package.json"]) cpSync(join(root, part), join(folder, part), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  const text = new TextEncoder().encode("export default {};");
  const artifacts = [...bundles.map(({ name, kind }) => ({ name, worker: kind === "worker" })), { name: "collector", worker: false }].map(
    ({ name, worker }): Artifact => {
      const path = `artifacts/${name}`;
      mkdirSync(join(folder, ".bailiwick", path), { recursive: true });
      if (worker) writeFileSync(join(folder, ".bailiwick", path, "index.js"), text);
      return {
        name,
        kind: worker ? "worker" : "image",
        digest: worker ? workerDigest({ "index.js": text }) : someDigest,
        size: text.length,
        path,
        sbom: `${path}.cdx.json`,
        provenance: { commit: "", dirty: false, lock: "", node: "" },
        availability: "anywhere",
      };
    },
  );
  writeFileSync(join(folder, ".bailiwick", "manifest.json"), JSON.stringify({ version: 1, artifacts } satisfies Manifest));
  return folder;
}

const keys = generateKeyPairSync("ed25519", {
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});
/** What the clouds and the stack `global` answer, as far as the program reads it. */
const answers = (name: string) => ({
  email: `${name}@accounts.example`,
  member: `serviceAccount:${name}@accounts.example`,
  emailAddress: `${name}@accounts.example`,
  number: "1",
  names: ["zone-a", "zone-b"],
  publicKeys: [{ algorithm: "", pem: keys.publicKey }],
  publicKeyPem: keys.publicKey,
  privateKeyPemPkcs8: keys.privateKey,
  domainValidationOptions: [{ resourceRecordName: "proof.", resourceRecordType: "CNAME", resourceRecordValue: "proof." }],
  dnsResourceRecords: [{ name: "proof.", type: "CNAME", data: "proof." }],
});
const repositories = Object.fromEntries(jurisdictions.map((jurisdiction) => [jurisdiction, "registry.example/bailiwick"]));
const globalAnswers = {
  storefront: "https://www.brand.example",
  registryProject: "brand-global",
  repositories,
  awsRepositories: repositories,
  decisionTableKey: "public key",
};

async function resourcesOf(stack: string, folder: string): Promise<ProgramResource[]> {
  const made: ProgramResource[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => ({
        id: `${name}-id`,
        state:
          type === "pulumi:pulumi:StackReference"
            ? { ...inputs, outputs: globalAnswers }
            : { arn: `arn:${name}`, ...answers(name), ...inputs },
      }),
      call: ({ inputs }) => ({ ...answers("agent"), ...inputs }),
    },
    projectName,
    stack,
    false,
    "organization",
  );
  const monitor = getMonitor() as unknown as {
    registerResource: Register;
    registerResourceHook: (request: unknown, done: (error: null, answer: object) => void) => void;
  };
  // The stand-in has hooks among its features and cannot take one.
  monitor.registerResourceHook = (_request, done) => done(null, {});
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, done) =>
    register(request, (error, response) => {
      const propertyDependencies: Record<string, string[]> = {};
      request.getPropertydependenciesMap().forEach((urns, property) => {
        propertyDependencies[property] = urns.getUrnsList();
      });
      if (response)
        made.push({
          urn: response.getUrn(),
          type: request.getType(),
          custom: request.getCustom(),
          parent: request.getParent(),
          propertyDependencies,
          inputs: request.getObject()?.toJavaScript() ?? {},
        });
      done(error, response);
    });
  const { config } = parse(readFileSync(committedConfig(stack), "utf8")) as { config: Record<string, unknown> };
  const raw = Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]),
  );
  const file = join(folder, "stacks", stack === "global" ? "global.ts" : "region.ts");
  const program = (await import(pathToFileURL(file).href)) as { deploy(stack: string, raw: Record<string, string>): Promise<unknown> };
  await program.deploy(stack, raw);
  await pulumi.runtime.disconnect();
  return made;
}

const folder = builtProgram();
try {
  const stacks: Record<string, ProgramResource[]> = {};
  for (const stack of process.argv.slice(2)) stacks[stack] = await resourcesOf(stack, folder);
  process.stdout.write(JSON.stringify(stacks));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
