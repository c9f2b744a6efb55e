// What was changed past the program: by hand, by another program, by a cloud.
import { PersonError } from "../errors.ts";
import { interruptible } from "../interruption.ts";
import { readEvents } from "../pulumi/events.ts";
import { eventLogOf, operate, type StackResult } from "../pulumi/operations.ts";
import { makeReady } from "../ready.ts";
import { describeFailure } from "../report.ts";
import { driftIn } from "../review/drift.ts";
import { chosenStacks } from "../stacks.ts";
import { endProgress, print, progress, say, table } from "../terminal.ts";

export async function drift(names: string[], options: { cloud?: boolean; json?: boolean }): Promise<void> {
  const stacks = chosenStacks(names);
  const look = options.cloud ? await inCloud() : await onSandbox();
  const results = await interruptible(
    async (interrupted) => {
      const done: StackResult[] = [];
      for (const stack of stacks) {
        if (interrupted()) break;
        progress(`looking at ${stack} ...`);
        done.push(await look(stack));
      }
      return done;
    },
    { atOnce: "interrupted: waiting for Pulumi to end ...", advice: "Nothing was changed. Look again." },
  );
  endProgress();
  const drifted = results.filter(({ ok }) => ok).flatMap(({ stack }) => driftIn(stack, readEvents(eventLogOf(stack, "refresh"))));
  if (options.json) print(JSON.stringify(drifted, null, 2));
  else if (drifted.length > 0)
    print(
      table(
        ["stack", "resource", "type", "", "properties"],
        drifted.map((its) => [its.stack, its.resource, its.type, its.gone ? "is gone" : "differs", its.properties.join(", ")]),
      ),
    );
  else print("Everything stands as it was deployed.");
  const failed = results.filter(({ ok }) => !ok);
  for (const result of failed) say(describeFailure(result));
  if (failed.length > 0)
    throw new PersonError(`${failed.map(({ stack }) => stack).join(", ")}: could not be compared.`, "Read the words above.");
  if (drifted.length > 0)
    throw new PersonError(
      `${drifted.length} ${drifted.length === 1 ? "resource does" : "resources do"} not stand as deployed.`,
      "Find out who changed it: then up makes it so again, or the program says it as well.",
    );
}

type Look = (stack: string) => Promise<StackResult>;

async function onSandbox(): Promise<Look> {
  const ready = await makeReady(undefined);
  return (stack) => operate("refresh", stack, ready, () => {}, say);
}

async function inCloud(): Promise<Look> {
  const { operateInCloud } = await import("../cloud/operate.ts");
  return (stack) => operateInCloud("refresh", stack);
}
