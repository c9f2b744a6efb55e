// Preloaded into every program that the language host runs: @pulumi/pulumi loads the TypeScript compiler and npm's installer at its start,
// half a second of work, and needs them only to serialise functions into code ("magic" functions). Here they load at first use.
import Module from "node:module";

type Load = (this: unknown, request: string, ...rest: unknown[]) => unknown;
// Not in Node's documented interface, but what every module loader hook has patched for a decade; `registerHooks` cannot defer a load.
const loader = Module as unknown as { _load: Load };

const load = loader._load;
const deferred = new Set(["typescript", "@npmcli/arborist"]);

loader._load = function (request, ...rest) {
  if (!deferred.has(request)) return load.call(this, request, ...rest);
  let loaded: object | undefined;
  return new Proxy(
    {},
    {
      get(_target, name) {
        // Asked by the import helpers of compiled code; the answer "yes" keeps them from copying every member.
        if (name === "__esModule") return true;
        loaded ??= load.call(loader, request, ...rest) as object;
        return Reflect.get(loaded, name);
      },
    },
  );
};
