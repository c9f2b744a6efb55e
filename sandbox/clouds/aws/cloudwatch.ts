// CloudWatch: metrics that what runs here produces and that programs write, and alarms over them.
import { join } from "node:path";
import type { Ground, Part } from "../../engine/cloud.ts";
import { CloudError, type Context, type Failure, type Properties, type ResourceDefinition, UNKNOWN } from "../../engine/definition.ts";
import { SeriesStore } from "../../runtimes/metrics/series.ts";
import type { Credentials } from "../../runtimes/s3/credentials.ts";
import { accountOf, arn, regionalId, regionDefault, regionOf, regions, tagsAll } from "./account.ts";
import { cloudWatchApi } from "./cloudwatch-api.ts";
import { type AlarmState, comparisons, compute, ExpressionError, evaluate, metricName, shareOf } from "./cloudwatch-evaluate.ts";
import type { Iam } from "./iam.ts";
import { isKnown, listOf, objectOf, oneOf } from "./values.ts";

const test = "test/sandbox/aws/cloudwatch.test.ts";
export const alarmToken = "aws:cloudwatch/metricAlarm:MetricAlarm";
const everyMs = 1000;
/** Points of a minute are kept for 15 days (docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html). */
const keptMs = 15 * 86_400_000;

export interface Status {
  readonly state: AlarmState;
  /** Since when, RFC 3339. */
  readonly since: string;
  readonly value?: number;
}

export class CloudWatch {
  readonly resources: readonly ResourceDefinition[] = [metricAlarm];
  readonly #ground: Ground;
  readonly #series: SeriesStore;
  readonly #api: (region: string) => ReturnType<typeof cloudWatchApi>;
  #offline: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(ground: Ground, credentials: Credentials, iam: Iam) {
    this.#ground = ground;
    this.#series = new SeriesStore(join(ground.dataDir, "metrics.sqlite"));
    this.#api = (region) =>
      cloudWatchApi(region, { store: ground.store, credentials, iam, series: this.#series, statusOf: (id) => this.status(id) });
  }

  /** Adds to a metric of this cloud's own. */
  count(namespace: string, name: string, region: string, dimensions: Readonly<Record<string, string>>, by = 1): void {
    this.#series.count({ name: metricName(namespace, name), labels: { ...dimensions, region } }, by);
  }

  observe(namespace: string, name: string, region: string, dimensions: Readonly<Record<string, string>>, value: number): void {
    this.#series.observe({ name: metricName(namespace, name), labels: { ...dimensions, region } }, value);
  }

  start(): void {
    this.#series.expire(Date.now() - keptMs);
    this.#offline = regions.map((region) => this.#ground.internet.register(`monitoring.${region}.amazonaws.com`, this.#api(region)));
    this.#timer = setInterval(() => this.#look(), everyMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    for (const takeOff of this.#offline) takeOff();
    this.#series.close();
  }

  status(id: string): Status {
    return this.#ground.store.fact<Status>(fact(id), () => ({ state: "INSUFFICIENT_DATA", since: new Date().toISOString() }));
  }

  parts(): Part[] {
    return this.#ground.store.list(alarmToken).map(({ id, state: alarm }) => {
      const { state, since, value } = this.status(id);
      const why = state === "ALARM" && typeof alarm.alarmDescription === "string" ? `: ${alarm.alarmDescription}` : "";
      return {
        kind: "alarm",
        name: String(alarm.name),
        state: state === "ALARM" ? "failed" : "running",
        detail: `${state} since ${since.slice(11, 19)}${value === undefined ? "" : `: ${Math.round(value * 1000) / 1000}`}, ${alarm.region}${why}`,
      };
    });
  }

  #look(at = Date.now()): void {
    for (const { id, inputs, state } of this.#ground.store.list(alarmToken)) {
      const before = this.status(id);
      const now = evaluate(inputs, String(state.region), (name, from, to) => this.#series.read(name, from, to), before.state, at);
      if (now.state !== before.state) {
        this.#ground.log(`alarm ${state.name}: ${before.state} -> ${now.state}`);
        this.#ground.store.setFact(fact(id), { ...now, since: new Date(at).toISOString() });
      } else if (now.value !== before.value) this.#ground.store.setFact(fact(id), { ...now, since: before.since });
    }
  }
}

const fact = (id: string) => `aws/cloudwatch/${id}`;

const notOffered = [
  "thresholdMetricId",
  "evaluationCriteria",
  "evaluationInterval",
  "warmUpConfiguration",
  "evaluateLowSampleCountPercentiles",
];

