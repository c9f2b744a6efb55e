// The API as the service itself describes it: every operation with its examples, and what each answer must look like.
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import type { Service } from "../service.ts";

type Schema = Readonly<Record<string, unknown>> & { readonly $ref?: string; readonly example?: unknown };
interface Media {
  readonly schema: Schema;
  readonly example?: unknown;
}
type Content = Readonly<Record<string, Media>>;

export interface Parameter {
  readonly in: "path" | "query" | "header";
  readonly name: string;
  readonly required?: boolean;
  readonly schema: Schema;
}

interface Described {
  readonly summary?: string;
  readonly parameters?: readonly Parameter[];
  /** Any of these; none where nothing needs to be shown. Absent: those of the document. */
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
}

interface Document extends Record<string, unknown> {
  readonly security: NonNullable<Described["security"]>;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
}

export interface Operation extends Described {
  /** `GET /v1/check` */
  readonly name: string;
  readonly method: string;
  /** With its parameters in braces. */
  readonly path: string;
  /** Names of the credentials any of which it takes; none where it needs none. */
  readonly credentials: readonly string[];
  /** Each body that it takes, by media type. */
  readonly bodies: readonly { readonly mediaType: string; readonly schema: Schema; readonly example: unknown }[];
}

const base = "https://preferences.example/openapi.json";

export class ServedApi {
  readonly document: Document;
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true });

  static async of(service: Service): Promise<ServedApi> {
    const response = await service.request("/v1/openapi.json");
    return new ServedApi((await response.json()) as Document);
  }

  private constructor(document: Document) {
    this.document = document;
    formats.default(this.#ajv);
    this.#ajv.addSchema(document, base);
  }

  get operations(): Operation[] {
    return Object.entries(this.document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([key, described]): Operation => {
        const method = key.toUpperCase();
        const bodies = Object.entries(described.requestBody?.content ?? {}).map(([mediaType, { schema, example }]) => ({
          mediaType,
          schema: this.resolved(schema),
          example: example ?? this.resolved(schema).example,
        }));
        const credentials = (described.security ?? this.document.security).flatMap((each) => Object.keys(each));
        return { ...described, name: `${method} ${path}`, method, path, credentials, bodies };
      }),
    );
  }

  /** The schema behind a reference. */
  resolved(schema: Schema): Schema {
    if (schema.$ref === undefined) return schema;
    return schema.$ref
      .slice("#/".length)
      .split("/")
      .reduce((at: unknown, step) => (at as Record<string, unknown>)[step], this.document) as Schema;
  }

  /** What an answer is not, of what the operation says that it is; empty where it is all of it. */
  async objections(operation: Operation, response: Response): Promise<string[]> {
    const { status } = response;
    const described = operation.responses[status];
    if (!described) return [`${status} is not described`];
    const text = await response.text();
    const mediaType = response.headers.get("content-type")?.split(";")[0];
    if (described.content === undefined) return text === "" ? [] : [`${status} is described without a body`];
    const media = described.content[mediaType ?? ""];
    if (!media) return [`${status} has ${mediaType}, described is ${Object.keys(described.content).join(", ")}`];
    if (!mediaType?.endsWith("json")) return [];
    const steps = ["paths", operation.path, operation.method.toLowerCase(), "responses", `${status}`, "content", mediaType, "schema"];
    const pointer = steps.map((step) => encodeURIComponent(step.replaceAll("~", "~0").replaceAll("/", "~1"))).join("/");
    const fits = this.#ajv.getSchema(`${base}#/${pointer}`) as ValidateFunction;
    return fits(JSON.parse(text)) ? [] : (fits.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
  }
}

/** The address and the headers of a request that has the parameters' own examples. @param standsFor what a test has in the place of an example */
export function exampleOf(
  { path, parameters = [] }: Operation,
  standsFor: (example: string) => string,
): { path: string; headers: Record<string, string> } {
  const query = new URLSearchParams();
  const headers: Record<string, string> = {};
  let address = path;
  for (const { in: where, name, schema } of parameters) {
    const example = standsFor(String(schema.example));
    if (where === "path") address = address.replace(`{${name}}`, encodeURIComponent(example));
    else if (where === "query") query.set(name, example);
    else headers[name] = example;
  }
  return { path: query.size === 0 ? address : `${address}?${query}`, headers };
}
