// Reads of IAB strings the few bits that decide: what a TC string permits, and who has opted out in the US sections of a GPP string. Pure, and safe
// with any text: the time and the memory that it takes grow with the length of the text, and whatever is not a string of the kind is unreadable.
//
// TC string: github.com/InteractiveAdvertisingBureau/GDPR-Transparency-and-Consent-Framework, TCFv2, "IAB Tech Lab - Consent string and vendor list
// formats v2.md", "The Core String". GPP: github.com/InteractiveAdvertisingBureau/Global-Privacy-Platform, Core, "Consent String Specification.md",
// and Sections/US-National and Sections/US-States for the fields of each section.

/** The text is no string of the kind, or of a version that nobody here has read the specification of. */
export class UnreadableString extends Error {}

/** Numbers of TCF purposes. */
export interface TcPermissions {
  readonly consents: ReadonlySet<number>;
  /** Told to the person, who has not objected. */
  readonly legitimateInterests: ReadonlySet<number>;
}

export interface UsSection {
  /** As the specification abbreviates it: `usnat`, `usca`. */
  readonly name: string;
  /** The fields that say "opted out": `SaleOptOut`. */
  readonly optedOut: readonly string[];
  /** Whether its GPC subsection says that the signal was sent. */
  readonly gpc: boolean;
}

export interface GppString {
  readonly tcf?: TcPermissions | undefined;
  readonly us: readonly UsSection[];
}

/** "The Core String": a version of 6 bits, then fields of fixed lengths, of which these begin at 152 and 176, 24 purposes each. */
const tcfVersion = 2;
const purposesConsent = 152;
const purposesLegitimateInterest = 176;
const purposeBits = 24;
/** Up to PublisherCC; what follows is about vendors. */
const tcCoreBits = 213;

/** @throws UnreadableString */
export function readTcf(text: string): TcPermissions {
  const [bits] = text.split(".").map((segment) => new Bits(segment)) as [Bits, ...Bits[]];
  const version = bits.integer(6);
  if (version !== tcfVersion) throw new UnreadableString(`it is of version ${version}, readable is ${tcfVersion}`);
  if (bits.length < tcCoreBits) throw new UnreadableString(`its core has ${bits.length} bits, at least ${tcCoreBits} are its fields`);
  const purposes = (from: number) =>
    new Set(Array.from({ length: purposeBits }, (_, i) => i + 1).filter((purpose) => bits.at(from + purpose - 1)));
  return { consents: purposes(purposesConsent), legitimateInterests: purposes(purposesLegitimateInterest) };
}

const sale = "SaleOptOut";
const sharing = "SharingOptOut";
const targeted = "TargetedAdvertisingOptOut";
const tcfEuSection = 2;

interface Layout {
  readonly name: string;
  readonly versions: readonly number[];
  /** Fields of two bits before the first opt-out, and the opt-outs, which follow each other. */
  readonly skip: number;
  readonly optOuts: readonly string[];
  /** Whether what may follow the core is the GPC subsection; in some states it is another one, or none. */
  readonly gpc: boolean;
}
const state = (name: string, { skip = 3, gpc = true } = {}): Layout => ({ name, versions: [1], skip, optOuts: [sale, targeted], gpc });

/** By the number of the section ("Section Information.md"). The fields follow a version of 6 bits. */
const usSections: Readonly<Record<number, Layout>> = {
  // Six notices. Version 2 has longer lists behind the opt-outs.
  7: { name: "usnat", versions: [1, 2], skip: 6, optOuts: [sale, sharing, targeted], gpc: true },
  8: { name: "usca", versions: [1], skip: 3, optOuts: [sale, sharing], gpc: true },
  9: state("usva", { gpc: false }),
  10: state("usco"),
  // Four notices: one is of sensitive data.
  11: state("usut", { skip: 4, gpc: false }),
  12: state("usct"),
  13: state("usfl", { gpc: false }),
  14: state("usmt"),
  15: state("usor"),
  16: state("ustx"),
  17: state("usde"),
  18: state("usia", { skip: 4 }),
  19: state("usne"),
  20: state("usnh"),
  21: state("usnj"),
  22: state("ustn"),
  23: state("usmn"),
  // Two fields of the MSPA come first.
  24: state("usmd", { skip: 5 }),
  25: state("usin", { skip: 5, gpc: false }),
  26: state("usky", { skip: 5, gpc: false }),
  27: state("usri", { skip: 5, gpc: false }),
};

