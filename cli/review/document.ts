// What every report says, in the order in which a reviewer reads it. How it looks is the renderers' matter. Pure.
import { dataClasses, jurisdictions, residencyOf } from "../../stacks/residency.ts";
import { differencesOf } from "./differences.ts";
import { anywhere } from "./holdings.ts";
import type { Holding, Operation, Review, ReviewedResource, StackReview } from "./model.ts";
import { countsOf } from "./read.ts";
import { unusedIn, type Verdict, verdictOf } from "./verdict.ts";

export type Tone = "bad" | "warn" | "good";
/** Our own words, what a plan says (which may be anything), or a word that stands out. */
export type Inline = string | { readonly code: string } | { readonly tone: Tone; readonly text: string };
/** Lines of a cell. */
export type Cell = readonly (readonly Inline[])[];

export type Block =
  | { readonly kind: "text"; readonly text: readonly Inline[] }
  | { readonly kind: "table"; readonly head: readonly string[]; readonly rows: readonly (readonly Cell[])[] }
  | { readonly kind: "message"; readonly about: readonly Inline[]; readonly text: string };

export interface Section {
  readonly title: string;
  readonly blocks: readonly Block[];
  /** Folded: who wants to know opens it. */
  readonly detail: boolean;
}

export interface Document {
  readonly verdict: Verdict;
  readonly sections: readonly Section[];
  readonly review: Review;
}

/** @param expected stacks that must have been previewed */
export function documentOf(review: Review, expected: readonly string[]): Document {
  const { stacks } = review;
  const sections = [
    destroyed(stacks),
    errors(stacks),
    said("Findings", stacks, ({ findings }) => findings),
    said("Undecided", stacks, ({ undecided }) => undecided),
    exemptions(stacks),
    counts(stacks),
    residence(stacks),
    telemetry(stacks),
    differences(stacks),
    artifacts(stacks),
    unknowns(stacks),
    changes(stacks),
  ];
  return { verdict: verdictOf(review, expected), sections: sections.filter(({ blocks }) => blocks.length > 0), review };
}

const section = (title: string, blocks: readonly Block[], detail = false): Section => ({ title, blocks, detail });
const text = (...inlines: readonly Inline[]): Block => ({ kind: "text", text: inlines });
const line = (...inlines: readonly Inline[]): Cell => [inlines];
const code = (words: string): Inline => ({ code: words });
const nameOf = (urn: string) => urn.slice(urn.lastIndexOf("::") + 2);
/** `aws:s3/bucket:Bucket` -> `aws s3 Bucket` */
const typeOf = (type: string): Inline => {
  const [provider = "", module = "", last = ""] = type.split(":");
  const group = module.split("/")[0];
  return code([provider, ...(group === "index" || group === last ? [] : [group]), last].join(" "));
};

/** Words for what becomes of a resource, and how they stand out. */
const words: Readonly<Record<Operation, Inline>> = {
  create: { tone: "good", text: "created" },
  change: { tone: "warn", text: "changed" },
  replace: { tone: "bad", text: "replaced" },
  delete: { tone: "bad", text: "deleted" },
  same: "unchanged",
  read: "read",
};

function destroyed(stacks: readonly StackReview[]): Section {
  const rows = stacks.flatMap(({ stack, resources }) =>
    resources
      .filter(({ loses }) => loses !== undefined)
      .map(({ name, type, operation, loses, paths }) => [
        line(stack),
        line(code(name)),
        line(typeOf(type)),
        line(words[operation], `, its ${loses?.dataClass} data ${loses?.data}${loses?.exempted ? " (exempted)" : ""}`),
        paths.map((path) => [code(path)]),
      ]),
  );
  return section(
    "Data at risk",
    rows.length === 0 ? [] : [{ kind: "table", head: ["stack", "resource", "type", "what happens", "because of"], rows }],
  );
}

const errors = (stacks: readonly StackReview[]): Section =>
  section(
    "Errors",
    stacks.flatMap(({ stack, errors: its }): Block[] =>
      its.map((error) => ({ kind: "message", about: [{ tone: "bad", text: stack }], text: error })),
    ),
  );

function said(title: string, stacks: readonly StackReview[], of: (stack: StackReview) => StackReview["findings"]): Section {
  return section(
    title,
    stacks.flatMap((stack) =>
      [...of(stack)]
        .sort((a, b) => Number(b.mandatory) - Number(a.mandatory))
        .map(({ rule, urn, message, mandatory }): Block => {
          const level: Inline = mandatory ? { tone: "bad", text: "mandatory" } : { tone: "warn", text: "advisory" };
          return { kind: "message", about: [stack.stack, " ", level, " ", code(rule), " ", code(nameOf(urn))], text: message };
        }),
    ),
  );
}

