// The provider as Pulumi's engine attaches to it: the gRPC service `pulumirpc.ResourceProvider`.
// What each call means: proto/pulumi/provider.proto in pulumi/pulumi.
import grpc from "@grpc/grpc-js";
import plugin from "@pulumi/pulumi/proto/plugin_pb.js";
import { type IResourceProviderServer, ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import rpc from "@pulumi/pulumi/proto/provider_pb.js";
import status from "@pulumi/pulumi/proto/status_pb.js";
import any from "google-protobuf/google/protobuf/any_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import { CloudError, type Failure, PartialFailure, type Properties } from "./definition.ts";
import type { Change } from "./diff.ts";
import { type Call, type Server, serve, unary } from "./grpc-server.ts";
import type { Known, Provider, Session } from "./provider.ts";
import { fromStruct, rewrap, toStruct, unwrap, type WireProperties } from "./wire.ts";

/**
 * Serves on a loopback port.
 * @param programs folder of the program that each engine runs, by the engine's address
 * @throws Error when the port cannot be had
 */
export function serveProvider(provider: Provider, port = 0, programs: ReadonlyMap<string, string> = new Map()): Promise<Server> {
  return serve(ResourceProviderService, service(provider, programs), port);
}

const MOST_SESSIONS = 256;

/** Connections end without a word; the oldest are those of operations long over. */
function forgetOldest(byPeer: Map<string, unknown>): void {
  for (const peer of [...byPeer.keys()].slice(0, -MOST_SESSIONS)) byPeer.delete(peer);
}

/** What is missing here (GetSchema, Construct, ...) is answered with UNIMPLEMENTED by the server. */
function service(
  provider: Provider,
  programs: ReadonlyMap<string, string>,
): Partial<IResourceProviderServer> & grpc.UntypedServiceImplementation {
  const { sdk } = provider;
  // Every instance of a provider, of every operation of every stack, has a connection of its own.
  const sessions = new Map<string, Session>();
  const engines = new Map<string, string>();

  function sessionOf(call: Call<unknown>): Session {
    const session = sessions.get(call.getPeer());
    if (!session) throw new Error("the engine called a provider that it has not configured");
    return session;
  }

  /** Properties that a definition or the store gave, made as secret as what the program gave. */
  function outgoing(token: string, properties: Properties, like: WireProperties) {
    return toStruct(rewrap(properties, like, sdk.resource(token)?.secretOutputs));
  }

  const answer = <Request, Response>(handle: (call: Call<Request>) => Promise<Response> | Response) =>
    unary(handle, (error) => serviceError(error, provider.log));

  return {
    handshake: answer((call: Call<rpc.ProviderHandshakeRequest>) => {
      engines.set(call.getPeer(), call.request.getEngineAddress());
      forgetOldest(engines);
      return new rpc.ProviderHandshakeResponse().setAcceptSecrets(true);
    }),
    attach: answer(() => new empty.Empty()),
    // Not a cancellation of what runs: the engine calls it at the end of every operation.
    cancel: answer((call: Call<empty.Empty>) => {
      sessions.get(call.getPeer())?.forget();
      return new empty.Empty();
    }),
    getPluginInfo: answer(() => new plugin.PluginInfo().setVersion(sdk.version)),

    checkConfig: answer((call: Call<rpc.CheckRequest>) => {
      const news = fromStruct(call.request.getNews());
      const failures = provider.checkConfig(news);
      return new rpc.CheckResponse().setInputs(toStruct(news)).setFailuresList(failures.map(checkFailure));
    }),
    diffConfig: answer((call: Call<rpc.DiffRequest>) => {
      const olds = unwrap(fromStruct(call.request.getOldInputs() ?? call.request.getOlds()));
      const news = unwrap(fromStruct(call.request.getNews()));
      const changed = JSON.stringify(olds) !== JSON.stringify(news);
      const { DIFF_SOME, DIFF_NONE } = rpc.DiffResponse.DiffChanges;
      return new rpc.DiffResponse().setChanges(changed ? DIFF_SOME : DIFF_NONE);
    }),
    configure: answer((call: Call<rpc.ConfigureRequest>) => {
      const config = provider.parseConfig(unwrap(fromStruct(call.request.getArgs())));
      const engine = engines.get(call.getPeer()) ?? "";
      sessions.set(
        call.getPeer(),
        provider.session(config, () => programs.get(engine)),
      );
      forgetOldest(sessions);
      return new rpc.ConfigureResponse().setAcceptsecrets(true).setSupportspreview(true);
    }),

    check: answer((call: Call<rpc.CheckRequest>) => {
      const { request } = call;
      const token = tokenOf(request.getUrn());
      const news = fromStruct(request.getNews());
      const { inputs, failures } = sessionOf(call).check(token, request.getUrn(), news, {
        name: request.getName() || nameOf(request.getUrn()),
        seed: request.getRandomseed_asU8(),
        olds: unwrap(fromStruct(request.getOlds())),
      });
      return new rpc.CheckResponse().setInputs(toStruct(rewrap(inputs, news))).setFailuresList(failures.map(checkFailure));
    }),
    diff: answer((call: Call<rpc.DiffRequest>) => {
      const { request } = call;
      const { changes, deleteBeforeReplace } = sessionOf(call).diff(
        tokenOf(request.getUrn()),
        known(request.getId(), request.getUrn(), request.getOldInputs() ?? request.getOlds(), request.getOlds()),
        unwrap(fromStruct(request.getNews())),
      );
      return diffResponse(changes, deleteBeforeReplace);
    }),

    create: answer(async (call: Call<rpc.CreateRequest>) => {
      const { request } = call;
      const token = tokenOf(request.getUrn());
      const session = sessionOf(call);
      const given = fromStruct(request.getProperties());
      const inputs = unwrap(given);
      if (request.getPreview()) {
        return new rpc.CreateResponse().setProperties(outgoing(token, session.previewCreate(token, inputs), given));
      }
      const { id, state } = await described(session.create(token, request.getUrn(), inputs), token, inputs, given);
      return new rpc.CreateResponse().setId(id).setProperties(outgoing(token, state, given));
    }),
    update: answer(async (call: Call<rpc.UpdateRequest>) => {
      const { request } = call;
      const token = tokenOf(request.getUrn());
      const session = sessionOf(call);
      const before = known(request.getId(), request.getUrn(), request.getOldInputs() ?? request.getOlds(), request.getOlds());
      const given = fromStruct(request.getNews());
      const inputs = unwrap(given);
      const state = request.getPreview()
        ? session.previewUpdate(token, before, inputs)
        : await described(session.update(token, before, inputs), token, inputs, given);
      return new rpc.UpdateResponse().setProperties(outgoing(token, state, given));
    }),
    read: answer(async (call: Call<rpc.ReadRequest>) => {
      const { request } = call;
      const token = tokenOf(request.getUrn());
      const like = fromStruct(request.getInputs());
      const before = known(request.getId(), request.getUrn(), request.getInputs(), request.getProperties());
      const present = await sessionOf(call).read(token, before);
      if (!present) return new rpc.ReadResponse();
      return new rpc.ReadResponse()
        .setId(request.getId())
        .setInputs(outgoing(token, present.inputs, like))
        .setProperties(outgoing(token, present.state, { ...like, ...fromStruct(request.getProperties()) }));
    }),
    delete: answer(async (call: Call<rpc.DeleteRequest>) => {
      const { request } = call;
      const before = known(request.getId(), request.getUrn(), request.getOldInputs(), request.getProperties());
      await sessionOf(call).delete(tokenOf(request.getUrn()), before);
      return new empty.Empty();
    }),
    invoke: answer(async (call: Call<rpc.InvokeRequest>) => {
      const args = fromStruct(call.request.getArgs());
      const result = await sessionOf(call).invoke(call.request.getTok(), unwrap(args));
      return new rpc.InvokeResponse().setReturn(toStruct(rewrap(result, args)));
    }),
  };

  /** Turns a partial failure into what the engine needs to keep the resource in its state. */
  async function described<T>(work: Promise<T>, token: string, inputs: Properties, given: WireProperties): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (!(error instanceof PartialFailure)) throw error;
      const detail = new rpc.ErrorResourceInitFailed()
        .setId(error.created.id)
        .setProperties(outgoing(token, { ...inputs, ...error.created.outputs }, given))
        .setInputs(toStruct(given))
        .setReasonsList([...error.reasons]);
      throw new InitFailed(error.message, detail);
    }
  }
}

