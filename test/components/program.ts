// Runs a program's components against a stand-in for the engine that says what it was asked to make. What an engine really plans is
// tested in test/plan; here stands what needs no engine: refusals, transforms, names, derived values.
import * as pulumi from "@pulumi/pulumi";
import { getMonitor } from "@pulumi/pulumi/runtime/settings.js";

export interface Made {
  readonly type: string;
  readonly name: string;
  /** Secrets are laid open. */
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** The key by which the SDK marks a secret on its way to the engine. */
const secretMark = "4dabf18193072939515e22adb298388d";

function open(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(open);
  if (typeof value !== "object" || value === null) return value;
  if (secretMark in value) return open((value as { value?: unknown }).value);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, open(inner)]));
}

/** What the stand-in answers beside the inputs; enough for what the components read. */
const computed = (name: string) => ({
  email: `${name}@project.iam.gserviceaccount.com`,
  member: `serviceAccount:${name}@project.iam.gserviceaccount.com`,
  arn: `arn:aws:test:::${name}`,
  domainValidationOptions: [
    { resourceRecordName: `_${name}.example.`, resourceRecordType: "CNAME", resourceRecordValue: "_value.example." },
  ],
  address: "203.0.113.7",
  dnsResourceRecords: [{ name: "_acme-challenge_1.brand.example.", type: "CNAME", data: "proof.authority.example." }],
});

/** What functions of the providers answer, beside what they are asked. */
const answers: Readonly<Record<string, Record<string, unknown>>> = {
  "aws:index/getAvailabilityZones:getAvailabilityZones": { names: ["zone-a", "zone-b", "zone-c"] },
};

/** Builds, waits until all is registered, and gives what was made, beside what `build` gave. */
export async function run<T>(build: () => T): Promise<{ readonly made: readonly Made[]; readonly value: T }> {
  const made: Made[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => {
        made.push({ type, name, inputs: open(inputs) as Record<string, unknown> });
        return { id: `${name}-id`, state: { ...computed(name), ...(inputs as Record<string, unknown>) } };
      },
      call: ({ token, inputs }) => ({ ...(inputs as Record<string, unknown>), ...answers[token] }),
    },
    "bailiwick",
    "eu",
  );
  // The stand-in has hooks among its features and cannot take one. What they do is tested under the real engine.
  const monitor = getMonitor() as unknown as {
    registerResourceHook: (request: unknown, done: (error: null, answer: object) => void) => void;
  };
  monitor.registerResourceHook = (_request, done) => done(null, {});
  const value = build();
  await pulumi.runtime.disconnect();
  return { made, value };
}

/** The value of an output, once it is known. */
export const known = <T>(output: pulumi.Output<T>): Promise<T> => new Promise((resolve) => output.apply(resolve));

/** @throws Error that names what was made */
export function part(made: readonly Made[], name: string): Made {
  const found = made.find((each) => each.name === name);
  if (found) return found;
  throw new Error(`"${name}" was not made; made were ${made.map((each) => each.name).join(", ")}`);
}