function exemptions(stacks: readonly StackReview[]): Section {
  const unused = unusedIn(stacks);
  const rows = stacks.flatMap(({ stack, exemptions: its }) =>
    [...its]
      .sort((a, b) => (a.daysLeft ?? 0) - (b.daysLeft ?? 0))
      .map(({ urn, message, daysLeft }) => [
        line(stack),
        line(code(nameOf(urn))),
        line(daysLeft === undefined ? "" : { tone: daysLeft <= 14 ? "bad" : "warn", text: String(daysLeft) }),
        line(code(message)),
      ]),
  );
  return section("Exemptions", [
    ...unused.map((message): Block => ({ kind: "message", about: [{ tone: "bad", text: "no stack needs it" }], text: message })),
    ...(rows.length === 0 ? [] : [{ kind: "table", head: ["stack", "resource", "days left", "what is exempted"], rows } as const]),
  ]);
}

function counts(stacks: readonly StackReview[]): Section {
  if (stacks.length === 0) return section("Changes", []);
  const shown = ["create", "change", "replace", "delete", "same"] as const;
  const rows = stacks.map((stack) => {
    const its = countsOf(stack);
    return [
      line(stack.stack),
      ...shown.map((operation) =>
        line(its[operation] === 0 || operation === "same" ? String(its[operation]) : toned(operation, its[operation])),
      ),
      line(stack.ok ? { tone: "good", text: "complies" } : { tone: "bad", text: "does not" }, `, ${stack.rules} rules run`),
    ];
  });
  return section("Changes", [
    { kind: "table", head: ["stack", "created", "changed", "replaced", "deleted", "unchanged", "policies"], rows },
  ]);
}

function toned(operation: Operation, count: number): Inline {
  const word = words[operation];
  return typeof word === "object" && "tone" in word ? { tone: word.tone, text: String(count) } : String(count);
}

/** For a lawyer: classes of data down, jurisdictions across. */
function residence(stacks: readonly StackReview[]): Section {
  const all = stacks.flatMap(({ holdings }) => holdings);
  const across = [...jurisdictions, "undeclared" as const].filter((each) => all.some(({ jurisdiction }) => jurisdiction === each));
  const down = [...dataClasses, "undeclared" as const].filter((each) => all.some(({ dataClass }) => dataClass === each)).reverse();
  if (all.length === 0) return section("Where data will live", []);
  const title = (jurisdiction: (typeof across)[number]) =>
    jurisdiction === "undeclared" ? "no jurisdiction declared" : residencyOf(jurisdiction).title;
  const cell = (its: readonly Holding[]): Cell => {
    const stored = its.filter(({ holding }) => holding === "stores");
    const passed = its.filter(({ holding }) => holding === "carries");
    if (its.length === 0) return line("none");
    return [
      ...byPlace(stored).map(({ place, names }) => ["stored in ", ...place, ": ", ...list(names)]),
      ...byPlace(passed).map(({ place, names }) => [
        "passes through ",
        ...place,
        `: ${names.length} ${names.length === 1 ? "resource" : "resources"}`,
      ]),
    ];
  };
  return section("Where data will live", [
    {
      kind: "table",
      head: ["data", ...across.map(title)],
      rows: down.map((dataClass) => [
        line(dataClass),
        ...across.map((jurisdiction) => cell(all.filter((each) => each.dataClass === dataClass && each.jurisdiction === jurisdiction))),
      ]),
    },
  ]);
}

/** Names with commas between. */
const list = (names: readonly string[]): Inline[] => names.flatMap((name, i) => (i === 0 ? [code(name)] : [", ", code(name)]));

const at = (cloud: string, places: readonly string[]): Inline[] => [
  cloud,
  ...places.flatMap((place, i) => [i === 0 ? " " : " and ", inPlace(place)]),
];
const inPlace = (place: string): Inline => (place === anywhere ? { tone: "warn", text: place } : code(place));

const byPlace = (its: readonly Holding[]): { readonly place: readonly Inline[]; readonly names: readonly string[] }[] =>
  [...Map.groupBy(its, ({ cloud, places }) => `${cloud} ${places.join(" ")}`)]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([, group]) => {
      const { cloud, places } = group[0] as Holding;
      return { place: at(cloud, places), names: group.map(({ name }) => name).sort() };
    });

