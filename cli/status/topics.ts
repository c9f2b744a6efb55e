// What a person wants to know of a region, topic by topic, from its running parts. Pure.
import type { Part } from "../../sandbox/engine/cloud.ts";

/** One line of a region's status. */
export interface Topic {
  readonly topic: string;
  readonly well: boolean;
  /** How things are, in one line. */
  readonly text: string;
  /** What is not well, each in a line. */
  readonly troubles: readonly string[];
}

/** A host's certificate, as the host shows it. */
export interface ShownCertificate {
  readonly host: string;
  /** RFC 3339; absent when nobody answers with one. */
  readonly until?: string;
}

type Named = Pick<Part, "kind" | "name" | "state" | "detail">;

interface Kind {
  readonly topic: string;
  readonly kinds: readonly string[];
  /** What its parts say is for information: whether somebody must act is said elsewhere. */
  readonly informs?: boolean;
  /** Default: each part's name and detail. */
  readonly text?: (parts: readonly Named[]) => string;
}

const each = (words: (part: Named) => string) => (parts: readonly Named[]) => [...new Set(parts.map(words))].sort().join(", ");
const until = (text: string, end: RegExp) => text.split(end)[0] as string;
const ageOf = (detail: string) => /, oldest [^,]+/.exec(detail)?.[0] ?? "";
const running = ({ state }: Named) => state === "running";

const kinds: readonly Kind[] = [
  { topic: "edge", kinds: ["worker"], text: each(({ name, detail }) => `${name} ${detail}`) },
  {
    topic: "services",
    kinds: ["Cloud Run service", "Cloud Run job", "Fargate task"],
    text: each(({ kind, name, detail }) =>
      kind === "Fargate task" ? `${until(name, / /)} on Fargate (${detail.split("; ").at(-1)} tasks)` : `${name} ${until(detail, / of /)}`,
    ),
  },
  {
    topic: "balancers",
    kinds: ["load balancer", "Load balancer"],
    text: each(({ name, detail }) => (detail.includes("targets") ? `${name} (${until(detail, /,/)})` : name)),
  },
  { topic: "database", kinds: ["Cloud SQL"] },
  // What waits: of messages and the oldest, the rest is in the list of parts.
  { topic: "queues", kinds: ["queue"], text: each(({ name, detail }) => `${name} ${until(detail, / messages/)}${ageOf(detail)}`) },
  {
    topic: "sinks",
    kinds: ["bucket", "log bucket", "traces"],
    text: each(({ name, detail }) => {
      const amount = /^\d+ \w+/.exec(detail)?.[0];
      return `${name.split("/").at(-1)}${amount === undefined ? "" : ` (${amount})`}`;
    }),
  },
  { topic: "images", kinds: ["container registry"], text: each(({ name, detail }) => `${name} (${detail.split(", ").at(-1)})`) },
  {
    topic: "alerts",
    kinds: ["alarm", "alert policy"],
    text: (parts) => {
      const firing = parts.filter((part) => !running(part)).length;
      return firing === 0 ? `${parts.length}, none fires` : `${firing} of ${parts.length} ${firing === 1 ? "fires" : "fire"}`;
    },
  },
  // A budget may be spent faster than allowed for an hour; the alerts ring where that goes on.
  {
    topic: "objectives",
    kinds: ["objective"],
    informs: true,
    text: each(({ name, detail }) => `${name.replace(/^\w+: /, "")}: ${detail}`),
  },
  {
    topic: "keys",
    kinds: ["key"],
    text: (parts) => {
      const usable = parts.filter(running);
      const rotating = usable.filter(({ detail }) => !detail.includes("does not rotate"));
      const away = parts.length - usable.length;
      return `${usable.length} enabled (${rotating.length} of them rotate)${away > 0 ? `, ${away} disabled` : ""}`;
    },
  },
];

const all = (parts: readonly Named[]) => parts.map(({ name, detail }) => `${name} ${detail}`).join(", ");
const trouble = ({ name, state, detail }: Named) => `${name}: ${state === "failed" ? "" : `${state}, `}${detail}`;

/** The topics that a region has parts of. What is of no topic (metadata servers, say) is told as soon as it is not well. */
export function topicsOf(parts: readonly Named[], certificates: readonly ShownCertificate[]): Topic[] {
  const told = kinds.flatMap(({ topic, kinds: its, informs, text = all }): Topic[] => {
    const own = parts.filter(({ kind }) => its.includes(kind));
    return own.length === 0 ? [] : [topicOf(topic, text(own), informs ? [] : own)];
  });
  const rest = parts.filter(({ kind }) => kind !== "certificate" && !kinds.some(({ kinds: its }) => its.includes(kind)));
  const proofs = parts.filter(({ kind }) => kind === "certificate");
  const others = topicOf(
    "others",
    `${rest.length} ${rest.length === 1 ? "part" : "parts"}: ${[...new Set(rest.map(({ kind }) => kind.toLowerCase()))].sort().join(", ")}`,
    rest,
  );
  return [
    ...told,
    ...(certificates.length + proofs.length > 0 ? [certificateTopic(proofs, certificates)] : []),
    ...(rest.length > 0 ? [others] : []),
  ];
}

/** @param parts that must be running */
const topicOf = (topic: string, text: string, parts: readonly Named[]): Topic => {
  const troubles = parts.filter((part) => !running(part)).map(trouble);
  return { topic, well: troubles.length === 0, text, troubles };
};

function certificateTopic(proofs: readonly Named[], shown: readonly ShownCertificate[]): Topic {
  const now = new Date().toISOString();
  const ends = shown.flatMap(({ host, until: end }) => (end === undefined ? [] : [{ host, end }])).sort((a, b) => (a.end < b.end ? -1 : 1));
  const valid = ends.filter(({ end }) => end > now);
  const [soonest] = valid;
  const troubles = [
    ...proofs.filter((part) => !running(part)).map(trouble),
    ...shown.flatMap(({ host, until: end }) => (end === undefined ? [`${host} shows no certificate`] : [])),
    ...ends.filter(({ end }) => end <= now).map(({ host, end }) => `${host}: its certificate ended ${end}`),
  ];
  const text = `${valid.length} valid${soonest ? `, the first ends ${soonest.end.slice(0, 10)} (${soonest.host})` : ""}`;
  return { topic: "certificates", well: troubles.length === 0, text, troubles };
}
