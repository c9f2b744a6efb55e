// Cloud Monitoring: metrics that what runs here produces and that programs write, objectives, and alert policies whose incidents open and close.
import { randomInt } from "node:crypto";
import { join } from "node:path";
import type { Ground } from "../../engine/cloud.ts";
import {
  CloudError,
  type Context,
  type Failure,
  type Properties,
  type ResourceDefinition,
  type Stored,
  UNKNOWN,
} from "../../engine/definition.ts";
import { recorded } from "../../engine/recorded.ts";
import { type Metric, SeriesStore } from "../../runtimes/metrics/series.ts";
import { withDeletionPolicy } from "./deletion.ts";
import { FilterError } from "./filter.ts";
import type { Iam } from "./iam.ts";
import { monitoringApi } from "./monitoring-api.ts";
import { burning, burnRate, evaluate, metricFilter, type Objective, type Read } from "./monitoring-evaluate.ts";
import { listOf, objectOf } from "./outputs.ts";
import { projectOf } from "./projects.ts";
import type { GcpService } from "./service.ts";
import { requireApi } from "./services.ts";

const api = "monitoring.googleapis.com";
const test = "test/sandbox/gcp/monitoring.test.ts";
export const policyToken = "gcp:monitoring/alertPolicy:AlertPolicy";
const sloToken = "gcp:monitoring/slo:Slo";
const serviceTokens = ["gcp:monitoring/customService:CustomService", "gcp:monitoring/genericService:GenericService"];
const descriptorToken = "gcp:monitoring/metricDescriptor:MetricDescriptor";
const logMetricToken = "gcp:logging/metric:Metric";

/** How often conditions are looked at. */
const everyMs = 1000;
/** Points are kept for six weeks (cloud.google.com/monitoring/quotas). */
const keptMs = 42 * 86_400_000;
const mostIncidents = 500;

/** A condition that holds, or held. */
export interface Incident {
  /** `projects/P/alerts/N` */
  readonly name: string;
  readonly policy: string;
  readonly policyName: string;
  readonly condition: string;
  readonly openTime: string;
  /** Absent while it is open. */
  readonly closeTime?: string;
  readonly value?: number;
}

export interface Monitoring extends GcpService {
  /** Adds to a metric of this cloud's own. @param labels with their place: `resource.labels.service_name` */
  count(name: string, labels: Metric["labels"], by?: number, at?: number): void;
  observe(name: string, labels: Metric["labels"], value: number, at?: number): void;
  gauge(name: string, labels: Metric["labels"], value: number, at?: number): void;
}

