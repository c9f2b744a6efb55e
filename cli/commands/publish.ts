import { makeReady } from "../ready.ts";
import { print } from "../terminal.ts";
import { publishTo } from "./up.ts";

export async function publish(options: { cloud?: boolean; json?: boolean }): Promise<void> {
  const done = options.cloud ? await (await import("../cloud/publish.ts")).publishToCloud() : await publishTo(await makeReady(undefined));
  if (options.json) return print(JSON.stringify({ done }, null, 2));
  print(done.length === 0 ? "Everything is published already." : done.join("\n"));
}
