// Preloaded into every program that the language host runs: what @pulumi/pulumi loads at its start and rarely needs is loaded
// at first use. It halves the work of a small program's start, and its memory.
import Module from "node:module";
import * as scriptLocations from "./script-locations.ts";

type Load = (this: unknown, request: string, parent: { readonly filename?: string } | undefined, ...rest: unknown[]) => unknown;
type Exports = Record<PropertyKey, unknown>;
// Not in Node's documented interface, but what every module loader hook has patched for a decade; `registerHooks` cannot defer a load.
const loader = Module as unknown as { _load: Load };
const load = loader._load;

const byModule = new Set([
  // Only to serialise functions into code ("magic" functions): the compiler, npm's installer, the reader of package descriptions.
  "typescript",
  "@npmcli/arborist",
  "normalize-package-data",
  // Only in programs that run Pulumi themselves.
  "./automation",
]);

/** What the SDK's own files ask for: a program's own requests are its own business. */
const sdk = /@pulumi[\\/]pulumi[\\/](?!.*node_modules)/;
/** Needs OpenTelemetry only when tracing, and takes its packages apart at once: each of their members is a stand-in of its own. */
const tracing = /@pulumi[\\/]pulumi[\\/]cmd[\\/]run[\\/]tracing\.js$/;

/**
 * Maps each line of each stack back to its source, for each of the hundreds of stacks that the SDK takes: half of the program's time.
 * Node strips types in place, so lines and columns of a TypeScript program are right without it.
 */
const mapping = "source-map-support/register";
const isTypeScript = /\.[cm]?ts$/.test(process.argv.at(-1) ?? "");

/** Notes for each promise where it was made, a stack each, for a message that shows them only if this variable asks for them. */
const notes = "./debuggable";
const wantsNotes = Boolean(process.env.PULUMI_DEBUG_PROMISE_LEAKS);

/** Turns on V8's debugger in every program. */
const debuggerHooks = /\/v8Hooks$/;

loader._load = function (request, parent, ...rest) {
  const asker = parent?.filename ?? "";
  if (!sdk.test(asker)) return load.call(this, request, parent, ...rest);
  if (request === mapping && isTypeScript) return {};
  if (debuggerHooks.test(request)) return scriptLocations;
  if (request === notes && !wantsNotes) return withoutStacks(load.call(this, request, parent, ...rest) as Exports);
  const byMember = request.startsWith("@opentelemetry/") && request !== "@opentelemetry/api" && tracing.test(asker);
  if (!byMember && !byModule.has(request)) return load.call(this, request, parent, ...rest);
  let loaded: Exports | undefined;
  const exports = () => {
    loaded ??= load.call(loader, request, parent, ...rest) as Exports;
    return loaded;
  };
  return new Proxy(
    {},
    {
      get(_target, name) {
        // Asked by the import helpers of compiled code; the answer "yes" keeps them from copying every member.
        if (name === "__esModule") return true;
        if (byMember) return standIn(() => exports()[name] as Callable);
        // As the import helpers see a module that is a single function.
        return name === "default" && !exports().__esModule ? exports() : exports()[name];
      },
    },
  );
};

type Callable = new (...args: unknown[]) => object;

/** A function or class that is looked up when it is called. */
function standIn(member: () => Callable): object {
  return new Proxy(class {}, {
    apply: (_target, self, args) => Reflect.apply(member(), self, args),
    construct: (_target, args) => Reflect.construct(member(), args),
  });
}

const wrapped = new WeakSet<Exports>();

/** Lets the SDK make its notes with empty stacks. */
function withoutStacks(exports: Exports): Exports {
  const make = exports.debuggablePromise;
  if (wrapped.has(exports) || typeof make !== "function") return exports;
  wrapped.add(exports);
  exports.debuggablePromise = (...args: unknown[]) => {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    try {
      return make(...args) as unknown;
    } finally {
      Error.stackTraceLimit = limit;
    }
  };
  return exports;
}