export function createMonitoring(ground: Ground, iam: Iam): Monitoring {
  const { store, internet } = ground;
  const series = new SeriesStore(join(ground.dataDir, "metrics.sqlite"));
  let offline = () => {};
  let timer: NodeJS.Timeout | undefined;

  const readOf =
    (project: string): Read =>
    (name, from, to) =>
      series.read(name, from, to).filter(({ metric }) => metric.labels["resource.labels.project_id"] === project);

  const objective = (name: string): Objective | undefined => {
    const slo = store.get(sloToken, name);
    return slo && { goal: Number(slo.inputs.goal), requestBasedSli: objectOf(slo.inputs.requestBasedSli) };
  };

  const incidents = (): Incident[] => store.fact<Incident[]>("gcp/monitoring/incidents", () => []);

  function look(at = Date.now()): void {
    const before = incidents();
    const open = before.filter(({ closeTime }) => closeTime === undefined);
    const policies = store.list(policyToken).filter(({ inputs }) => inputs.enabled !== false);
    const holding = policies.flatMap((policy) => conditionsThatHold(policy, readOf(String(policy.state.project)), objective, at));
    const now = new Date(at).toISOString();
    const isOpen =
      ({ policy, condition }: { policy: string; condition: string }) =>
      (each: { policy: string; condition: string }) =>
        each.policy === policy && each.condition === condition;
    const opened = holding.filter((each) => !open.some(isOpen(each)));
    const closed = open.filter((each) => !holding.some(isOpen(each)));
    if (opened.length === 0 && closed.length === 0) return;
    const after = [
      ...before.map((each) => (closed.includes(each) ? { ...each, closeTime: now } : each)),
      ...opened.map((each) => ({
        ...each,
        name: `${each.policy.replace(/\/alertPolicies\/.*/, "")}/alerts/0.${randomInt(2 ** 47)}`,
        openTime: now,
      })),
    ];
    store.setFact("gcp/monitoring/incidents", after.slice(-mostIncidents));
    for (const { policyName, condition, value } of opened)
      ground.log(`alert opened: ${policyName}, ${condition}${value === undefined ? "" : ` (${value})`}`);
    for (const { policyName, condition } of closed) ground.log(`alert closed: ${policyName}, ${condition}`);
  }

  return {
    resources: [alertPolicy(series), slo, ...services, notificationChannel, metricDescriptor],
    functions: [],
    count: (name, labels, by, at) => series.count({ name, labels }, by, at),
    observe: (name, labels, value, at) => series.observe({ name, labels }, value, at),
    gauge: (name, labels, value, at) => series.gauge({ name, labels }, value, at),
    async start() {
      series.expire(Date.now() - keptMs);
      offline = internet.register(api, monitoringApi({ iam, series, readOf, incidents }));
      timer = setInterval(() => {
        try {
          look();
        } catch (error) {
          ground.log(`alert policies could not be evaluated: ${error instanceof Error ? error.message : error}`);
        }
      }, everyMs).unref();
    },
    async stop() {
      clearInterval(timer);
      offline();
      series.close();
    },
    parts() {
      const open = incidents().filter(({ closeTime }) => closeTime === undefined);
      const alerts = store.list(policyToken).map(({ id, inputs }) => {
        const its = open.filter(({ policy }) => policy === id);
        const since = its[0]?.openTime.slice(11, 19);
        return {
          kind: "alert policy",
          name: String(inputs.displayName),
          state: its.length > 0 ? ("failed" as const) : ("running" as const),
          detail: its.length > 0 ? `open since ${since}: ${its.map(({ condition }) => condition).join("; ")}` : "nothing to report",
        };
      });
      const objectives = store.list(sloToken).map(({ id, inputs, state }) => {
        const rate = burning(
          { goal: Number(inputs.goal), requestBasedSli: objectOf(inputs.requestBasedSli) },
          readOf(String(state.project)),
          Date.now(),
          3_600_000,
        );
        return {
          kind: "objective",
          name: String(inputs.displayName ?? id.split("/").at(-1)),
          state: rate !== undefined && rate > 1 ? ("failed" as const) : ("running" as const),
          detail: rate === undefined ? "no events in the last hour" : `${rate.toFixed(2)} times the allowed errors in the last hour`,
        };
      });
      return [...alerts, ...objectives];
    },
  };
}

function conditionsThatHold(policy: Stored, read: Read, objective: (name: string) => Objective | undefined, at: number) {
  const conditions = listOf(policy.inputs.conditions);
  const verdicts = conditions.map((condition) => ({ condition, ...evaluate(condition, read, objective, at) }));
  const holding = verdicts.filter(({ holds }) => holds);
  if (policy.inputs.combiner !== "OR" && holding.length < conditions.length) return [];
  return holding.map(({ condition, value }) => ({
    policy: policy.id,
    policyName: String(policy.inputs.displayName),
    condition: String(condition.displayName),
    ...(value === undefined ? {} : { value }),
  }));
}

const notEvaluated = ["conditionMatchedLog", "conditionMonitoringQueryLanguage", "conditionPrometheusQueryLanguage", "conditionSql"];

function refuseConditions(inputs: Properties): Failure[] {
  if (inputs.conditions === UNKNOWN) return [];
  return listOf(inputs.conditions).flatMap((condition, index) => {
    const path = `conditions[${index}]`;
    const other = notEvaluated.find((kind) => condition[kind] !== undefined);
    if (other) return [{ property: `${path}.${other}`, reason: "is not evaluated here; conditionThreshold and conditionAbsent are" }];
    const threshold = objectOf(condition.conditionThreshold);
    const failures: Failure[] = [];
    if ((condition.conditionThreshold === undefined) === (condition.conditionAbsent === undefined)) {
      failures.push({ property: path, reason: "exactly one kind of condition must be given" });
    }
    if (threshold.forecastOptions !== undefined)
      failures.push({ property: `${path}.conditionThreshold.forecastOptions`, reason: "is not evaluated here" });
    const seconds = Number.parseFloat(String(threshold.duration ?? "0s"));
    if (threshold.duration !== UNKNOWN && seconds % 60 !== 0) {
      failures.push({ property: `${path}.conditionThreshold.duration`, reason: `"${threshold.duration}" is no multiple of a minute` });
    }
    for (const filter of [threshold.filter, threshold.denominatorFilter, objectOf(condition.conditionAbsent).filter]) {
      if (typeof filter !== "string" || filter.includes(UNKNOWN) || burnRate(filter)) continue;
      const reason = reasonAgainst(filter);
      if (reason) failures.push({ property: `${path}.filter`, reason });
    }
    return failures;
  });
}

