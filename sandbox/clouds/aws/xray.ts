// xray.<region>.amazonaws.com: takes spans over OTLP and gives traces back
// (docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-OTLPEndpoint.html, docs.aws.amazon.com/xray/latest/api).
import type { Handler } from "../../engine/internet.ts";
import type { Store } from "../../engine/store.ts";
import type { Credentials } from "../../runtimes/s3/credentials.ts";
import { MalformedOtlp, type ReceivedSpan, readTraces } from "../../runtimes/telemetry/otlp.ts";
import type { SpanStore } from "../../runtimes/telemetry/span-store.ts";
import { accountIn } from "./account.ts";
import type { Iam } from "./iam.ts";
import { AwsError, answering, readSigned } from "./signed-call.ts";
import { keepsSpansInLogs } from "./xray-destination.ts";

export interface XrayOptions {
  readonly store: Store;
  readonly credentials: Credentials;
  readonly iam: Iam;
  readonly spans: SpanStore;
}

/** docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html: kept for 30 days from when it came. */
export const keptMs = 30 * 86_400_000;

/** BatchGetTraces takes five at a time. */
const mostTraces = 5;

export function xray(region: string, { store, credentials, iam, spans }: XrayOptions): Handler {
  async function answer(request: Request): Promise<object> {
    const { principal, body } = await readSigned(request, "xray", region, credentials);
    const owner = `${accountIn(principal)}/${region}`;
    const route = `${request.method} ${new URL(request.url).pathname}`;
    if (route === "POST /v1/traces") {
      iam.require({ principal, action: "xray:PutTraceSegments", resource: "*" });
      if (!keepsSpansInLogs(store, accountIn(principal), region)) {
        throw new AwsError(
          "InvalidRequestException",
          "The OTLP API is supported with CloudWatch Logs as a Trace Segment Destination. Please enable the CloudWatch Logs destination for your traces using the UpdateTraceSegmentDestination API (https://docs.aws.amazon.com/xray/latest/api/API_UpdateTraceSegmentDestination.html)",
        );
      }
      spans.add(owner, read(request, body));
      return {};
    }
    if (route === "POST /Traces") {
      iam.require({ principal, action: "xray:BatchGetTraces", resource: "*" });
      return traces(owner, body);
    }
    throw new AwsError("UnknownOperationException", `${route} is not available here; there are POST /v1/traces and POST /Traces.`, 404);
  }

  function traces(owner: string, body: Buffer): object {
    const ids = (JSON.parse(body.toString() || "{}") as { TraceIds?: string[] }).TraceIds ?? [];
    if (ids.length < 1 || ids.length > mostTraces) {
      throw new AwsError("InvalidRequestException", `TraceIds holds ${ids.length} ids; 1 to ${mostTraces} are allowed.`);
    }
    const found = ids.map((id) => [id, spans.trace(owner, id.replace(/^1-([0-9a-f]{8})-([0-9a-f]{24})$/, "$1$2"))] as const);
    return {
      Traces: found.filter(([, its]) => its.length > 0).map(([id, its]) => traceOf(id, its)),
      UnprocessedTraceIds: found.filter(([, its]) => its.length === 0).map(([id]) => id),
    };
  }

  return (request) => answering(() => answer(request));
}

function read(request: Request, body: Buffer): ReceivedSpan[] {
  try {
    return readTraces(request.headers.get("content-type") ?? "", request.headers.get("content-encoding"), body);
  } catch (error) {
    if (error instanceof MalformedOtlp) throw new AwsError("InvalidRequestException", error.message);
    throw error;
  }
}

const seconds = (nanoseconds: string) => Number(BigInt(nanoseconds) / 1000n) / 1e6;

/** A trace with its segment documents (docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html). */
function traceOf(id: string, spans: readonly ReceivedSpan[]): object {
  const from = Math.min(...spans.map((span) => seconds(span.startTimeUnixNano)));
  const to = Math.max(...spans.map((span) => seconds(span.endTimeUnixNano)));
  return {
    Id: id,
    Duration: to - from,
    LimitExceeded: false,
    Segments: spans.map((span) => ({
      Id: span.spanId,
      Document: JSON.stringify({
        id: span.spanId,
        trace_id: id,
        name: span.resource["service.name"] ?? span.name,
        start_time: seconds(span.startTimeUnixNano),
        end_time: seconds(span.endTimeUnixNano),
        ...(span.parentSpanId === "" ? {} : { parent_id: span.parentSpanId }),
        ...(span.status === 2 ? { fault: true } : {}),
        annotations: { "span.name": span.name, ...span.resource, ...span.attributes },
      }),
    })),
  };
}
