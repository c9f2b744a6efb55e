// Speaks the engine's Analyzer protocol (pulumi/proto/analyzer.proto, CLI v3.259): who we are, which stack it is, and what we
// say about each resource and about all of them. Why not through @pulumi/policy: docs/decisions/0006-undecided-blocks.md.
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData, status } from "@grpc/grpc-js";
import analyzerService from "@pulumi/pulumi/proto/analyzer_grpc_pb.js";
import type * as messages from "@pulumi/pulumi/proto/analyzer_pb.js";
import analyzerMessages from "@pulumi/pulumi/proto/analyzer_pb.js";
import pluginMessages from "@pulumi/pulumi/proto/plugin_pb.js";
import structs from "google-protobuf/google/protobuf/struct_pb.js";
import type { StackFacts } from "./context.ts";
import { type AskedProvider, type AskedResource, readResource, readStack } from "./requests.ts";
import type { ProviderInstance, Resource } from "./resource.ts";
import type { Metadata, Rule, Severity } from "./rule.ts";
import type { Report, Session } from "./session.ts";
import { correct, decode, type Wire } from "./wire.ts";
import { asWritten } from "./written.ts";

/** A stack with thousands of resources, or a Worker's modules inline, are larger than gRPC's default of 4 MB. */
const maxMessageBytes = 400 * 1024 * 1024;

const { AnalyzerService } = analyzerService;
const { EnforcementLevel, PolicySeverity, PolicyType } = analyzerMessages;

const asItCame = (bytes: Buffer): Buffer => bytes;
/** The engine's service; what comes for every resource is read and written past the generated classes. */
const service = {
  ...AnalyzerService,
  // Read only where a stack asks for corrections.
  remediate: { ...AnalyzerService.remediate, requestDeserialize: asItCame },
  analyze: { ...AnalyzerService.analyze, requestDeserialize: readResource, responseSerialize: asItCame },
  analyzeStack: { ...AnalyzerService.analyzeStack, requestDeserialize: readStack, responseSerialize: asItCame },
};

export interface Pack {
  readonly name: string;
  readonly version: string;
  readonly rules: readonly (Metadata | Rule)[];
  /** Called once per preview or update. An error is the deployment's error, shown as it is. */
  readonly open: (facts: StackFacts & { readonly dryRun: boolean }) => Session;
}

/**
 * Serves the pack on a free port and returns it. Rejects when none can be opened.
 * @param host where the engine listens, and so where it looks for us
 */
export function serve(pack: Pack, host: string): Promise<{ readonly port: number; readonly close: () => void }> {
  let session: Session | undefined;
  const current = (): Session => {
    if (!session)
      throw new Error(`${pack.name}: the engine asked about a resource before it said which stack it is; use Pulumi 3.255 or newer`);
    return session;
  };
  const server = new Server({ "grpc.max_receive_message_length": maxMessageBytes, "grpc.enable_channelz": 0 });
  server.addService(service, {
    handshake: unary(() => new analyzerMessages.AnalyzerHandshakeResponse()),
    getPluginInfo: unary(() => pluginInfo(pack)),
    getAnalyzerInfo: unary(() => analyzerInfo(pack)),
    // The pack takes no settings: what is mandatory here cannot be switched off beside the reviewed files.
    configure: unary(() => empty()),
    configureStack: unary((request: messages.AnalyzerStackConfigureRequest) => {
      session = pack.open({
        stack: request.getStack(),
        config: Object.fromEntries(request.getConfigMap().entries()),
        dryRun: request.getDryRun(),
      });
      return new analyzerMessages.AnalyzerStackConfigureResponse();
    }),
    remediate: unary((request: Buffer) => remediations(pack, current(), request)),
    analyze: unary((asked: AskedResource) => response(pack, current().analyze(resourceOf(asked)))),
    analyzeStack: unary((asked: readonly AskedResource[]) => {
      const resources = asked.map((each) => asWritten({ ...resourceOf(each), propertyDependencies: each.propertyDependencies }));
      return response(pack, current().analyzeStack(resources));
    }),
    cancel: unary(() => empty()),
  });
  return new Promise((resolve, reject) => {
    server.bindAsync(`${host}:0`, ServerCredentials.createInsecure(), (error, port) => {
      if (error) reject(error);
      else resolve({ port, close: () => server.forceShutdown() });
    });
  });
}

/** The protocol's own `Empty`: it must come from the module that the generated service checks against. */
const empty = () => AnalyzerService.configure.responseDeserialize(Buffer.alloc(0));

function unary<Request, Response>(answer: (request: Request) => Response) {
  return (call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>): void => {
    try {
      callback(null, answer(call.request));
    } catch (error) {
      callback({ code: status.UNKNOWN, details: error instanceof Error ? error.message : String(error) });
    }
  };
}

function pluginInfo({ version }: Pack) {
  const info = new pluginMessages.PluginInfo();
  info.setVersion(version);
  return info;
}

function analyzerInfo({ name, version, rules }: Pack): messages.AnalyzerInfo {
  const info = new analyzerMessages.AnalyzerInfo();
  info.setName(name);
  info.setVersion(version);
  info.setPoliciesList(rules.map(policyInfo));
  return info;
}