/** The API wants one metric type and a resource type in each filter (cloud.google.com/monitoring/api/v3/filters). */
function reasonAgainst(filter: string): string | undefined {
  try {
    const { metricType, rest } = metricFilter(filter);
    if (metricType === "") return `${filter}: must specify a restriction on "metric.type"`;
    if (!rest.some(({ path }) => path.join(".") === "resource.type")) return `${filter}: must specify a restriction on "resource.type"`;
    return undefined;
  } catch (error) {
    if (error instanceof FilterError) return error.message;
    throw error;
  }
}

function alertPolicy(series: SeriesStore): ResourceDefinition {
  /** A metric that nobody has made yet is an error, as it is for the API: it must exist before the policy. */
  const requireMetrics = ({ store }: Context, project: string, inputs: Properties): void => {
    for (const condition of listOf(inputs.conditions)) {
      const threshold = objectOf(condition.conditionThreshold);
      for (const filter of [threshold.filter, threshold.denominatorFilter, objectOf(condition.conditionAbsent).filter]) {
        if (typeof filter !== "string") continue;
        const burn = burnRate(filter);
        if (burn && !store.get(sloToken, burn.slo)) {
          throw new CloudError("notFound", `Error creating AlertPolicy: googleapi: Error 404: Cannot find SLO ${burn.slo}., notFound`);
        }
        if (burn) continue;
        const { metricType } = metricFilter(filter);
        const [, logMetric] = /^logging\.googleapis\.com\/user\/(.+)$/.exec(metricType) ?? [];
        const known =
          logMetric !== undefined
            ? store.list(logMetricToken).some(({ state }) => state.name === logMetric && state.project === project)
            : !/^(custom|workload|external)\.googleapis\.com\//.test(metricType) ||
              store.list(descriptorToken).some(({ state }) => state.type === metricType && state.project === project) ||
              series.names(metricType).includes(metricType);
        if (!known) {
          throw new CloudError(
            "notFound",
            `Error creating AlertPolicy: googleapi: Error 404: Cannot find metric that matches type = "${metricType}". If a metric was created recently, it could take up to 10 minutes to become available. Please try again soon., notFound`,
          );
        }
      }
    }
  };
  const computed = (context: Context, inputs: Properties, id: string): Properties => ({
    project: projectOf(context, inputs),
    name: id,
    enabled: inputs.enabled ?? true,
    conditions: listOf(inputs.conditions).map((condition, index) => ({ ...condition, name: `${id}/conditions/${index + 1}` })),
    creationRecords: [],
  });
  return withDeletionPolicy({
    token: policyToken,
    fidelity: {
      level: "enforces",
      how: "its conditions are evaluated every second over the metrics there are; incidents open and close",
      test,
    },
    replaceOn: ["project"],
    recomputed: ["conditions"],
    refuse: refuseConditions,
    create(context, inputs) {
      const project = projectOf(context, inputs);
      requireApi(context, project, api);
      requireMetrics(context, project, inputs);
      const id = context.orphan?.id ?? `projects/${project}/alertPolicies/${randomInt(10 ** 12, 2 ** 47)}`;
      return { id, outputs: computed(context, inputs, id) };
    },
    update(context, old, inputs) {
      requireMetrics(context, projectOf(context, inputs), inputs);
      return computed(context, inputs, old.id);
    },
  });
}

