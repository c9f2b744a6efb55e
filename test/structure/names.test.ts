// Who may speak of whom: what is deployed knows no sandbox, the sandbox knows no blueprint, and nothing knows the machine it was written on.

import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { bundles } from "../../functions/bundles.ts";
import { jurisdictions, residencyOf } from "../../stacks/residency.ts";
import { below, files, found, read } from "./files.ts";

const quoted = (word: string) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** Guides may explain; sources may not. */
const isSource = (path: string) => !path.endsWith(".md");

it("what is deployed does not know where it is deployed to", () => {
  const deployed = ["stacks", "components", "functions", "policies"].flatMap((folder) => below(folder)).filter(isSource);
  expect(deployed.length).toBeGreaterThan(80);
  // Words that are allowed: the manifest says of an artifact where it may be used, and nothing in these folders acts on it; a rule knows which
  // addresses of anybody's program lead nowhere outside.
  const allowed = /^stacks\/artifact-manifest\.ts:\d+: .*sandbox-only|^policies\/rules\/vendors\/endpoint\.ts:\d+: /;
  const named = found(deployed, /sandbox|localhost|127\.0\.0\.1|\[::1\]|miniflare|embedded.postgres|emulator/i);
  expect(named.filter((line) => !allowed.test(line))).toEqual([]);
});

describe("the sandbox is a cloud: it does not know this blueprint", () => {
  const sandbox = below("sandbox");

  /** Everything by which the blueprint could be told from any other program. */
  const names = () => {
    const project = (parse(read("Pulumi.yaml")) as { name: string }).name;
    const configured = below("stacks", ".yaml").flatMap((path) => {
      const { config } = parse(read(path)) as { config: Record<string, unknown> };
      const texts = (value: unknown): string[] =>
        typeof value === "string" ? [value] : typeof value === "object" && value !== null ? Object.values(value).flatMap(texts) : [];
      // Jurisdictions are words of any language; values with a dot, a digit or a hyphen are this blueprint's own.
      return texts(config).filter((text) => /[.\d-]/.test(text) && text.length > 4);
    });
    // "site", "home", "subjects" and "telemetry" are words that a cloud uses for other things.
    const artifacts = bundles.map(({ name }) => name).filter((name) => !["site", "home", "subjects", "telemetry"].includes(name));
    const regions = jurisdictions.map((each) => residencyOf(each).region).filter((region) => region.length > 2);
    return { project, configured, artifacts, regions };
  };

  it("by its name, its configuration, its artifacts or its regions", () => {
    const { project, configured, artifacts, regions } = names();
    expect(configured).toContain("brand.example");
    expect(artifacts).toContain("preferences");
    const words = [project, ...configured, ...artifacts].map(quoted);
    expect(found(sandbox, new RegExp(`${words.join("|")}|\\b(${regions.join("|")})\\b`, "i"))).toEqual([]);
  });

  it("by what it is about, by paths into it, or by digests", () => {
    expect(found(sandbox, /personalis|\bconsent|residency map|decision.?table|\bjurisdiction map|policy pack/i)).toEqual([]);
    expect(found(sandbox, /["'`](\.\.\/)+(stacks|components|functions|policies|cli|tools|test|docs)\//)).toEqual([]);
    expect(found(sandbox, /\b[0-9a-f]{64}\b/)).toEqual([]);
  });
});

describe("no committed file carries", () => {
  // Written apart, so that this file does not find itself.
  const folders = ["work", "root", "home/[a-z]+", "Users/[A-Za-z]+"].map((folder) => `(?<![\\w.:/-])/${folder}/`);
  const text = files.filter((path) => !/\.(png|svg|ico)$/.test(path));

  it("a path of the machine it was written on", () => {
    expect(found(text, new RegExp(folders.join("|")))).toEqual([]);
  });

  it("the host of a package registry or proxy", () => {
    const hosts = [
      "npmjs" + "\\.(org|com)",
      "pypi" + "\\.org",
      "proxy\\.golang" + "\\.org",
      "goproxy" + "\\.",
      "art" + "ifactory",
      "jfrog" + "\\.",
    ];
    expect(found(text, new RegExp(hosts.join("|"), "i"))).toEqual([]);
  });
});