/** `urn:pulumi:stack::project::parent$type::name` */
function tokenOf(urn: string): string {
  return (urn.split("::")[2] ?? "").split("$").pop() ?? "";
}

function nameOf(urn: string): string {
  return urn.split("::").slice(3).join("::");
}

function known(id: string, urn: string, inputs: Struct | undefined, state: Struct | undefined): Known {
  return { id, urn, inputs: unwrap(fromStruct(inputs)), state: unwrap(fromStruct(state)) };
}

/** The path goes into the text: given as the failure's property, the engine would print the value beside it, even a secret one. */
function checkFailure({ property, reason }: Failure): rpc.CheckFailure {
  return new rpc.CheckFailure().setReason(property ? `${property}: ${reason}` : reason);
}

function diffResponse(changes: readonly Change[], deleteBeforeReplace: boolean): rpc.DiffResponse {
  const { Kind } = rpc.PropertyDiff;
  const kinds = {
    add: [Kind.ADD, Kind.ADD_REPLACE],
    delete: [Kind.DELETE, Kind.DELETE_REPLACE],
    update: [Kind.UPDATE, Kind.UPDATE_REPLACE],
  } as const;
  const { DIFF_SOME, DIFF_NONE } = rpc.DiffResponse.DiffChanges;
  const replaces = changes.filter((change) => change.replaces);
  const response = new rpc.DiffResponse()
    .setChanges(changes.length > 0 ? DIFF_SOME : DIFF_NONE)
    .setDiffsList([...new Set(changes.map(({ path }) => topLevel(path)))])
    .setReplacesList([...new Set(replaces.map(({ path }) => topLevel(path)))])
    .setDeletebeforereplace(deleteBeforeReplace && replaces.length > 0)
    .setHasdetaileddiff(true);
  for (const { path, kind, replaces } of changes) {
    response.getDetaileddiffMap().set(path, new rpc.PropertyDiff().setKind(kinds[kind][replaces ? 1 : 0]).setInputdiff(true));
  }
  return response;
}

