// The collectors' configuration: what both clouds share, and what each adds. Pure; `./bailiwick build` writes the files into the image,
// so that configuration ships by digest with the program that it was tested with. What a region adds comes by environment.
import { stringify } from "yaml";
import type { Path } from "../shared/telemetry/emitter.ts";
import { allowedAttributes, spanName } from "../shared/telemetry/schema.ts";

/** What the environment of a collector must hold, by cloud. */
export const collectorVariables = {
  gcp: ["PORT", "AUDIENCE", "EDGE_ISSUER", "SERVICE_ISSUER", "SENDER_KEYS", "ARCHIVE_BUCKET", "GOOGLE_CLOUD_PROJECT"],
  aws: ["PORT", "AUDIENCE", "EDGE_ISSUER", "SERVICE_ISSUER", "SENDER_KEYS", "ARCHIVE_BUCKET", "AWS_REGION", "HEALTH_PORT"],
} as const satisfies Record<Path, readonly string[]>;

/** Of one request, unpacked. A batch of a queue is 256 KB at most, so nothing of ours comes near it. */
export const largestRequestBytes = 4 * 1024 * 1024;

const variable = (name: (typeof collectorVariables)[Path][number]) => `\${env:${name}}`;

/** On loopback, chosen by the program when it starts (tools/collector/main.go). */
const ownAddress = `\${env:OWN_ADDRESS}`;

/** How often a collector stores what it has counted of itself. */
export const countedEveryMs = 30_000;

/**
 * Of the collector's own metrics those that tell what became of what was sent to it (opentelemetry.io/docs/collector/internal-telemetry),
 * each with the attributes that are kept. Of the time that requests took only their number by answer stays; the host that a caller names
 * would be anything.
 */
const counted = {
  otelcol_receiver_accepted_spans: ["receiver"],
  otelcol_receiver_refused_spans: ["receiver"],
  otelcol_exporter_sent_spans: ["exporter"],
  otelcol_exporter_send_failed_spans: ["exporter"],
  "http.server.request.duration": ["http.response.status_code"],
} as const;

/** Told to itself, since the reader of its metrics knows no cloud's identity: so they take the way that the spans take. */
const ownMetrics = {
  // Views may be given at this level only.
  level: "detailed",
  readers: [
    {
      periodic: {
        interval: countedEveryMs,
        exporter: { otlp: { protocol: "http/protobuf", endpoint: `http://${ownAddress}`, temporality_preference: "cumulative" } },
      },
    },
  ],
  views: [
    ...Object.entries(counted).map(([name, included]) => ({
      selector: { instrument_name: name },
      stream: {
        attribute_keys: { included: [...included] },
        ...(name.startsWith("http.") ? { aggregation: { explicit_bucket_histogram: { boundaries: [], record_min_max: false } } } : {}),
      },
    })),
    // The last: the first view that fits an instrument decides what it adds up.
    { selector: { instrument_name: "*" }, stream: { aggregation: { drop: {} } } },
  ],
};

// What looks like an address of a person or a machine is masked even in an attribute that may be.
const blockedValues = [
  "[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\\.[A-Za-z]{2,}",
  "\\b\\d{1,3}(?:\\.\\d{1,3}){3}\\b",
  "\\b[a-z]{2,8}_[0-9A-HJKMNP-TV-Z]{26}\\b",
  "\\beyJ[A-Za-z0-9_-]+\\.",
];

/**
 * The cloud's own store of traces: a view for people, kept for weeks. What it does not take is tried for five minutes and is still in the archive.
 * Both stores count requests, and take 10,000 spans in one (X-Ray; 5 MB): a thousand go together, or what a second brings.
 */
const ownStore = (endpoint: string, authenticator: string) => ({
  traces_endpoint: endpoint,
  auth: { authenticator },
  compression: "gzip",
  timeout: "10s",
  sending_queue: {
    enabled: true,
    sizer: "items",
    queue_size: 50_000,
    num_consumers: 2,
    batch: { flush_timeout: "1s", min_size: 1000, max_size: 2000 },
  },
  retry_on_failure: { enabled: true, initial_interval: "1s", max_interval: "30s", max_elapsed_time: "300s" },
});