function telemetry(stacks: readonly StackReview[]): Section {
  const regions = stacks.filter(({ jurisdiction, telemetry: its }) => (jurisdiction ?? "global") !== "global" || its.paths.length > 0);
  const rows = regions.map(({ stack, telemetry: { paths, spools } }) => [
    line(stack),
    line(
      paths.length >= 2
        ? { tone: "good", text: `${paths.length} independent` }
        : { tone: "bad", text: `${paths.length}, and 2 are promised` },
    ),
    paths.map(({ cloud, archives, places }) => [...at(cloud, places), ": ", ...(archives.length === 0 ? ["no archive"] : list(archives))]),
    spools.length === 0 ? line({ tone: "bad", text: "nothing" }) : spools.map((name) => [code(name)]),
  ]);
  return section(
    "Telemetry",
    rows.length === 0 ? [] : [{ kind: "table", head: ["stack", "paths", "to", "while a path is closed, kept by"], rows }],
  );
}

function differences(stacks: readonly StackReview[]): Section {
  const all = differencesOf(stacks);
  const table = (its: typeof all): Block => ({
    kind: "table",
    head: ["what", "in each region"],
    rows: its.map(({ what, type, path, values }) => [
      [...what.map((name) => [code(name)]), [typeOf(type), ...(path === undefined ? [] : [": ", code(path)])]],
      values.map(([stack, value]) => [`${stack}: `, value === undefined ? "missing" : path === undefined ? "there" : code(value)]),
    ]),
  });
  const open = all.filter(({ because }) => because === undefined);
  const explained = [...Map.groupBy(all, ({ because }) => because)].flatMap(([because, its]) =>
    because === undefined ? [] : [{ because, its }],
  );
  if (stacks.filter(({ jurisdiction }) => jurisdiction !== undefined && jurisdiction !== "global").length < 2)
    return section("Differences between regions", []);
  return section("Differences between regions", [
    ...(open.length === 0
      ? [text("Regions differ in nothing but what the residency map explains.")]
      : [text({ tone: "warn", text: `${open.length} that nothing explains` }, ":"), table(open)]),
    ...explained.flatMap(({ because, its }) => [text(`${its.length} because ${because}:`), table(its)]),
  ]);
}

function artifacts(stacks: readonly StackReview[]): Section {
  const groups = Map.groupBy(
    stacks.flatMap(({ stack, artifacts: its }) => its.map((artifact) => ({ stack, ...artifact }))),
    ({ digest }) => digest,
  );
  const rows = [...groups.values()].map((its) => {
    const { name, kind, digest, known } = its[0] as (typeof its)[number];
    return [
      line(code(name)),
      line(kind),
      line(code(digest)),
      line(its.map(({ stack }) => stack).join(", ")),
      line(known ? { tone: "good", text: "yes" } : { tone: "warn", text: "no" }),
    ];
  });
  return section("Artifacts", rows.length === 0 ? [] : [{ kind: "table", head: ["artifact", "kind", "digest", "in", "built here"], rows }]);
}

function unknowns(stacks: readonly StackReview[]): Section {
  const rows = stacks.flatMap(({ stack, resources }) =>
    resources
      .filter(({ unknown }) => unknown.length > 0)
      .map(({ name, unknown }) => [line(stack), line(code(name)), unknown.map((path) => [code(path)])]),
  );
  return section(
    "Known only after the deployment",
    rows.length === 0
      ? []
      : [
          text("No preview can show these values; the plan that is approved leaves them open."),
          { kind: "table", head: ["stack", "resource", "properties"], rows },
        ],
    true,
  );
}

/** Every resource that does not stay as it is, the regions side by side. */
function changes(stacks: readonly StackReview[]): Section {
  const moved = (resource: ReviewedResource) => resource.operation !== "same" && resource.operation !== "read";
  const keyed = stacks.flatMap(({ stack, resources }) => resources.filter(moved).map((resource) => ({ stack, resource })));
  const groups = Map.groupBy(keyed, ({ resource: { type, name } }) => `${type} ${name}`);
  const gravity: readonly Operation[] = ["replace", "delete", "change", "create"];
  const rank = (its: typeof keyed) => Math.min(...its.map(({ resource }) => gravity.indexOf(resource.operation)));
  const rows = [...groups.values()]
    .sort((a, b) => rank(a) - rank(b))
    .map((its) => {
      const { name, type } = (its[0] as (typeof its)[number]).resource;
      return [
        [[code(name)], [typeOf(type)]],
        ...stacks.map(({ stack }): Cell => {
          const found = its.find((each) => each.stack === stack)?.resource;
          return found ? [[words[found.operation]], ...found.paths.map((path) => [code(path)])] : line("");
        }),
      ];
    });
  return section(
    "Every change",
    rows.length === 0 ? [] : [{ kind: "table", head: ["resource", ...stacks.map(({ stack }) => stack)], rows }],
    true,
  );
}
