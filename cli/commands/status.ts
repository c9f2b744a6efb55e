import { localAddress } from "../addresses.ts";
import { requireReady } from "../ready.ts";
import { sandboxStatus } from "../sandbox.ts";
import { megabytes, print, table } from "../terminal.ts";

export async function status(options: { json?: boolean }): Promise<void> {
  const { sandbox } = await requireReady();
  const now = await sandboxStatus(sandbox);
  if (options.json) return print(JSON.stringify({ ...now, port: sandbox.ports.gateway }, null, 2));
  const own = new Map(now.parts.flatMap(({ pid, memory }) => (pid !== undefined && memory !== undefined ? [[pid, memory]] : [])));
  const total = [...own.values()].reduce((sum, bytes) => sum + bytes, now.memory);
  print(`gateway on port ${sandbox.ports.gateway}; everything together holds ${megabytes(total)} of memory\n`);
  print(
    table(
      ["cloud", "kind", "name", "state", "memory", "detail"],
      now.parts.map(({ cloud, kind, name, state, memory, detail }) => [
        cloud,
        kind,
        name,
        state,
        memory === undefined ? "" : megabytes(memory),
        detail,
      ]),
    ),
  );
  print(
    `\n${now.hostnames
      .map((host) => `${localAddress(host, sandbox.ports.gateway)}  is ${host}`)
      .sort()
      .join("\n")}`,
  );
}
