import { expect, it } from "vitest";
import { undeployed } from "../../components/governance/deployed-revisions.ts";

const service = (revision: unknown, ...traffic: unknown[]) => ({
  template: { revision },
  traffics: traffic.map((each) => ({ revision: each })),
});

it.each<[string, string[], ReturnType<typeof service>, ReturnType<typeof service> | undefined]>([
  ["a first deployment of one release", [], service("a", "a"), undefined],
  ["a first deployment that is a split", ["a"], service("b", "a", "b"), undefined],
  ["a split after a deployment of the older release", [], service("b", "a", "b"), service("a", "a")],
  ["other shares of a split", [], service("b", "a", "b"), service("b", "a", "b")],
  ["a split whose template has changed", ["a2"], service("b2", "a2", "b2"), service("b", "a", "b")],
  ["a split that begins together with a change of the template", ["a2"], service("b2", "a2", "b2"), service("a", "a")],
  ["the end of a split, either way", [], service("a", "a"), service("b", "a", "b")],
  ["what is not known yet", [], service(Symbol("unknown"), Symbol("unknown"), Symbol("unknown")), service("a", "a")],
])("%s sends traffic to %j that was never deployed", (_, missing, wanted, before) => expect(undeployed(wanted, before)).toEqual(missing));
