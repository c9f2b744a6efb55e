// A gRPC server on a loopback port, as the engine attaches to one.
import grpc from "@grpc/grpc-js";

export interface Server {
  readonly port: number;
  close(): Promise<void>;
}

/** Bytes; the engine's own limit for one message. */
const MAX_MESSAGE = 400 * 1024 * 1024;

/**
 * @param port 0 for any free one
 * @throws Error when the port cannot be had
 */
export async function serve(
  definition: grpc.ServiceDefinition,
  implementation: grpc.UntypedServiceImplementation,
  port = 0,
): Promise<Server> {
  const server = new grpc.Server({ "grpc.max_receive_message_length": MAX_MESSAGE, "grpc.max_send_message_length": MAX_MESSAGE });
  server.addService(definition, implementation);
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, grpc.ServerCredentials.createInsecure(), (error, actual) =>
      error ? reject(error) : resolve(actual),
    );
  });
  return { port: bound, close: async () => server.forceShutdown() };
}

/** What a handler may see of a call. */
export interface Call<Request> {
  readonly request: Request;
  /** Address of the caller's connection: one for each plugin that the engine has loaded. */
  getPeer(): string;
  /** The caller gave up, or is gone. */
  on(event: "cancelled", listener: () => void): unknown;
}

/** A unary handler of a plain function: what it throws is the call's error, as `describe` words it. */
export function unary<Request, Response>(
  handle: (call: Call<Request>) => Promise<Response> | Response,
  describe: (error: unknown) => Partial<grpc.ServiceError> = (error) => ({
    code: grpc.status.UNKNOWN,
    details: error instanceof Error ? error.message : String(error),
  }),
): grpc.handleUnaryCall<Request, Response> {
  return (call, callback) => {
    const work = (async () => handle(call))();
    work.then(
      (response) => callback(null, response),
      (error: unknown) => callback(describe(error)),
    );
  };
}