const clouds = {
  gcp: {
    archive: { cloud: "gcp" },
    // cloud.google.com/stackdriver/docs/reference/telemetry/overview
    store: ownStore("https://telemetry.googleapis.com/v1/traces", "googleauth"),
    extensions: { googleauth: { project: variable("GOOGLE_CLOUD_PROJECT") } },
    // The API files a span under the project that its resource names.
    resource: [`set(resource.attributes["gcp.project_id"], "${variable("GOOGLE_CLOUD_PROJECT")}")`],
  },
  aws: {
    archive: { cloud: "aws", region: variable("AWS_REGION") },
    // docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-OTLPEndpoint.html
    store: ownStore(`https://xray.${variable("AWS_REGION")}.amazonaws.com/v1/traces`, "sigv4auth"),
    extensions: {
      sigv4auth: { region: variable("AWS_REGION"), service: "xray" },
      // A load balancer of AWS asks over HTTP, and the receiver answers nobody without a token.
      health_check: { endpoint: `0.0.0.0:${variable("HEALTH_PORT")}` },
    },
    resource: [],
  },
} as const;

/** A collector's configuration as YAML. */
export function collectorConfig(path: Path): string {
  const cloud = clouds[path];
  const provider = (issuer: "EDGE_ISSUER" | "SERVICE_ISSUER") => ({
    issuer_url: variable(issuer),
    audience: variable("AUDIENCE"),
    public_keys_file: `\${env:SENDER_KEYS_FILE}`,
  });
  const config = {
    extensions: {
      oidc: { providers: [provider("EDGE_ISSUER"), provider("SERVICE_ISSUER")] },
      bodylimit: { max_bytes: largestRequestBytes },
      ...cloud.extensions,
    },
    receivers: {
      otlp: {
        protocols: {
          http: {
            endpoint: `0.0.0.0:${variable("PORT")}`,
            auth: { authenticator: "oidc" },
            middlewares: [{ id: "bodylimit" }],
            max_request_body_size: 2 * largestRequestBytes,
          },
        },
      },
      "otlp/own": { protocols: { http: { endpoint: ownAddress } } },
    },
    processors: {
      // Refuses (503) before memory is short: the sender keeps what is refused.
      memory_limiter: { check_interval: "500ms", limit_mib: 380, spike_limit_mib: 80 },
      // Errors are not ignored anywhere here: what cannot be filtered is refused, not stored.
      "filter/schema": { error_mode: "propagate", traces: { spanevent: ["true"] } },
      "transform/schema": {
        error_mode: "propagate",
        trace_statements: [
          {
            context: "span",
            statements: [
              `set(span.name, "other") where not IsMatch(span.name, "${spanName.source.replaceAll("\\", "\\\\")}")`,
              'set(span.status.message, "")',
              'set(span.trace_state, "")',
            ],
          },
          { context: "scope", statements: ['set(scope.name, "bailiwick")', 'set(scope.version, "")'] },
        ],
      },
      "redaction/schema": {
        allow_all_keys: false,
        allowed_keys: [...allowedAttributes],
        blocked_values: blockedValues,
        summary: "silent",
      },
      ...(cloud.resource.length > 0
        ? { "transform/store": { error_mode: "propagate", trace_statements: [{ context: "resource", statements: [...cloud.resource] }] } }
        : {}),
    },
    exporters: {
      archive: { ...cloud.archive, bucket: variable("ARCHIVE_BUCKET") },
      otlp_http: cloud.store,
    },
    service: {
      extensions: ["oidc", "bodylimit", ...Object.keys(cloud.extensions)],
      telemetry: { metrics: ownMetrics, logs: { level: "info", encoding: "json" } },
      pipelines: {
        traces: {
          receivers: ["otlp"],
          processors: [
            "memory_limiter",
            "filter/schema",
            "transform/schema",
            "redaction/schema",
            ...(cloud.resource.length > 0 ? ["transform/store"] : []),
          ],
          exporters: ["archive", "otlp_http"],
        },
        metrics: { receivers: ["otlp/own"], exporters: ["archive"] },
      },
    },
  };
  return stringify(config, { lineWidth: 0 });
}
