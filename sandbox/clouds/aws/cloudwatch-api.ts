// monitoring.<region>.amazonaws.com: the calls that write points and tell of alarms, in the JSON protocol
// (docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference).
import type { Handler } from "../../engine/internet.ts";
import type { Store } from "../../engine/store.ts";
import type { SeriesStore } from "../../runtimes/metrics/series.ts";
import type { Credentials } from "../../runtimes/s3/credentials.ts";
import { alarmToken, type Status } from "./cloudwatch.ts";
import { metricName } from "./cloudwatch-evaluate.ts";
import type { Iam } from "./iam.ts";
import { AwsError, answering, readCall, type SignedCall } from "./signed-call.ts";

export interface CloudWatchApiOptions {
  readonly store: Store;
  readonly credentials: Credentials;
  readonly iam: Iam;
  readonly series: SeriesStore;
  /** @param id of an alarm */
  readonly statusOf: (id: string) => Status;
}

interface Datum {
  readonly MetricName?: string;
  readonly Dimensions?: readonly { readonly Name: string; readonly Value: string }[];
  /** Seconds since 1970, or RFC 3339. */
  readonly Timestamp?: number | string;
  readonly Value?: number;
}

const twoWeeksMs = 14 * 86_400_000;
const twoHoursMs = 2 * 3_600_000;

export function cloudWatchApi(region: string, { store, credentials, iam, series, statusOf }: CloudWatchApiOptions): Handler {
  function answer({ principal, operation, input }: SignedCall): object {
    iam.require({ principal, action: `cloudwatch:${operation}`, resource: "*" });
    switch (operation) {
      case "PutMetricData": {
        const namespace = String(input.Namespace ?? "");
        if (namespace === "" || namespace.startsWith("AWS/")) {
          throw new AwsError(
            "InvalidParameterValue",
            `The value ${namespace} for parameter Namespace is invalid: it must not be empty or begin with AWS/.`,
          );
        }
        for (const { MetricName, Dimensions = [], Timestamp, Value } of (input.MetricData ?? []) as readonly Datum[]) {
          const at = Timestamp === undefined ? Date.now() : typeof Timestamp === "number" ? Timestamp * 1000 : Date.parse(Timestamp);
          if (!(at > Date.now() - twoWeeksMs && at < Date.now() + twoHoursMs)) {
            throw new AwsError("InvalidParameterValue", `The Timestamp ${Timestamp} is not between two weeks ago and two hours ahead.`);
          }
          if (typeof Value !== "number" || !Number.isFinite(Value))
            throw new AwsError("InvalidParameterValue", `Value ${Value} is no number.`);
          const labels = { ...Object.fromEntries(Dimensions.map(({ Name, Value: value }) => [Name, value])), region };
          series.put({ name: metricName(namespace, MetricName), labels }, { at, count: 1, sum: Value, min: Value, max: Value });
        }
        return {};
      }
      case "DescribeAlarms": {
        const names = input.AlarmNames as readonly string[] | undefined;
        const rows = store.list(alarmToken).filter(({ state }) => state.region === region && (names?.includes(String(state.name)) ?? true));
        const alarms = rows.map(({ id, state }) => {
          const { state: value, since } = statusOf(id);
          return { AlarmName: state.name, AlarmArn: state.arn, StateValue: value, StateUpdatedTimestamp: Date.parse(since) / 1000 };
        });
        const wanted = input.StateValue;
        return { MetricAlarms: alarms.filter(({ StateValue }) => wanted === undefined || StateValue === wanted) };
      }
      default:
        throw new AwsError("UnknownOperationException", `${operation} of CloudWatch is not available here.`);
    }
  }

  return (request) => answering(async () => answer(await readCall(request, "monitoring", region, credentials)));
}
