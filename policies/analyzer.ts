// Speaks the engine's Analyzer protocol (pulumi/proto/analyzer.proto, CLI v3.259): who we are, which stack it is, and what we
// say about each resource and about all of them. Why not through @pulumi/policy: docs/decisions/0006-undecided-blocks.md.
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData, status } from "@grpc/grpc-js";
import analyzerService from "@pulumi/pulumi/proto/analyzer_grpc_pb.js";
import type * as messages from "@pulumi/pulumi/proto/analyzer_pb.js";
import analyzerMessages from "@pulumi/pulumi/proto/analyzer_pb.js";
import pluginMessages from "@pulumi/pulumi/proto/plugin_pb.js";
import structs from "google-protobuf/google/protobuf/struct_pb.js";
import type { StackFacts } from "./context.ts";
import type { ProviderInstance, Resource } from "./resource.ts";
import type { Metadata, Rule, Severity } from "./rule.ts";
import type { Report, Session } from "./session.ts";
import { correct, decode, type Wire } from "./wire.ts";
import { asWritten } from "./written.ts";

/** A stack with thousands of resources, or a Worker's modules inline, are larger than gRPC's default of 4 MB. */
const maxMessageBytes = 400 * 1024 * 1024;

const { AnalyzerService } = analyzerService;
const { EnforcementLevel, PolicySeverity, PolicyType } = analyzerMessages;

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
  const server = new Server({ "grpc.max_receive_message_length": maxMessageBytes });
  server.addService(AnalyzerService, {
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
    remediate: unary((request: messages.AnalyzeRequest) => remediations(pack, current(), request)),
    analyze: unary((request: messages.AnalyzeRequest) => response(pack, current().analyze(resourceOf(request)))),
    analyzeStack: unary((request: messages.AnalyzeStackRequest) => {
      const resources = request
        .getResourcesList()
        .map((item) => asWritten({ ...resourceOf(item), propertyDependencies: propertyDependenciesOf(item) }));
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

function response(pack: Pack, { diagnostics, notApplicable }: Report): messages.AnalyzeResponse {
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
  answer.setNotApplicableList(
    notApplicable.map(({ rule, reason }) => {
      const item = new analyzerMessages.PolicyNotApplicable();
      item.setPolicyName(rule);
      item.setReason(reason);
      return item;
    }),
  );
  return answer;
}

/**
 * The engine asks for every resource after its provider has checked it and before it is judged, whatever the level of a rule, and takes the
 * properties of each answer in turn (pkg/resource/deploy/step_generator.go). An answer with a diagnostic is a warning and changes nothing.
 */
function remediations(pack: Pack, session: Session, request: messages.AnalyzeRequest) {
  const answer = new analyzerMessages.RemediateResponse();
  if (!session.remediates) return answer;
  let wire: Wire = request.getProperties()?.toJavaScript() ?? {};
  const uncorrected = session.remediate(resourceOf(request), (rule, props) => {
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

function resourceOf(request: messages.AnalyzeRequest | messages.AnalyzerResource): Resource {
  const { props, secrets } = decode(request.getProperties()?.toJavaScript() ?? {});
  const provider = request.getProvider();
  const parent = request.getOptions()?.getParent();
  return {
    urn: request.getUrn(),
    type: request.getType(),
    name: request.getName(),
    props,
    secrets,
    options: { protect: request.getOptions()?.getProtect() ?? false },
    ...(parent ? { parent } : {}),
    ...(provider ? { provider: providerOf(provider) } : {}),
  };
}

const providerOf = (provider: messages.AnalyzerProviderResource): ProviderInstance => ({
  type: provider.getType(),
  name: provider.getName(),
  urn: provider.getUrn(),
  props: decode(provider.getProperties()?.toJavaScript() ?? {}).props,
});

const propertyDependenciesOf = (resource: messages.AnalyzerResource): Record<string, readonly string[]> =>
  Object.fromEntries([...resource.getPropertydependenciesMap().entries()].map(([property, urns]) => [property, urns.getUrnsList()]));

const level = (blocks: boolean) => (blocks ? EnforcementLevel.MANDATORY : EnforcementLevel.ADVISORY);

const severities: Readonly<Record<Severity, 0 | 1 | 2 | 3 | 4>> = {
  low: PolicySeverity.POLICY_SEVERITY_LOW,
  medium: PolicySeverity.POLICY_SEVERITY_MEDIUM,
  high: PolicySeverity.POLICY_SEVERITY_HIGH,
  critical: PolicySeverity.POLICY_SEVERITY_CRITICAL,
};
