// What an operation did, from the engine's event log: JSON lines, the only complete source of policy events.
import { closeSync, existsSync, openSync, readFileSync, readSync, rmSync, statSync, writeFileSync } from "node:fs";

interface Judged {
  readonly passed?: readonly string[];
  readonly failed?: readonly string[];
}

/** A resource as the engine found it, or as it would make it. Secrets are marked or written "[secret]". */
interface EngineResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly custom?: boolean;
  readonly external?: boolean;
  readonly parent?: string;
  readonly protect?: boolean;
  readonly retainOnDelete?: boolean;
  /** `<URN of the provider>::<its id>`, or empty. */
  readonly provider?: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
}

/** One step of a plan. A replacement is up to three of them. */
export interface EngineStep {
  readonly op: string;
  readonly urn: string;
  readonly type: string;
  readonly old: EngineResource | null;
  readonly new: EngineResource | null;
  /** Properties that changed, and those that make it a replacement. */
  readonly diffs?: readonly string[] | null;
  readonly keys?: readonly string[] | null;
  readonly detailedDiff?: Readonly<Record<string, { readonly diffKind?: string }>> | null;
}

export interface EngineEvent {
  readonly preludeEvent?: { readonly config?: Readonly<Record<string, string>> };
  readonly resourcePreEvent?: { readonly metadata: EngineStep };
  /** What came of a step. A refresh decides only here. */
  readonly resOutputsEvent?: { readonly metadata: EngineStep };
  readonly diagnosticEvent?: { readonly urn?: string; readonly message: string; readonly severity: string };
  /** What a pack's rules said of one resource, and of the stack as a whole. */
  readonly policyAnalyzeSummaryEvent?: Judged;
  readonly policyAnalyzeStackSummaryEvent?: Judged;
  readonly policyEvent?: {
    readonly resourceUrn?: string;
    readonly message: string;
    readonly policyName: string;
    readonly policyPackName: string;
    readonly enforcementLevel: string;
  };
  readonly summaryEvent?: {
    readonly resourceChanges?: Readonly<Record<string, number>>;
    readonly isPreview?: boolean;
    readonly result?: string;
    readonly durationSeconds?: number;
  };
}

export interface Finding {
  readonly rule: string;
  readonly urn: string;
  readonly message: string;
  readonly mandatory: boolean;
}

export interface Outcome {
  /** By the engine's operation: create, update, replace, delete, same, ... */
  readonly changes: Readonly<Record<string, number>>;
  readonly findings: readonly Finding[];
  /** Errors, as the engine words them. */
  readonly errors: readonly string[];
  /** Rules that judged at least one resource, or the stack. */
  readonly rules: number;
}

/**
 * Counts the resources whose operation is complete. The log of a large stack is megabytes and grows while it is asked: each call reads
 * what was added since the one before.
 * @returns how many so far; 0 before the log is there
 */
export function countingDone(file: string): () => number {
  const mark = '"resOutputsEvent":{';
  let [position, done, last] = [0, 0, ""];
  return () => {
    const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    // An operation that previews first begins its log anew when it comes to the update.
    if (size < position) [position, done, last] = [0, 0, ""];
    if (size === position) return done;
    const bytes = Buffer.alloc(size - position);
    const log = openSync(file, "r");
    try {
      position += readSync(log, bytes, 0, bytes.length, position);
    } finally {
      closeSync(log);
    }
    // What is cut in two by the end of one reading is whole in the next.
    const text = last + bytes.toString("latin1");
    done += text.split(mark).length - 1;
    last = text.slice(-(mark.length - 1));
    return done;
  };
}

/**
 * Makes the file of an event log for the engine to write into, for nobody else to read: its lines for debugging show properties as they
 * are, secrets included.
 */
export function openEventLog(file: string): void {
  rmSync(file, { force: true });
  writeFileSync(file, "", { mode: 0o600 });
}

/** Takes the lines for debugging out of an event log. */
export function forgetDebugging(file: string): void {
  const lines = readFileSync(file, "utf8").split("\n");
  writeFileSync(file, lines.filter((line) => !line.includes('"severity":"debug"')).join("\n"));
}

/** Every event of a log; none before the log is there. */
export const readEvents = (file: string): EngineEvent[] => (existsSync(file) ? parseEvents(readFileSync(file, "utf8")) : []);

export function parseEvents(log: string): EngineEvent[] {
  return log.split("\n").flatMap((line) => {
    try {
      return [JSON.parse(line) as EngineEvent];
    } catch {
      return []; // The line that is being written, or the empty last one.
    }
  });
}

/** Colour and layout directives of the engine (`<{%reset%}>`), and terminal escapes. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: terminal escapes begin with one.
const markup = /<\{%[^%]*%\}>|\u001b\[[0-9;]*m/g;

export function outcomeOf(events: readonly EngineEvent[]): Outcome {
  const changes = events.findLast(({ summaryEvent }) => summaryEvent)?.summaryEvent?.resourceChanges ?? {};
  const findings = new Map<string, Finding>();
  for (const { policyEvent } of events)
    if (policyEvent && policyEvent.enforcementLevel !== "disabled") {
      const finding = {
        rule: policyEvent.policyName,
        urn: policyEvent.resourceUrn ?? "",
        message: policyEvent.message.replace(markup, "").trim(),
        mandatory: policyEvent.enforcementLevel === "mandatory",
      };
      findings.set(`${finding.rule} ${finding.urn} ${finding.message}`, finding);
    }
  const errors = events.flatMap(({ diagnosticEvent }) =>
    diagnosticEvent?.severity === "error" ? [diagnosticEvent.message.replace(markup, "").trim()] : [],
  );
  const judged = events.flatMap(({ policyAnalyzeSummaryEvent: one, policyAnalyzeStackSummaryEvent: all }) => [one ?? {}, all ?? {}]);
  const rules = new Set(judged.flatMap(({ passed = [], failed = [] }) => [...passed, ...failed]));
  return {
    changes,
    rules: rules.size,
    findings: [...findings.values()],
    errors: [...new Set(errors)].filter((message) => message !== "" && !/^(update|preview|resource .* operation) failed$/i.test(message)),
  };
}
