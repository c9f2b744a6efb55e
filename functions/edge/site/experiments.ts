// Experiments: which variation of a slot a subject sees. Pure; the same subject always sees the same one.
import * as z from "zod/mini";

const content = z.strictObject({
  title: z.optional(z.string().check(z.maxLength(200))),
  text: z.optional(z.string().check(z.maxLength(1000))),
  action: z.optional(
    z.strictObject({
      label: z.string().check(z.maxLength(80)),
      // A path of the site or an https address: never a script.
      href: z.string().check(z.regex(/^(\/(?!\/)|https:\/\/)/)),
    }),
  ),
});
const name = z.string().check(z.regex(/^[a-z][a-z0-9-]{0,39}$/));
const experiment = z.strictObject({
  key: name,
  slot: name,
  variations: z.array(z.strictObject({ name, weight: z.number().check(z.minimum(0)), content })).check(
    z.minLength(1),
    z.refine((all) => all.some(({ weight }) => weight > 0), "at least one weight must be above 0"),
  ),
});
const schema = z.strictObject({ experiments: z.array(experiment) });

export type Experiment = z.infer<typeof experiment>;
export type Variation = Experiment["variations"][number];

/** What runs when the store holds no experiments. */
export const builtIn: readonly Experiment[] = [
  {
    key: "hero-welcome",
    slot: "hero",
    variations: [
      {
        name: "first-flush",
        weight: 50,
        content: {
          title: "Your first flush is in",
          text: "Picked in April, packed this week: three light teas that go with the ones you like.",
          action: { label: "See your three", href: "/#season" },
        },
      },
      {
        name: "slow-evening",
        weight: 50,
        content: {
          title: "Made for slow evenings",
          text: "Roasted, low in caffeine, and close to what you chose before.",
          action: { label: "See your evening teas", href: "/#season" },
        },
      },
    ],
  },
];

/** Reads an experiments document. Throws a zod error that names every wrong member. */
export function parseExperiments(value: unknown): readonly Experiment[] {
  return schema.parse(value).experiments;
}

/**
 * The variation a subject gets: a point on [0, total weight) from SHA-256 of experiment and subject, so that shares come out as
 * the weights say and one experiment's draw tells nothing about another's.
 */
export async function chooseVariation({ key, variations }: Experiment, subject: string): Promise<Variation> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`${key}:${subject}`));
  const total = variations.reduce((sum, { weight }) => sum + weight, 0);
  let point = (new DataView(digest).getUint32(0) / 2 ** 32) * total;
  for (const variation of variations) {
    if (point < variation.weight) return variation;
    point -= variation.weight;
  }
  // Rounding can leave the point a hair beyond the end.
  return variations.findLast(({ weight }) => weight > 0) as Variation;
}