const slo: ResourceDefinition = withDeletionPolicy({
  token: sloToken,
  fidelity: { level: "enforces", how: "its burn rate is computed from the metrics and alerts by it", test },
  replaceOn: ["project", "service", "sloId"],
  refuse(inputs) {
    const failures: Failure[] = [];
    const { goal, rollingPeriodDays: days, calendarPeriod: calendar } = inputs;
    if (typeof goal === "number" && !(goal > 0 && goal <= 0.999))
      failures.push({ property: "goal", reason: `${goal} is not allowed: above 0 and at most 0.999` });
    if ((days === undefined) === (calendar === undefined)) {
      failures.push({ property: "rollingPeriodDays", reason: "exactly one of rollingPeriodDays and calendarPeriod must be given" });
    }
    if (typeof days === "number" && !(days >= 1 && days <= 30))
      failures.push({ property: "rollingPeriodDays", reason: `${days} is not between 1 and 30` });
    for (const kind of ["basicSli", "windowsBasedSli"])
      if (inputs[kind] !== undefined) failures.push({ property: kind, reason: "is not computed here; requestBasedSli is" });
    const sli = objectOf(inputs.requestBasedSli);
    if (inputs.requestBasedSli !== undefined && (sli.goodTotalRatio === undefined) === (sli.distributionCut === undefined)) {
      failures.push({ property: "requestBasedSli", reason: "exactly one of goodTotalRatio and distributionCut must be given" });
    }
    const ratio = objectOf(sli.goodTotalRatio);
    const given = ["goodServiceFilter", "badServiceFilter", "totalServiceFilter"].filter((name) => ratio[name] !== undefined);
    if (sli.goodTotalRatio !== undefined && given.length !== 2) {
      failures.push({ property: "requestBasedSli.goodTotalRatio", reason: "exactly two of good, bad and total must be given" });
    }
    for (const filter of [...given.map((name) => ratio[name]), objectOf(sli.distributionCut).distributionFilter]) {
      const reason = typeof filter === "string" && !filter.includes(UNKNOWN) ? reasonAgainst(filter) : undefined;
      if (reason) failures.push({ property: "requestBasedSli", reason });
    }
    return failures;
  },
  create(context, inputs) {
    const project = projectOf(context, inputs);
    requireApi(context, project, api);
    const service = String(inputs.service);
    if (
      !context.store
        .all()
        .some(({ token, state }) => serviceTokens.includes(token) && state.serviceId === service && state.project === project)
    ) {
      throw new CloudError(
        "notFound",
        `Error creating Slo: googleapi: Error 404: Service ${service} not found in project ${project}., notFound`,
      );
    }
    const sloId = String(inputs.sloId ?? `slo-${randomInt(2 ** 32)}`);
    const id = context.orphan?.id ?? `projects/${project}/services/${service}/serviceLevelObjectives/${sloId}`;
    if (context.store.get(sloToken, id) && !context.orphan) {
      throw new CloudError("alreadyExists", `Error creating Slo: googleapi: Error 409: ${id} already exists., alreadyExists`);
    }
    return { id, outputs: { project, sloId, name: id } };
  },
  update: (_context, old) => ({ project: old.state.project ?? "", sloId: old.state.sloId ?? "", name: old.id }),
});

const services = serviceTokens.map((token) =>
  withDeletionPolicy(
    recorded({
      token,
      why: "a name under which objectives stand",
      replaceOn: ["project", "serviceId", "basicService"],
      id(inputs, context) {
        requireApi(context, projectOf(context, inputs), api);
        return `projects/${projectOf(context, inputs)}/services/${inputs.serviceId ?? `service-${randomInt(2 ** 32)}`}`;
      },
      computed: (inputs, id, context) => ({
        project: projectOf(context, inputs),
        name: id,
        serviceId: id.split("/").at(-1) ?? "",
        telemetries: [],
      }),
    }),
  ),
);

const notificationChannel = withDeletionPolicy(
  recorded({
    token: "gcp:monitoring/notificationChannel:NotificationChannel",
    why: "nobody is written to from a laptop: open incidents stand in the list of parts and in the log",
    replaceOn: ["project", "type"],
    id(inputs, context) {
      requireApi(context, projectOf(context, inputs), api);
      return `projects/${projectOf(context, inputs)}/notificationChannels/${randomInt(10 ** 12, 2 ** 47)}`;
    },
    computed: (inputs, id, context) => ({
      project: projectOf(context, inputs),
      name: id,
      verificationStatus: "",
      enabled: inputs.enabled ?? true,
    }),
  }),
);

const metricDescriptor = withDeletionPolicy(
  recorded({
    token: descriptorToken,
    why: "a metric may be named before its first point is written",
    replaceOn: ["project", "type"],
    id(inputs, context) {
      requireApi(context, projectOf(context, inputs), api);
      return `projects/${projectOf(context, inputs)}/metricDescriptors/${inputs.type}`;
    },
    computed: (inputs, id, context) => ({ project: projectOf(context, inputs), name: id, monitoredResourceTypes: [] }),
  }),
);
