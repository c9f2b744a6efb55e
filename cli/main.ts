// `./bailiwick <command>`. Each command is loaded when it is asked for, so that the tool starts at once.
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { exitCodes, PersonError } from "./errors.ts";
import { parsePort, portsAllowed } from "./port.ts";
import { endProgress } from "./terminal.ts";

function port(text: string): number {
  const number = parsePort(text);
  if (number === undefined) throw new InvalidArgumentError(portsAllowed);
  return number;
}

function percent(text: string): number {
  const number = Number(text);
  // Two decimals, so that this share and the rest of it add up to 100.
  if (!(/^\d+(\.\d{1,2})?$/.test(text) && number >= 0.01 && number <= 100))
    throw new InvalidArgumentError("a percentage is a number from 0.01 to 100, with at most two decimals");
  return number;
}

/** A number between two, both included. */
const within = (least: number, most: number) => (text: string) => {
  const number = Number(text);
  if (!(number >= least && number <= most)) throw new InvalidArgumentError(`a number from ${least} to ${most} is allowed`);
  return number;
};

function email(text: string): string {
  if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text)) throw new InvalidArgumentError("an e-mail address is allowed");
  return text;
}

const program = new Command("bailiwick")
  .description("Deploys the platform, region by region, onto an embedded cloud on this machine.")
  .exitOverride()
  .showHelpAfterError("(./bailiwick --help shows what there is)")
  .addHelpText(
    "after",
    `
Exit codes: 0 done, 1 failed, 2 refused by a policy, 64 wrong command line, 69 something needed is not there, 130 interrupted.
Everything stays on this machine: state under .sandbox/, builds under .bailiwick/, tools in the cache.`,
  );

const json = ["--json", "print the result as JSON"] as const;
const reportOption = () =>
  new Option("--report <form>", "one page over all stacks, for whoever reviews the change").choices(["md", "html", "json"]);

program
  .command("up")
  .description("deploy stacks (default: global, then all regions); builds and publishes what changed")
  .argument("[stack...]")
  .option("--port <port>", "port of the gateway (default 8400, or BAILIWICK_PORT)", port)
  .option("--plan <folder>", "do nothing that is not in the plans there, as preview --save-plan wrote them")
  .option("--cloud", "to the real clouds, by a saved plan: your own Pulumi backend and sign-ins")
  .option(...json)
  .action(async (stacks: string[], options) => (await import("./commands/up.ts")).up(stacks, options));
program
  .command("preview")
  .description("show what up would change and whether it complies")
  .argument("[stack...]")
  .addOption(reportOption())
  .option("--out <file>", "write the report there")
  .option("--save-plan <folder>", "write there what up --plan may do")
  .option("--against <ref>", "on top of what the merge base with this branch or commit deploys, on an embedded cloud of its own")
  .option("--cloud", "on the real clouds: your own Pulumi backend and sign-ins")
  .option(...json)
  .action(async (stacks: string[], options) => (await import("./commands/preview.ts")).preview(stacks, options));
program
  .command("drift")
  .description("compare what stands in the clouds with what was deployed; changes nothing; exit code 1 when something differs")
  .argument("[stack...]")
  .option("--cloud", "on the real clouds: your own Pulumi backend and sign-ins")
  .option(...json)
  .action(async (stacks: string[], options) => (await import("./commands/drift.ts")).drift(stacks, options));
const report = program.command("report").description("what other runs previewed, as one page");
report
  .command("render")
  .description("put together what preview --report json wrote; exit code 2 when it may not merge")
  .argument("<path...>", "files, or folders of them")
  .addOption(reportOption().default("md"))
  .option("--out <file>", "write the report there")
  .option("--stacks <names>", "that must be among them, with commas between (default: all)")
  .option(...json)
  .action(async (paths: string[], options) => (await import("./commands/report.ts")).render(paths, options));
report
  .command("post")
  .description("in .github/workflows/report.yml: comment on the pull request, and set its required check")
  .argument("<folder>", "with what preview --report json wrote")
  .option(...json)
  .action(async (folder: string, options) => (await import("./commands/report.ts")).post(folder, options));
report
  .command("exemptions")
  .description("exemptions that are about to end; exit code 1 when there are any")
  .option("--within <days>", "how soon", within(0, 90), 14)
  .option(...json)
  .action(async (options) => (await import("./commands/report.ts")).exemptions(options));
program
  .command("release")
  .description("say which releases of an artifact serve a region: writes stacks/Pulumi.<stack>.yaml; takes effect with the next up")
  .argument("<stack>")
  .argument("<artifact>", "site or preferences")
  .option("--newest <percent>", "share of the newest build; what serves now keeps the rest", percent)
  .option("--rest <digest>", "of --newest: which build keeps the rest, where this machine has no state that says it")
  .option("--back [digest]", "what served before the rollout, or this build, gets everything")
  .option(...json)
  .action(async (stack: string, artifact: string, options) => (await import("./commands/release.ts")).release(stack, artifact, options));
