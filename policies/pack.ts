// The executable policy pack: `pulumi up --policy-pack <this file, built>`. Beside it stand the registers, the exemptions and
// a package.json with the version, so that what was in force can be read from the folder.
import { readFileSync } from "node:fs";
import module from "node:module";
import { join } from "node:path";
import { serve } from "./analyzer.ts";
import { catalogue } from "./catalogue.ts";
import { contextOf } from "./context.ts";
import { loadExemptions } from "./exemptions.ts";
import { loadKnowledge } from "./knowledge.ts";
import { loadRegister } from "./register.ts";
import { rules } from "./rules/index.ts";
import { exemptionsRule, Session } from "./session.ts";

// The engine is this process's parent. Noted at once: one that ends while the pack starts must be missed as well.
const parent = process.ppid;

// The engine's own address, as it starts every analyzer: host:port.
const host = process.argv[2]?.replace(/:\d+$/, "");
if (!host) {
  process.stderr.write("This is a policy pack: give its absolute path to pulumi with --policy-pack.\n");
  process.exit(64);
}

const dir = import.meta.dirname;
const { version } = JSON.parse(readFileSync(join(dir, "package.json"), "utf8")) as { version: string };

// An engine asks within milliseconds. None that asks within a minute was gone before it could be noted.
const unasked = setTimeout(() => process.exit(), 60_000);
const { port } = await serve(
  {
    name: "bailiwick",
    version,
    rules: [...rules, exemptionsRule],
    // Read for every stack: what is wrong with the files is the deployment's error, not a pack that does not start.
    open: ({ dryRun, ...facts }) => {
      clearTimeout(unasked);
      const now = new Date();
      return new Session({
        rules,
        context: contextOf(facts, loadRegister(dir), loadKnowledge(dir, now)),
        exemptions: loadExemptions(dir, catalogue, now),
        dryRun,
      });
    },
  },
  host,
);

// The engine reads the port from the first line. Without it there is nobody to answer.
process.stdout.write(`${port}\n`);
// The engine ends the pack without a word, and what Node keeps of its compiled code (NODE_COMPILE_CACHE) is written at an end in order.
setTimeout(() => module.flushCompileCache?.(), 1000);
setInterval(() => {
  if (process.ppid !== parent) process.exit();
}, 1000);
