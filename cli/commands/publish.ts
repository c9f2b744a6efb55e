import { makeReady } from "../ready.ts";
import { print } from "../terminal.ts";
import { publishTo } from "./up.ts";

export async function publish(options: { json?: boolean }): Promise<void> {
  const done = await publishTo(await makeReady(undefined));
  if (options.json) return print(JSON.stringify({ done }, null, 2));
  print(done.length === 0 ? "Everything is published already." : done.join("\n"));
}