program
  .command("graph")
  .description("draw a stack as its program makes it: components, and what calls or needs what, as a Mermaid flowchart")
  .argument("<stack>")
  .option(...json)
  .action(async (stack: string, options) => (await import("./commands/graph.ts")).graph(stack, options));
program
  .command("status")
  .description("say whether everything is well, and if not, where: region by region, as the running parts say")
  .argument("[region]", "show each of its parts as well")
  .option("--since <duration>", "how far back spans are counted: 30s, 5m, 1h", "5m")
  .option("--watch", "refresh on a terminal until Ctrl-C")
  .option(...json)
  .action(async (region: string | undefined, options) => (await import("./commands/status.ts")).status(region, options));
program
  .command("chaos")
  .description("hurt a part of what runs, for a while: list, stop, slow, break, heal")
  .argument("<action>", "list | stop | slow | break | heal")
  .argument("[part]", "as list names it, or an end of it that fits one part only; heal without one heals all")
  .option("--for <duration>", "how long: 30s, 5m, 1h; at most 24h", "5m")
  .option("--delay <duration>", "of slow: how much later it answers", "500ms")
  .option("--all", "of list: the hosts of all cloud APIs as well")
  .option(...json)
  .action(async (action: string, part: string | undefined, options) => (await import("./commands/chaos.ts")).chaos(action, part, options));
const drill = program
  .command("drill")
  .description("prove on the running platform what it promises for a bad day; exit code 1 when a promise is broken");
drill
  .command("telemetry")
  .description(
    "under a steady load, one cloud's collector is away, then its sink: no visitor notices, the other path is complete, nothing is lost",
  )
  .argument("<stack>", "a region that is deployed")
  .option("--minutes <n>", "how long each of the two is away; alerts are judged from 4 on", within(0.1, 60), 5)
  .option("--rate <n>", "requests a second", within(1, 100), 5)
  .option("--path <path>", "whose parts are stopped: aws or gcp", "aws")
  .option("--budget <ms>", "what a visitor may wait; 99 % must", within(1, 20_000), 200)
  .option(...json)
  .action(async (stack: string, options) => (await import("./commands/drill.ts")).telemetryDrill(stack, options));
drill
  .command("kills")
  .description("every kind of process is killed with -9 under load, again and again: it comes back, and nothing acknowledged is lost")
  .argument("<stack>", "a region that is deployed")
  .option("--rounds <n>", "kills of each", within(1, 100), 10)
  .option("--only <names>", "of edge, service, spool, database, objects, collector-gcp, collector-aws, job, sandbox, with commas between")
  .option(...json)
  .action(async (stack: string, options) => (await import("./commands/drill.ts")).killsDrill(stack, options));
program
  .command("logs")
  .description("show the logs of the sandbox and of what runs in it")
  .argument("[name]", "only logs whose name contains this")
  .option("-n, --lines <n>", "last lines of each", (text) => Number.parseInt(text, 10), 40)
  .option(...json)
  .action(async (name: string | undefined, options) => (await import("./commands/logs.ts")).logs(name, options));
program
  .command("query")
  .description("read a region's database: runs one SQL statement in a read-only transaction")
  .argument("<stack>")
  .argument("<sql>")
  .option(...json)
  .action(async (stack: string, sql: string, options) => (await import("./commands/query.ts")).query(stack, sql, options));
program
  .command("telemetry")
  .description("show what the telemetry archives of a region hold, and whether anything is missing there (default: all regions)")
  .argument("[stack]")
  .option("--trace <id>", "the spans of this trace, from both archives")
  .option(...json)
  .action(async (stack: string | undefined, options) => (await import("./commands/telemetry.ts")).telemetry(stack, options));
program
  .command("down")
  .description("stop everything and keep all data")
  .option("--purge", "discard the embedded account with all its data")
  .option(...json)
  .action(async (options) => (await import("./commands/down.ts")).down(options));
const policy = program
  .command("policy")
  .description("read the rules of the policy pack, judge what already runs by them, and adopt the pack with an existing estate");
policy
  .command("list")
  .description("list the rules")
  .option("--topic <topic>", "only of this topic: residency, exposure, ...")
  .option("--framework <name>", "by the clauses of this framework: GDPR, ISO 27001, ...")
  .option(...json)
  .action(async (options) => (await import("./commands/policy.ts")).list(options));
policy
  .command("explain")
  .description("say what a rule holds, why, by which law, how to keep it, with an example that passes and one that is refused")
  .argument("<rule>", "as a finding names it: residency/location")
  .option(...json)
  .action(async (rule: string, options) => (await import("./commands/policy.ts")).explain(rule, options));
