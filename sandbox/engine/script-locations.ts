// Stands in for `@pulumi/pulumi/runtime/closure/v8Hooks`, in whose place sandbox/engine/lazy-modules.ts puts it: the SDK turns on V8's
// debugger at the start of every program, so as to know in which file a function lies that it may come to serialise. Here it is turned
// on when the first function is: V8 then reports the scripts it has as well as those to come, to whoever listens before.
import { type Debugger, Session } from "node:inspector";
import { setFlagsFromString } from "node:v8";

const fileOfScript = new Map<string, string>();
let session: Promise<Session> | undefined;

/** @throws Error when V8 refuses its debugger, e.g. to a worker thread that may not inspect */
export function getSessionAsync(): Promise<Session> {
  session ??= openSession();
  return session;
}

/** Nothing needs to be there before a program starts. */
export const isInitializedAsync = async (): Promise<void> => {};

/** The address of the file that V8 knows by this id, if it was reported. */
export const getScriptUrl = (id: string): string | undefined => fileOfScript.get(id);

async function openSession(): Promise<Session> {
  setFlagsFromString("--allow-natives-syntax");
  const opened = new Session();
  opened.connect();
  opened.on("Debugger.scriptParsed", ({ params }: { readonly params: Debugger.ScriptParsedEventDataType }) => {
    fileOfScript.set(params.scriptId, params.url);
  });
  await new Promise<void>((resolve, reject) => {
    opened.post("Debugger.enable", (error) => (error ? reject(error) : resolve()));
  });
  return opened;
}
