// What the pack reads of the engine's bytes is what the protocol's own generated classes read.
import proto from "@pulumi/pulumi/proto/analyzer_pb.js";
import fc from "fast-check";
import structs from "google-protobuf/google/protobuf/struct_pb.js";
import { expect, it } from "vitest";
import { readResource, readStack } from "../../policies/requests.ts";

const structOf = (value: unknown) => structs.Struct.fromJavaScript(value as Record<string, structs.JavaScriptValue>);
const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.double({ noNaN: true }),
    fc.string({ unit: "grapheme" }),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.string(), tie("value"), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;
const properties = fc.dictionary(fc.string(), json, { maxKeys: 6, noNullPrototype: true });

function analyzed(props: unknown): InstanceType<typeof proto.AnalyzerResource> {
  const options = new proto.AnalyzerResourceOptions();
  options.setProtect(true);
  options.setParent("urn:parent");
  options.setAliasesList(["urn:alias"]);
  options.setCustomtimeouts(new proto.AnalyzerResourceOptions.CustomTimeouts());
  const provider = new proto.AnalyzerProviderResource();
  provider.setType("pulumi:providers:aws");
  provider.setUrn("urn:provider");
  provider.setName("default");
  provider.setProperties(structOf({ region: "eu-central-1" }));
  const dependencies = new proto.AnalyzerPropertyDependencies();
  dependencies.setUrnsList(["urn:one", "urn:two"]);
  const resource = new proto.AnalyzerResource();
  resource.setType("aws:s3/bucket:Bucket");
  resource.setUrn("urn:uploads");
  resource.setName("uploads");
  resource.setProperties(structOf(props));
  resource.setOptions(options);
  resource.setProvider(provider);
  resource.setParent("urn:not-asked-for");
  resource.setDependenciesList(["urn:one"]);
  resource.getPropertydependenciesMap().set("policy", dependencies);
  return resource;
}

const read = (props: unknown) => ({
  type: "aws:s3/bucket:Bucket",
  name: "uploads",
  urn: "urn:uploads",
  properties: props,
  protect: true,
  parent: "urn:parent",
  provider: { type: "pulumi:providers:aws", name: "default", urn: "urn:provider", properties: { region: "eu-central-1" } },
  propertyDependencies: { policy: ["urn:one", "urn:two"] },
});

it("every property comes as it was written, whatever it is", () => {
  fc.assert(
    fc.property(properties, (props) => {
      expect(readResource(analyzed(props).serializeBinary())).toEqual(read(structOf(props).toJavaScript()));
    }),
  );
});

it("what was not said is empty", () => {
  expect(readResource(new proto.AnalyzeRequest().serializeBinary())).toEqual({
    ...{ type: "", name: "", urn: "", properties: {}, protect: false, parent: "" },
    ...{ provider: undefined, propertyDependencies: {} },
  });
});

it("a key that every object inherits is a property like any other", () => {
  const struct = new structs.Struct();
  const text = new structs.Value();
  text.setStringValue("a value");
  // The library's own map loses the first of them: it is put in afterwards.
  for (const key of ["##proto##", "constructor", "toString"]) struct.getFieldsMap().set(key, text);
  const request = new proto.AnalyzeRequest();
  request.setProperties(struct);
  const bytes = Buffer.from(Buffer.from(request.serializeBinary()).toString("latin1").replace("##proto##", "__proto__"), "latin1");
  expect(Object.entries(readResource(bytes).properties)).toEqual([
    ["__proto__", "a value"],
    ["constructor", "a value"],
    ["toString", "a value"],
  ]);
});

it("a stack is its resources, in their order", () => {
  const request = new proto.AnalyzeStackRequest();
  request.setResourcesList([analyzed({ first: 1 }), analyzed({ second: [2] })]);
  expect(readStack(request.serializeBinary())).toEqual([read({ first: 1 }), read({ second: [2] })]);
});

it("bytes that are cut off are an error", () => {
  const bytes = analyzed({ a: "value" }).serializeBinary();
  expect(() => readResource(bytes.slice(0, -3))).toThrow();
});