const states = ["--state <file...>", "states of stacks, by: pulumi stack export -s STACK --file FILE"] as const;
const configs = [
  "--config <file...>",
  "configuration of the stacks: Pulumi.<stack>.yaml, of one stack any name; default: this project's own",
] as const;
policy
  .command("check")
  .description("judge exported states by all rules, without a deployment; exit code 2 when the pack would refuse them")
  .requiredOption(...states)
  .option(...configs)
  .option("--record", "keep the result in policies/results/, and write docs/controls.md")
  .option(...json)
  .action(async (options) => (await import("./commands/policy.ts")).check(options));
policy
  .command("baseline")
  .description("write dated exemptions for what exported states break today; what allows none is listed, exit code 2")
  .requiredOption(...states)
  .option(...configs)
  .requiredOption("--owner <email>", "who will end the exemptions", email)
  .requiredOption("--approver <email>", "another person, who allows them", email)
  .requiredOption("--ticket <ticket>", "where the discussion is")
  .option("--days <n>", "how long they last", within(1, 90), 90)
  .option("--write", "add them to policies/exemptions.yaml instead of printing them")
  .option(...json)
  .action(async (options) => (await import("./commands/policy.ts")).baseline(options));
const evidence = program.command("evidence").description("what a regulator asks for: proof of who said what, that can be checked alone");
evidence
  .command("export")
  .description("write a region's evidence into a folder: events, proofs, receipts, notices, signed checkpoint")
  .argument("<region>")
  .option("--subject <id>", "everything that this subject has said")
  .option("--from <date>", "everything that was said since then")
  .option("--to <date>", "up to, and without, this moment (default: now)")
  .option("--out <folder>", "a new folder (default: evidence-<region>)")
  .option(...json)
  .action(async (region: string, options) => (await import("./commands/evidence.ts")).exportEvidence(region, options));
evidence
  .command("verify")
  .description("check a folder of evidence by verify.mjs, which shares nothing with the service; exit code 1 where something does not hold")
  .argument("<folder>")
  .option("--log-key <key>", "the log's key: <name>+<8 hex digits>+<base64>, or a file that holds it")
  .option("--manifest-key <file>", "the key of whoever made the evidence, where that was not the log's keeper: PEM")
  .option("--monitor-key <key...>", "keys of monitors that watch the log")
  .option(
    "--region <stack>",
    "take the keys of log and monitor from the regions that run here, in the place of a person who hands them out",
  )
  .option(...json)
  .action(async (folder: string, options) => (await import("./commands/evidence.ts")).verifyEvidence(folder, options));
program
  .command("env")
  .description('print what a shell needs for plain pulumi: eval "$(./bailiwick env eu)"')
  .argument("<stack>")
  .option(...json)
  .action(async (stack: string, options) => (await import("./commands/env.ts")).env(stack, options));
program
  .command("doctor")
  .description("list what is needed, where it is, and what to do about what is missing")
  .option("--cloud", "what a deployment to the real clouds needs, asked of them without changing anything")
  .option(...json)
  .action(async (options) =>
    options.cloud
      ? (await import("./commands/doctor-cloud.ts")).doctorCloud(options)
      : (await import("./commands/doctor.ts")).doctor(options),
  );
program
  .command("build")
  .description("build Workers, images, the decision table and the policy pack")
  .option(...json)
  .action(async (options) => (await import("./commands/build.ts")).build(options));
program
  .command("publish")
  .description("sign decision tables and push images; the stack global must be up")
  .option("--cloud", "to the real clouds: your own Pulumi backend and sign-ins")
  .option(...json)
  .action(async (options) => (await import("./commands/publish.ts")).publish(options));
program
  .command("bench")
  .description("measure, and write docs/benchmarks.md")
  .argument(
    "[name...]",
    "only these, and write nothing: deployments, memory, edge, previews, policies, report, resources, telemetry, collectors",
  )
  .option("--quick", "fewer rounds; writes nothing")
  .option(...json)
  .action(async (names: string[], options) => (await import("./commands/bench.ts")).bench(names, options));
program
  .command("test")
  .description("run the tests (default: all but the long files)")
  .argument("[tier...]", "all, unit, plan, function, policy, sandbox, e2e, fault, structure, docs")
  .option(...json)
  .allowUnknownOption()
  .action(async (tiers: string[], options) => (await import("./commands/test.ts")).test(tiers, options));

// A reader that has seen enough, as `| head` has, ends the command, and is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

try {
  await program.parseAsync();
} catch (error) {
  endProgress();
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  else if (error instanceof PersonError) {
    process.stderr.write(`\nbailiwick: ${error.message}\nwhat to do: ${error.advice}\n`);
    process.exitCode = error.exitCode;
  } else {
    // A bug of ours: the one case in which a stack helps.
    process.stderr.write(`\nbailiwick: unexpected: ${error instanceof Error ? error.stack : error}\n`);
    process.exitCode = exitCodes.failed;
  }
}