function policyInfo(rule: Metadata | Rule): messages.PolicyInfo {
  const info = new analyzerMessages.PolicyInfo();
  info.setName(rule.id);
  info.setDisplayname(rule.title);
  info.setDescription(rule.why);
  info.setRemediationSteps(rule.remediation);
  // The engine counts a resource rule as run at every resource, a stack rule once.
  info.setPolicyType("check" in rule ? PolicyType.POLICY_TYPE_RESOURCE : PolicyType.POLICY_TYPE_STACK);
  info.setEnforcementlevel(level(rule.enforcement === "mandatory"));
  info.setSeverity(severities[rule.severity]);
  info.setTagsList(rule.frameworks.map(({ name, clause }) => `${name} ${clause}`));
  return info;
}

/** Bytes of an answer's second half, by what is in it: a hundred rules have nothing to say about a type, and always the same. */
const inapplicable = new Map<string, Buffer>();

/** An `AnalyzeResponse` in bytes. Two messages one after the other are one with the fields of both (protobuf.dev/programming-guides/encoding). */
function response(pack: Pack, { diagnostics, notApplicable }: Report): Buffer {
  const key = JSON.stringify(notApplicable);
  const second = inapplicable.get(key) ?? inapplicableIn(notApplicable);
  inapplicable.set(key, second);
  if (diagnostics.length === 0) return second;
  const answer = new analyzerMessages.AnalyzeResponse();
  answer.setDiagnosticsList(
    diagnostics.map((item) => {
      const diagnostic = new analyzerMessages.AnalyzeDiagnostic();
      diagnostic.setPolicyname(item.rule);
      diagnostic.setPolicypackname(pack.name);
      diagnostic.setPolicypackversion(pack.version);
      diagnostic.setDescription(item.title);
      diagnostic.setMessage(item.message);
      diagnostic.setUrn(item.urn);
      diagnostic.setEnforcementlevel(level(item.blocks));
      diagnostic.setSeverity(severities[item.severity]);
      return diagnostic;
    }),
  );
  return Buffer.concat([answer.serializeBinary(), second]);
}

function inapplicableIn(notApplicable: Report["notApplicable"]): Buffer {
  const answer = new analyzerMessages.AnalyzeResponse();
  answer.setNotApplicableList(
    notApplicable.map(({ rule, reason }) => {
      const item = new analyzerMessages.PolicyNotApplicable();
      item.setPolicyName(rule);
      item.setReason(reason);
      return item;
    }),
  );
  return Buffer.from(answer.serializeBinary());
}

/**
 * The engine asks for every resource after its provider has checked it and before it is judged, whatever the level of a rule, and takes the
 * properties of each answer in turn (pkg/resource/deploy/step_generator.go). An answer with a diagnostic is a warning and changes nothing.
 */
function remediations(pack: Pack, session: Session, request: Buffer) {
  const answer = new analyzerMessages.RemediateResponse();
  if (!session.remediates) return answer;
  const asked = readResource(request);
  let wire: Wire = asked.properties;
  const uncorrected = session.remediate(resourceOf(asked), (rule, props) => {
    const corrected = correct(wire, props);
    if (corrected === wire) return;
    wire = corrected;
    const remediation = remediationBy(pack, rule);
    remediation.setProperties(structs.Struct.fromJavaScript(wire as Record<string, structs.JavaScriptValue>));
    answer.addRemediations(remediation);
  });
  for (const { rule, message } of uncorrected) {
    const remediation = remediationBy(pack, rule);
    remediation.setDiagnostic(message);
    answer.addRemediations(remediation);
  }
  return answer;
}

function remediationBy(pack: Pack, rule: Rule) {
  const remediation = new analyzerMessages.Remediation();
  remediation.setPolicyname(rule.id);
  remediation.setPolicypackname(pack.name);
  remediation.setPolicypackversion(pack.version);
  remediation.setDescription(rule.title);
  return remediation;
}

function resourceOf({ urn, type, name, properties, protect, parent, provider }: AskedResource): Resource {
  const { props, secrets } = decode(properties);
  return {
    urn,
    type,
    name,
    props,
    secrets,
    options: { protect },
    ...(parent ? { parent } : {}),
    ...(provider ? { provider: providerOf(provider) } : {}),
  };
}

const providerOf = ({ type, name, urn, properties }: AskedProvider): ProviderInstance => ({
  type,
  name,
  urn,
  props: decode(properties).props,
});

const level = (blocks: boolean) => (blocks ? EnforcementLevel.MANDATORY : EnforcementLevel.ADVISORY);

const severities: Readonly<Record<Severity, 0 | 1 | 2 | 3 | 4>> = {
  low: PolicySeverity.POLICY_SEVERITY_LOW,
  medium: PolicySeverity.POLICY_SEVERITY_MEDIUM,
  high: PolicySeverity.POLICY_SEVERITY_HIGH,
  critical: PolicySeverity.POLICY_SEVERITY_CRITICAL,
};
