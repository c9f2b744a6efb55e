// What has arrived in one archive since the reader was made, looked at again and again.
import type { Path } from "../../functions/shared/telemetry/emitter.ts";
import type { OtlpTraces } from "../../functions/shared/telemetry/otlp.ts";
import { storedSpans } from "../../functions/telemetry/accounting.ts";
import type { SandboxFile } from "../../sandbox/main.ts";
import { readArchive } from "../telemetry/archives.ts";
import { archiveOf, type DrilledRegion } from "./region.ts";

export class ArchiveReader {
  readonly path: Path;
  readonly #region: DrilledRegion;
  readonly #objects = new Map<string, OtlpTraces>();
  /** What was stored before nobody here has written. */
  readonly #window = { fromMs: Date.now(), atMost: Number.POSITIVE_INFINITY };

  constructor(region: DrilledRegion, path: Path) {
    this.#region = region;
    this.path = path;
  }

  /** Reads what is new. @throws PersonError when the bucket's API does not answer */
  async refresh(sandbox: SandboxFile): Promise<void> {
    await readArchive(sandbox, this.path, archiveOf(this.#region, this.path), this.#window, this.#objects);
  }

  /** How many spans of a service each trace has here: copies of one span that were stored twice are one, as for every reader. */
  spansByTrace(service: string): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { traceId, values } of storedSpans([...this.#objects.values()]))
      if (values["service.name"] === service) counts.set(traceId, (counts.get(traceId) ?? 0) + 1);
    return counts;
  }

  /** Spans that lie here more than once. */
  duplicates(): number {
    const objects = [...this.#objects.values()];
    const all = objects.flatMap(({ resourceSpans }) =>
      resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.map(({ spans }) => spans.length)),
    );
    return all.reduce((sum, count) => sum + count, 0) - storedSpans(objects).length;
  }
}