function topLevel(path: string): string {
  return /^[^.[]+/.exec(path)?.[0] ?? path;
}

/** The resource exists and has its id, but is not well. */
class InitFailed extends Error {
  readonly #detail: rpc.ErrorResourceInitFailed;
  constructor(message: string, detail: rpc.ErrorResourceInitFailed) {
    super(message);
    this.#detail = detail;
  }

  /** gRPC carries structured details in this header, which Go reads and writes by itself and Node does not. */
  serviceError(): Partial<grpc.ServiceError> {
    const detail = new any.Any();
    detail.pack(this.#detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
    const message = new status.Status().setCode(grpc.status.UNKNOWN).setMessage(this.message);
    message.addDetails(detail);
    const metadata = new grpc.Metadata();
    metadata.set("grpc-status-details-bin", Buffer.from(message.serializeBinary()));
    return { code: grpc.status.UNKNOWN, details: this.message, metadata };
  }
}

/** The error as the engine prints it: a cloud's refusal in its own words, a bug of ours without its stack (that goes to the log). */
function serviceError(error: unknown, log: (message: string) => void): Partial<grpc.ServiceError> {
  if (error instanceof InitFailed) return error.serviceError();
  if (error instanceof CloudError) {
    return { code: grpc.status.UNKNOWN, details: `${error.code}: ${error.message}` };
  }
  log(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return { code: grpc.status.INTERNAL, details: `a bug in the embedded cloud: ${error instanceof Error ? error.message : String(error)}` };
}