function refuse(inputs: Properties): Failure[] {
  const failures: Failure[] = notOffered
    .filter((property) => inputs[property] !== undefined)
    .map((property) => ({ property, reason: "is not evaluated here" }));
  const fail = (property: string, reason: string) => failures.push({ property, reason });
  failures.push(
    ...oneOf("comparisonOperator", inputs.comparisonOperator, comparisons),
    ...oneOf("treatMissingData", inputs.treatMissingData, ["missing", "ignore", "breaching", "notBreaching"]),
    ...oneOf("statistic", inputs.statistic, ["SampleCount", "Average", "Sum", "Minimum", "Maximum"]),
  );
  const { evaluationPeriods: periods, datapointsToAlarm: datapoints, extendedStatistic: extended } = inputs;
  if (typeof periods === "number" && periods < 1)
    fail("evaluationPeriods", `expected evaluationPeriods to be at least (1), got ${periods}`);
  if (typeof datapoints === "number" && typeof periods === "number" && datapoints > periods) {
    fail("datapointsToAlarm", `${datapoints} is more than the ${periods} periods that are looked at`);
  }
  if (inputs.metricQueries === UNKNOWN || inputs.metricName === UNKNOWN) return failures;
  const queries = listOf(inputs.metricQueries);
  if ((inputs.metricName === undefined) === (queries.length === 0))
    fail("metricName", "exactly one of metricName and metricQueries must be given");
  if (inputs.metricName !== undefined) {
    if ((inputs.statistic === undefined) === (extended === undefined))
      fail("statistic", "exactly one of statistic and extendedStatistic must be given");
    for (const name of ["namespace", "period"]) if (inputs[name] === undefined) fail(name, `is needed beside metricName`);
    failures.push(...periodFailures("period", inputs.period));
  }
  if (isKnown(extended) && Number.isNaN(shareOf(extended))) fail("extendedStatistic", `"${extended}" is no percentile such as p99`);
  if (queries.length > 0 && queries.filter(({ returnData }) => returnData === true).length !== 1) {
    fail("metricQueries", "exactly one query must have returnData");
  }
  for (const [index, { expression, metric }] of queries.entries()) {
    const path = `metricQueries[${index}]`;
    if ((expression === undefined) === (metric === undefined)) fail(path, "exactly one of expression and metric must be given");
    if (metric !== undefined) failures.push(...periodFailures(`${path}.metric.period`, objectOf(metric).period));
    if (!isKnown(expression)) continue;
    try {
      compute(expression, () => 1);
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      fail(`${path}.expression`, error.message);
    }
  }
  return failures;
}

const periodFailures = (property: string, period: unknown): Failure[] =>
  typeof period === "number" && ![10, 20, 30].includes(period) && !(period > 0 && period % 60 === 0)
    ? [{ property, reason: `${period} is none of 10, 20, 30 and the multiples of 60` }]
    : [];

const computed = (context: Context, inputs: Properties, name: string): Properties => {
  const region = regionOf(inputs, context);
  return { name, region, arn: arn("cloudwatch", region, accountOf(context), `alarm:${name}`), tagsAll: tagsAll(inputs, context) };
};

const metricAlarm: ResourceDefinition = {
  token: alarmToken,
  fidelity: {
    level: "enforces",
    how: "it is evaluated every second over the metrics there are; what it would tell of, nobody is told",
    test,
  },
  replaceOn: ["name", "region"],
  recomputed: ["tagsAll"],
  autoname: { property: "name", maxLength: 255 },
  defaults: (inputs, context) => ({
    ...regionDefault(inputs, context),
    ...Object.fromEntries(
      Object.entries({ treatMissingData: "missing", actionsEnabled: true }).filter(([name]) => inputs[name] === undefined),
    ),
  }),
  refuse,
  create(context, inputs) {
    const name = String(inputs.name);
    const id = context.orphan?.id ?? regionalId(context, alarmToken, name, regionOf(inputs, context));
    // The API would change the alarm that is there; the provider's second resource of one name is a mistake all the same.
    if (context.store.get(alarmToken, id) && !context.orphan) {
      throw new CloudError("AlarmExists", `creating CloudWatch Metric Alarm (${name}): an alarm of this name exists in this region`);
    }
    return { id, outputs: computed(context, inputs, name) };
  },
  update: (context, old, inputs) => computed(context, inputs, String(old.state.name)),
  delete: ({ store }, { id }) => store.setFact(fact(id), { state: "INSUFFICIENT_DATA", since: new Date().toISOString() }),
};