/** Sections that nobody here reads are left alone. @throws UnreadableString */
export function readGpp(text: string): GppString {
  const [header = "", ...sections] = text.split("~");
  const ids = sectionIds(new Bits(header), sections.length);
  const us = ids.flatMap((id, at) => {
    const layout = usSections[id];
    return layout ? [readUsSection(id, layout, sections[at] as string)] : [];
  });
  const tcf = sections[ids.indexOf(tcfEuSection)];
  return { us, tcf: tcf === undefined ? undefined : readTcf(tcf) };
}

/** The header: type 3, version 1, then the sections' numbers as Range(Fibonacci), each counted from the one before. */
function sectionIds(bits: Bits, sections: number): number[] {
  const [type, version] = [bits.integer(6), bits.integer(6)];
  if (type !== 3 || version !== 1) throw new UnreadableString(`its header is of type ${type} and version ${version}, readable are 3 and 1`);
  const ids: number[] = [];
  const add = (id: number) => {
    // A header may name more sections than any memory can hold.
    if (ids.push(id) > sections) throw new UnreadableString(`its header names more sections than the ${sections} that follow`);
  };
  let last = 0;
  for (let entry = bits.integer(12); entry > 0; entry--) {
    const isRange = bits.integer(1) === 1;
    const first = last + bits.fibonacci();
    last = isRange ? first + bits.fibonacci() : first;
    for (let id = first; id <= last; id++) add(id);
  }
  if (ids.length !== sections) throw new UnreadableString(`its header names ${ids.length} sections, ${sections} follow`);
  return ids;
}

function readUsSection(id: number, { name, versions, skip, optOuts, gpc: hasGpc }: Layout, section: string): UsSection {
  const [first, ...rest] = section.split(".").map((part) => new Bits(part)) as [Bits, ...Bits[]];
  // The newest sections are specified with a header of their own: number, version, subsections. IAB Tech Lab's library writes them without it.
  const begins = first.integer(6);
  const [version, core, subsections] = begins === id ? [first.integer(6), rest[0], rest.slice(1)] : [begins, first, rest];
  if (!versions.includes(version)) throw new UnreadableString(`${name} is of version ${version}, readable is ${versions.join(", ")}`);
  if (core === undefined) throw new UnreadableString(`${name} has a header and nothing else`);
  // Behind such a header the core begins with the version of the MSPA.
  if (begins === id) core.integer(6);
  for (let field = 0; field < skip; field++) core.integer(2);
  // 0: not applicable, 1: opted out, 2: did not opt out.
  const optedOut = optOuts.filter((field) => {
    const value = core.integer(2);
    if (value === 3) throw new UnreadableString(`${name} says 3 in ${field}, which means nothing`);
    return value === 1;
  });
  // The GPC subsection is of type 1.
  const gpc = hasGpc && subsections.some((each) => each.integer(2) === 1 && each.integer(1) === 1);
  return { name, optedOut, gpc };
}

/** RFC 4648 section 5. */
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Base64url without padding, six bits a character, read from the front. */
class Bits {
  readonly #bits: string;
  #next = 0;

  constructor(text: string) {
    if (!/^[\w-]*$/.test(text)) throw new UnreadableString("it has characters that are not base64url");
    this.#bits = [...text].map((character) => alphabet.indexOf(character).toString(2).padStart(6, "0")).join("");
  }

  get length(): number {
    return this.#bits.length;
  }

  at(position: number): boolean {
    return this.#bits[position] === "1";
  }

  integer(length: number): number {
    const bits = this.#bits.slice(this.#next, this.#next + length);
    if (bits.length < length) throw new UnreadableString("it ends before its fields do");
    this.#next += length;
    return Number.parseInt(bits, 2);
  }

  /** Of Fibonacci numbers 1, 2, 3, 5, ... those whose bit is set; two ones in a row are the end. */
  fibonacci(): number {
    const end = this.#bits.indexOf("11", this.#next);
    if (end < 0) throw new UnreadableString("it ends before its fields do");
    let [sum, number, following] = [0, 1, 2];
    for (; this.#next <= end; this.#next++) {
      if (this.at(this.#next)) sum += number;
      [number, following] = [following, number + following];
    }
    this.#next++;
    return sum;
  }
}
