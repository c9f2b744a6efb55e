#!/usr/bin/env node
// Checks a bundle of evidence from a consent log, alone: one file, plain Node.js 20 or later, no packages, no network, nothing of the service that
// made the bundle. It repeats the service's arithmetic (the Merkle tree, canonical JSON, signed notes) on purpose: whoever checks with the code of
// whom they check has checked nothing. So keep it apart, read it, and get it from elsewhere than the bundle.

import { createHash, createPublicKey, verify } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

const usage = `Usage: node verify.mjs <folder> --log-key <key> [--manifest-key <key>] [--monitor-key <key> ...]

  --log-key       the log's key: <name>+<8 hex digits>+<base64>, or a file that holds it
  --manifest-key  where somebody else made the bundle than the keeper of the log: a file that holds their key, Ed25519, PEM ("BEGIN PUBLIC KEY")
  --monitor-key   the key of a monitor, somebody else who watches the log (another region of the same service does), in the form of the log's

Get the keys from whom you trust, never from the bundle.

Exit codes: 0 everything that can be checked holds; 1 something does not, and is named; 2 nothing was checked (wrong arguments, unreadable folder).`;

/** Nothing could be checked. */
class CannotCheck extends Error {}

/** A part of the bundle is not what it must be. */
class Wrong extends Error {}

function main(args) {
  try {
    const { folder, logKey, manifestKey, monitorKeys } = readArguments(args);
    const { findings, statement } = check(readFolder(folder), logKey, manifestKey, monitorKeys);
    if (findings.length === 0) {
      console.log(`${folder}: everything that can be checked holds.\n\n${statement}`);
      return 0;
    }
    const list = findings.map((finding) => `- ${finding}`).join("\n");
    console.log(
      `${folder}: NOT as it was made. ${findings.length === 1 ? "One thing is" : `${findings.length} things are`} wrong:\n\n${list}\n\nNothing is proven by this bundle as it is.`,
    );
    return 1;
  } catch (error) {
    console.error(error instanceof CannotCheck ? `${error.message}\n\n${usage}` : `Nothing was checked: ${error.message}`);
    return 2;
  }
}

function check(files, logKey, manifestKey, monitorKeys) {
  const findings = [];
  /** Runs a part of the check; what it throws is a finding, and the other parts go on. */
  const part = (where, run) => {
    try {
      return run((what, at = where) => findings.push(printable(`${at}: ${what}`)));
    } catch (error) {
      findings.push(printable(`${where}: ${said(error)}`));
      return undefined;
    }
  };
  const manifest = part("manifest.json", () => readManifest(files));
  part("manifest.jws", () => checkSignature(files, manifestKey ?? logKey.key, manifestKey ? "--manifest-key" : "the log's"));
  if (manifest) part("manifest.json", (found) => checkFiles(files, manifest, found));
  const checkpoint = part("checkpoint", () => readCheckpoint(files, logKey, monitorKeys));
  const monitors = part("monitors.jsonl", (found) => readMonitors(files, { logKey, monitorKeys, checkpoint }, found)) ?? [];
  const events = part("events.jsonl", (found) => readEvents(files, found)) ?? [];
  part("proofs.jsonl", (found) => checkProofs(files, events, checkpoint, found));
  part("notices", (found) => checkNotices(files, events, manifest?.missingNotices ?? [], found));
  part("receipts", (found) => checkReceipts(files, events, found));
  part("events.csv", () => checkTable(files, events));
  if (manifest) part("manifest.json", (found) => checkScope(manifest, events, found));
  const holds = findings.length === 0;
  return {
    findings,
    statement: holds ? statementOf({ files, manifest, manifestKey, checkpoint, monitors, events, logKey, monitorKeys }) : "",
  };
}

/** A bundle may be made so that reading it fails in ways that nobody foresaw; then it is not proven either. */
const said = (error) => (error instanceof Wrong ? error.message : `it cannot be read (${error.message})`);

// What the person gave.

function readArguments(args) {
  const { values, positionals } = parsed(args);
  if (positionals.length !== 1) throw new CannotCheck(`Name one folder, not ${positionals.length}.`);
  if (!values["log-key"])
    throw new CannotCheck("Without --log-key nothing can be proven: a bundle that vouches for itself is worth nothing.");
  const [logKey, ...monitorKeys] = [values["log-key"], ...(values["monitor-key"] ?? [])].map((value, i) =>
    readNoteKey(value, i === 0 ? 1 : 4),
  );
  for (const { name, key } of monitorKeys)
    if (key.equals(logKey.key)) throw new CannotCheck(`The key of ${name} is the log's own: who keeps the log is no witness of it.`);
  return {
    folder: positionals[0],
    logKey,
    monitorKeys,
    manifestKey: values["manifest-key"] ? readPublicKey(values["manifest-key"]) : undefined,
  };
}

function parsed(args) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: { "log-key": { type: "string" }, "manifest-key": { type: "string" }, "monitor-key": { type: "string", multiple: true } },
    });
  } catch (error) {
    throw new CannotCheck(`${error.message}.`);
  }
}

/** The value itself, or what the file of that name holds. */
const valueOrFile = (value) => (existsSync(value) && statSync(value).isFile() ? readFileSync(value, "utf8") : value).trim();

/** A key of a log (type 1) or of a monitor (type 4): c2sp.org/signed-note, c2sp.org/tlog-cosignature. */
function readNoteKey(value, type) {
  const line = valueOrFile(value);
  const [, name, id, encoded] = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(line) ?? [];
  const bytes = Buffer.from(encoded ?? "", "base64");
  if (name === undefined || bytes.length !== 33)
    throw new CannotCheck(`${JSON.stringify(line.slice(0, 200))} is no key: it must be <name>+<8 hex digits>+<base64 of 33 bytes>.`);
  if (bytes[0] !== type) throw new CannotCheck(`The key of ${name} is of type ${bytes[0]}: a log's is of type 1, a monitor's of type 4.`);
  const own = sha256(`${name}\n`, bytes).toString("hex").slice(0, 8);
  if (own !== id) throw new CannotCheck(`The key of ${name} was mistyped: it says ${id}, and its id is ${own}.`);
  return { name, id, key: ed25519Key(bytes.subarray(1)) };
}

function readPublicKey(value) {
  try {
    const key = createPublicKey(valueOrFile(value));
    if (key.asymmetricKeyType === "ed25519") return key;
  } catch {
    // Said below.
  }
  throw new CannotCheck(`--manifest-key ${JSON.stringify(value.slice(0, 200))} is no file that holds an Ed25519 public key in PEM.`);
}

/** Path to bytes, of every file below the folder. */
function readFolder(folder) {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) throw new CannotCheck(`${folder} is no folder.`);
  const files = new Map();
  const walk = (below) => {
    for (const entry of readdirSync(join(folder, below), { withFileTypes: true })) {
      const path = below === "" ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) walk(path);
      else if (entry.isFile()) files.set(path, readFileSync(join(folder, path)));
      else throw new CannotCheck(printable(`${path} is neither file nor folder: a bundle has no links.`));
    }
  };
  walk("");
  return files;
}

// The manifest: every file by its hash, and who made the bundle.

function readManifest(files) {
  const text = textOf(files, "manifest.json");
  const manifest = canonicalLine(text.endsWith("\n") ? text.slice(0, -1) : undefined);
  if (manifest.format !== "bailiwick-evidence/1")
    throw new Wrong(`its format is ${JSON.stringify(manifest.format)}; this program knows "bailiwick-evidence/1"`);
  const { scope, files: listed, missingNotices } = manifest;
  if (!isObject(scope) || !isObject(listed) || !Number.isInteger(manifest.events) || !Array.isArray(missingNotices))
    throw new Wrong("it lacks its scope, its files, the number of events or the missing notices");
  if (typeof manifest.madeAt !== "string") throw new Wrong("it does not say when it was made");
  return manifest;
}

/**
 * The detached JWS over the manifest (RFC 7515 appendix F). The key that it brings proves nothing by itself: whoever leaves something out can seal
 * the rest anew. So it must be one that was given.
 */
function checkSignature(files, makersKey, whose) {
  const [, header, signature] = /^([\w-]+)\.\.([\w-]{86})\n$/.exec(textOf(files, "manifest.jws")) ?? [];
  if (header === undefined) throw new Wrong("it is no detached JWS: header, two dots, a signature of 64 bytes, a newline");
  const { alg, typ, jwk } = canonicalLine(decoded(header));
  if (alg !== "EdDSA" || typ !== "evidence-manifest+jws" || !isObject(jwk))
    throw new Wrong("its header is not the one of a manifest's signature");
  const bytes = Buffer.from(signature, "base64url");
  const key =
    typeof jwk.x === "string" && Buffer.from(jwk.x, "base64url").length === 32 ? ed25519Key(Buffer.from(jwk.x, "base64url")) : undefined;
  const payload = bytesOf(files, "manifest.json").toString("base64url");
  if (key === undefined || bytes.toString("base64url") !== signature || !verify(null, Buffer.from(`${header}.${payload}`), key, bytes))
    throw new Wrong("the signature is not over manifest.json: one of the two was changed");
  if (!key.equals(makersKey))
    throw new Wrong(`the manifest was signed by another key than ${whose}: this bundle was made, or made anew, by somebody else`);
}

/** What a bundle has, and nothing else: what nobody checks must not look as if it were proven. */
const isOfBundle = (path) => /^(checkpoint|events\.jsonl|events\.csv|monitors\.jsonl|proofs\.jsonl|receipts\.jsonl|notices\/[0-9a-f]{64})$/.test(path);

function checkFiles(files, { files: listed }, found) {
  for (const [path, bytes] of files) {
    if (path === "manifest.json" || path === "manifest.jws") continue;
    const entry = Object.hasOwn(listed, path) ? listed[path] : undefined;
    if (entry === undefined) found("the manifest does not list this file: it was added, or renamed", path);
    else if (!isOfBundle(path)) found("no bundle has such a file, and nothing in it is checked", path);
    else if (entry?.bytes !== bytes.length || entry.sha256 !== sha256(bytes).toString("hex"))
      found("its bytes are not those that the manifest lists: it was changed", path);
  }
  for (const path of Object.keys(listed)) if (!files.has(path)) found("the manifest lists this file, and it is missing", path);
}

// The checkpoint: the log's signed word on its size and root (c2sp.org/tlog-checkpoint).

const readCheckpoint = (files, logKey, monitorKeys) => readNote(textOf(files, "checkpoint"), logKey, monitorKeys);

/** `seen`: by which of the monitors whose keys were given; `others`: names of whoever else signed, for which no key was given. */
function readNote(note, logKey, monitorKeys) {
  const split = note.lastIndexOf("\n\n");
  const text = note.slice(0, split + 1);
  const [, origin, size, root] = /^(.+)\n(0|[1-9]\d{0,15})\n([A-Za-z0-9+/]{43}=)\n$/.exec(text) ?? [];
  const hash = Buffer.from(root ?? "", "base64");
  if (root === undefined || hash.toString("base64") !== root || !Number.isSafeInteger(Number(size)))
    throw new Wrong("it is not of the form of a checkpoint: origin, size, root, an empty line, signatures");
  if (origin !== logKey.name) throw new Wrong(`it is of the log "${origin}", not of "${logKey.name}", whose key was given`);
  const lines = note.slice(split + 2).split("\n");
  if (lines.pop() !== "") throw new Wrong("its last line does not end in a newline");
  const signatures = lines.map(readSignature);
  const by = ({ name, id }) => signatures.filter((each) => each.name === name && each.id === id);
  if (by(logKey).length === 0)
    throw new Wrong(`no signature of it is by the key ${logKey.id} of ${logKey.name}: another key signed it, or its signature was changed`);
  for (const { bytes } of by(logKey))
    if (!verify(null, Buffer.from(text), logKey.key, bytes))
      throw new Wrong(`the signature of ${logKey.name} is not over this checkpoint: one of the two was changed`);
  const seen = monitorKeys.flatMap((monitor) =>
    by(monitor).map(({ bytes }) => ({ name: monitor.name, id: monitor.id, size: Number(size), time: cosignedAt(text, monitor, bytes) })),
  );
  const known = [logKey, ...monitorKeys];
  const others = signatures.filter(({ name, id }) => !known.some((key) => key.name === name && key.id === id)).map(({ name }) => name);
  return { origin, size: Number(size), root: hash, seen, others };
}

// What monitors saw of the log (c2sp.org/tlog-cosignature), at whichever size it had for them, and that it is this log.

function readMonitors(files, { logKey, monitorKeys, checkpoint }, found) {
  if (!files.has("monitors.jsonl")) return [];
  const monitors = [];
  for (const [i, line] of linesOf(files, "monitors.jsonl").entries()) {
    try {
      monitors.push(readMonitor(canonicalLine(line), { logKey, monitorKeys, checkpoint }));
    } catch (error) {
      found(said(error), `monitors.jsonl, line ${i + 1}`);
    }
  }
  const seen = new Set([...(checkpoint?.seen ?? []), ...monitors.flatMap((each) => each.seen)].map(({ id }) => id));
  for (const { name, id } of monitorKeys)
    if (!seen.has(id)) found(`no checkpoint was cosigned by the key ${id} of ${name}, which was given: it is of another key, or another monitor's`);
  return monitors;
}

function readMonitor({ checkpoint: note, hashes, ...more }, { logKey, monitorKeys, checkpoint }) {
  if (typeof note !== "string" || !Array.isArray(hashes) || Object.keys(more).length > 0)
    throw new Wrong("it must have a checkpoint and the hashes of a consistency proof, and nothing else");
  const monitor = readNote(note, logKey, monitorKeys);
  const proof = hashes.map((hash) => decodedHash(hash, "one of its hashes"));
  // Without a checkpoint to believe in there is nothing to compare with; that is a finding already.
  const [older, newer] = checkpoint && monitor.size > checkpoint.size ? [checkpoint, monitor] : [monitor, checkpoint];
  if (checkpoint && !isConsistent(older, newer, proof))
    throw new Wrong(
      `that the log of size ${newer.size} began as the one of size ${older.size} is not proven: what the monitor saw is not the log of this bundle, or the proof was changed`,
    );
  return monitor;
}

/** RFC 9162 section 2.1.4.2; and every log begins as the empty one, and as itself. */
function isConsistent(older, newer, proof) {
  if (older.size === 0) return proof.length === 0 && older.root.equals(sha256());
  if (older.size === newer.size) return proof.length === 0 && older.root.equals(newer.root);
  const half = (n) => Math.floor(n / 2);
  let [fn, sn] = [older.size - 1, newer.size - 1];
  while (fn % 2 === 1) [fn, sn] = [half(fn), half(sn)];
  const [first, ...rest] = fn === 0 ? [older.root, ...proof] : proof;
  if (first === undefined) return false;
  let [before, after] = [first, first];
  for (const sibling of rest) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      [before, after] = [sha256(Uint8Array.of(1), sibling, before), sha256(Uint8Array.of(1), sibling, after)];
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else after = sha256(Uint8Array.of(1), after, sibling);
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && before.equals(older.root) && after.equals(newer.root);
}

function readSignature(line) {
  const [, name, encoded] = /^\u2014 ([^\s+]+) ([A-Za-z0-9+/]+=*)$/u.exec(line) ?? [];
  const bytes = Buffer.from(encoded ?? "", "base64");
  if (name === undefined || bytes.length < 5 || bytes.toString("base64") !== encoded)
    throw new Wrong(`${JSON.stringify(line)} is no signature line`);
  return { name, id: bytes.toString("hex", 0, 4), bytes: bytes.subarray(4) };
}

/** Seconds since 1970 (c2sp.org/tlog-cosignature). */
function cosignedAt(text, { name, key }, bytes) {
  const time = bytes.length === 72 ? bytes.readBigUInt64BE() : 0n;
  // 8.64e12 s is the last instant that a Date of ECMAScript knows.
  if (
    bytes.length !== 72 ||
    time > 8_640_000_000_000n ||
    !verify(null, Buffer.from(`cosignature/v1\ntime ${time}\n${text}`), key, bytes.subarray(8))
  )
    throw new Wrong(`the cosignature of ${name} is not over this checkpoint: one of the two was changed`);
  return Number(time);
}

// The events, and that each is where the log has it.

function readEvents(files, found) {
  const events = [];
  for (const [i, line] of linesOf(files, "events.jsonl").entries()) {
    let where = `events.jsonl, line ${i + 1}`;
    try {
      const value = canonicalLine(line);
      where += ` (${isObject(value.event) ? `event ${value.event.id}` : "commitment only"}, log index ${value.index})`;
      const event = { where, ...readEvent(value) };
      const last = events.at(-1);
      if (last && event.index <= last.index)
        found(`it stands after log index ${last.index}: events were reordered, or one is there twice`, where);
      events.push(event);
    } catch (error) {
      found(said(error), where);
    }
  }
  return events;
}

function readEvent({ index, event, salt, commitment, ...more }) {
  if (!Number.isSafeInteger(index) || index < 0) throw new Wrong("it has no log index");
  if (Object.keys(more).length > 0) throw new Wrong(`it has members that no event has: ${Object.keys(more).join()}`);
  if (event === undefined && salt === undefined) return { index, commitment: decodedHash(commitment, "its commitment") };
  if (commitment !== undefined) throw new Wrong("it has a commitment beside its event: one of the two belongs there");
  if (!isObject(event) || typeof event.id !== "string" || typeof event.subject !== "string" || typeof event.receivedAt !== "string")
    throw new Wrong("it lacks an event with an id, a subject and the instant it was received at");
  return { index, event, commitment: sha256(decodedHash(salt, "its salt"), canonical(event)) };
}

function checkProofs(files, events, checkpoint, found) {
  const proofs = readProofs(files, found);
  for (const { where, index, commitment } of events) {
    const proof = proofs.get(index);
    if (proof === undefined) found("it has no proof: the event was added, or its proof was dropped or damaged", where);
    // Without a checkpoint to believe in there is nothing to prove against; that is a finding already.
    else if (checkpoint && !isIncluded({ index, commitment, proof }, checkpoint))
      found(
        `the log does not hold this at index ${index}: the event, its salt, its index or its proof was changed, or it is another log's`,
        where,
      );
  }
  const shown = new Set(events.map(({ index }) => index));
  for (const index of proofs.keys())
    if (!shown.has(index))
      found(`the event at log index ${index} is missing, and its proof is there: it was dropped, or is damaged`, "events.jsonl");
}

/** Log index to hashes. */
function readProofs(files, found) {
  const proofs = new Map();
  let last = -1;
  for (const [i, line] of linesOf(files, "proofs.jsonl").entries()) {
    const where = `proofs.jsonl, line ${i + 1}`;
    try {
      const { index, hashes, ...more } = canonicalLine(line);
      if (!Number.isSafeInteger(index) || index < 0 || !Array.isArray(hashes) || Object.keys(more).length > 0)
        throw new Wrong("it is no proof: it must have a log index and hashes");
      if (index <= last) found(`log index ${index} stands after ${last}: proofs were reordered, or one is there twice`, where);
      last = index;
      proofs.set(
        index,
        hashes.map((hash) => decodedHash(hash, "one of its hashes")),
      );
    } catch (error) {
      found(said(error), where);
    }
  }
  return proofs;
}

/** RFC 9162 section 2.1.3.2, on the leaf hash of the log's entry for a commitment. */
function isIncluded({ index, commitment, proof }, { size, root }) {
  if (index >= size) return false;
  let [fn, sn] = [index, size - 1];
  const half = (n) => Math.floor(n / 2);
  let hash = sha256(Uint8Array.of(0), canonical({ commitment: commitment.toString("base64url"), v: 1 }));
  for (const sibling of proof) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      hash = sha256(Uint8Array.of(1), sibling, hash);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else hash = sha256(Uint8Array.of(1), hash, sibling);
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && hash.equals(root);
}

// What belongs to the events.

/** `missing`: what the maker says not to have. It is in the signed manifest, so that nobody else can leave a text out. */
function checkNotices(files, events, missing, found) {
  const named = new Set();
  for (const { where, event } of events) {
    if (event?.notice === undefined) continue;
    const [, digest] = /^sha256:([0-9a-f]{64})$/.exec(event.notice?.sha256) ?? [];
    if (digest === undefined) found("it names a notice without a SHA-256", where);
    else if (!files.has(`notices/${digest}`) && !missing.includes(`sha256:${digest}`))
      found(`the notice that it names is missing: notices/${digest}`, where);
    named.add(`notices/${digest}`);
  }
  for (const digest of missing)
    if (typeof digest !== "string" || !named.has(digest.replace("sha256:", "notices/")))
      found(`it says that ${JSON.stringify(digest)} is missing, and no event names such a notice`, "manifest.json");
    else if (files.has(digest.replace("sha256:", "notices/"))) found(`it says that ${digest} is missing, and it is there`, "manifest.json");
  for (const path of filesBelow(files, "notices/")) {
    const own = `notices/${sha256(files.get(path)).toString("hex")}`;
    if (own !== path) found(`its text is another than the events name (${own.slice(8)}): the notice was exchanged or changed`, path);
    else if (!named.has(path)) found("no event names this notice: it was added", path);
  }
}

/** One receipt a line, in the order of the events; not every event needs one. */
function checkReceipts(files, events, found) {
  const shown = events.filter(({ event }) => event).map(({ commitment }) => commitment.toString("base64url"));
  let after = -1;
  for (const [i, line] of linesOf(files, "receipts.jsonl").entries()) {
    const where = `receipts.jsonl, line ${i + 1}`;
    try {
      const place = shown.indexOf(canonicalLine(line).commitment, after + 1);
      if (place < 0) found("it bears the commitment of no event that comes now: it was added, changed or moved, or its event was dropped", where);
      else after = place;
    } catch (error) {
      found(said(error), where);
    }
  }
}

/** Makes the table anew from the events; what differs was changed. */
function checkTable(files, events) {
  const [shown, own] = [textOf(files, "events.csv"), tableOf(events)].map((text) => text.split("\r\n"));
  const line = own.findIndex((text, i) => text !== shown[i]);
  const wrong = line >= 0 ? line : own.length;
  if (line >= 0 || shown.length > own.length)
    throw new Wrong(
      `line ${wrong + 1} does not say what events.jsonl says${events[wrong - 1] ? ` of log index ${events[wrong - 1].index}` : ""}: one of the two was changed`,
    );
}

function tableOf(events) {
  const rows = events.map(({ index, event }) => ({ index, event, cells: new Map(cellsOf(event ?? {}, "")) }));
  const names = [...new Set(rows.flatMap(({ cells }) => [...cells.keys()]))].sort();
  const leading = ["id", "receivedAt", "subject", "purpose", "state"];
  const columns = [...leading.filter((name) => names.includes(name)), ...names.filter((name) => !leading.includes(name))];
  const lines = rows.map(({ index, event, cells }) => [
    String(index),
    event ? "yes" : "commitment only",
    ...columns.map((name) => cells.get(name) ?? ""),
  ]);
  return [["logIndex", "shown", ...columns], ...lines].map((line) => `${line.map(quoted).join(",")}\r\n`).join("");
}

function cellsOf(value, prefix) {
  return Object.entries(value).flatMap(([name, member]) =>
    isObject(member) ? cellsOf(member, `${prefix}${name}.`) : [[prefix + name, typeof member === "string" ? member : canonical(member)]],
  );
}

/** No cell is a formula to a spreadsheet. */
function quoted(cell) {
  const safe = /^-?\d+(\.\d+)?$/.test(cell) ? cell : cell.replace(/(?<=^|[,;|\t\r\n])(?=[\s"']*[=+\-@\uff1d\uff0b\uff0d\uff20])/g, "'");
  return `"${safe.replaceAll('"', '""')}"`;
}

/** Undefined where it names no subject, and no period. `maker`: whose word it is that one subject stands for others. */
function scopeInWords({ kind, subject, merged, from, to }, maker) {
  if (kind === "subject") return typeof subject === "string" ? `subject ${subject}${merged ? standingFor(merged, maker) : ""}` : undefined;
  const isPeriod = [from, to].every((instant) => typeof instant === "string") && Date.parse(from) < Date.parse(to);
  return isPeriod ? `events received from ${from} up to ${to}` : undefined;
}

const standingFor = (merged, maker) =>
  `, which stands for ${merged.length === 1 ? "another" : `${merged.length} others`} as well, by the word of ${maker}: ${short(merged)}`;

/** As many as somebody reads. */
function short(subjects) {
  const most = 50;
  return [...subjects.slice(0, most), ...(subjects.length > most ? [`and ${subjects.length - most} more, as manifest.json has them`] : [])].join(", ");
}

/** The subjects that a bundle of a subject may have events of. */
function subjectsOf({ kind, subject, merged }) {
  if (merged === undefined) return [subject];
  const isOther = (each, i) => typeof each === "string" && each !== subject && (i === 0 || merged[i - 1] < each);
  if (kind !== "subject" || !Array.isArray(merged) || merged.length === 0 || !merged.every(isOther))
    throw new Wrong("what its scope has as merged is no sorted list of other subjects than the one that it is of");
  return [subject, ...merged];
}

function checkScope({ scope, events: count }, events, found) {
  if (count !== events.length)
    found(`it counts ${count} events, and events.jsonl has ${events.length} that can be read: some were dropped, added or damaged`);
  const subjects = subjectsOf(scope);
  for (const { where, event } of events) {
    if (event && scope.kind === "subject" && !subjects.includes(event.subject))
      found(`it is of the subject ${event.subject}, and the bundle is of ${short(subjects)}`, where);
    const received = Date.parse(event?.receivedAt);
    if (event && scope.kind === "period" && !(Date.parse(scope.from) <= received && received < Date.parse(scope.to)))
      found(`it was received at ${event.receivedAt}, outside of the bundle's period`, where);
  }
  if (scope.kind !== "subject" && scope.kind !== "period")
    throw new Wrong(`its scope is of the kind ${JSON.stringify(scope.kind)}; this program knows "subject" and "period"`);
  if (scopeInWords(scope) === undefined) throw new Wrong("its scope names no subject, and no period that ends after it begins");
}

// What all this amounts to.

function statementOf({ files, manifest, manifestKey, checkpoint, monitors, events, logKey, monitorKeys }) {
  const { scope, madeAt } = manifest;
  const hidden = events.filter(({ event }) => event === undefined);
  const [first, last] = [events[0]?.index, events.at(-1)?.index];
  const between = events.length > 0 ? last - first + 1 - events.length : 0;
  const notices = filesBelow(files, "notices/").length;
  const receipts = linesOf(files, "receipts.jsonl").length;
  const maker = manifestKey ? "the holder of --manifest-key" : "the keeper of the log";
  const whose = scope.merged ? "subject, or of any that it stands for" : scope.kind;
  const proven = [
    events.length > 0 &&
      `By the key ${logKey.id} of the log ${checkpoint.origin}: ${events.length === 1 ? "this 1 event was" : `these ${events.length} events were`} in the log when its checkpoint of size ${checkpoint.size} was signed, in this order, unchanged since:\n${listed(events)}`,
    hidden.length > 0 &&
      `For ${hidden.length} of them only the commitment is shown: the subject was erased, the content is kept back, or the entry is that somebody was erased. That an entry is there, and where, is proven; whose it was and what it said is not, and once the subject's key is destroyed cannot be.`,
    notices > 0 &&
      `The ${notices === 1 ? "text" : `${notices} texts`} in notices/ ${notices === 1 ? "is the one" : "are those"} that the events name, to the byte.`,
    receipts > 0 && `Each of the ${receipts} receipts bears the commitment of its event.`,
    "events.csv says what events.jsonl says, apart from apostrophes that keep spreadsheets from calculating.",
    events.length > 1 &&
      between === 0 &&
      `From log index ${first} to ${last} nothing was left out: the bundle has every entry of the log between them.`,
    `The bundle is whole, and as ${maker} made it (${printable(madeAt)}, by their clock) for: ${printable(scopeInWords(scope, maker))}.`,
    ...checkpoint.seen.map(
      ({ name, time }) =>
        `The monitor ${name} saw this very checkpoint at ${new Date(time * 1000).toISOString()}, by its clock, and none before that contradicts it: the events were in the log by then.`,
    ),
    ...monitors.flatMap(({ seen }) => seen).map((each) => sameLog(each, checkpoint, events)),
  ];
  const witnesses = [...checkpoint.seen, ...monitors.flatMap(({ seen }) => seen)];
  const witnessed = Math.min(checkpoint.size, Math.max(0, ...witnesses.map(({ size }) => size)));
  const others = [...new Set([checkpoint, ...monitors].flatMap((each) => each.others))];
  const notProven = [
    between > 0 &&
      `That there were no other events of the ${whose}: ${between} entries of the log between index ${first} and ${last} are not in the bundle, nor are those before and after, and a commitment does not say whose it is.`,
    between === 0 &&
      `That there were no other events of the ${whose} ${events.length > 0 ? `before log index ${first} or after ${last}` : "at all"}: a commitment does not say whose it is.`,
    scope.merged &&
      printable(
        `That ${short([scope.subject, ...scope.merged])} are one person: that is the word of ${maker}. The log has each of them by itself, and says of none that it is another.`,
      ),
    "That what an event says is true: the log keeps what the service wrote, and that it was not changed afterwards.",
    "When a person answered: the times are the service's word. Only the order is the log's.",
    "That a notice was read or understood, and who sat at the keyboard.",
    manifest.missingNotices.length > 0 &&
      printable(
        `What ${manifest.missingNotices.length === 1 ? "this notice" : "these notices"} said, whose text the maker does not have: ${manifest.missingNotices.join(", ")}.`,
      ),
    "What receipts say beyond the commitment: they are the service's words on the event, and the event itself is what is proven.",
    witnesses.length === 0 && `That the log showed the same tree to everybody: ${withoutWitness(others, monitorKeys)}.`,
    witnesses.length > 0 &&
      last >= witnessed &&
      `That anybody but its keeper has seen what stands at log index ${witnessed} and after: it came later than what the ${witnesses.length === 1 ? "monitor" : "monitors"} saw.`,
    witnesses.length > 0 &&
      others.length > 0 &&
      printable(`What ${others.join(", ")} ${others.length === 1 ? "says" : "say"} of the log: you gave no --monitor-key for that.`),
  ];
  const bullets = (items) =>
    items
      .filter(Boolean)
      .map((item) => `- ${item}`)
      .join("\n");
  return `PROVEN\n${bullets(proven)}\n\nNOT PROVEN\n${bullets(notProven)}`;
}

/** `size`: of the log, as the monitor saw it. */
function sameLog({ name, id, size, time }, checkpoint, events) {
  const common = Math.min(size, checkpoint.size);
  const among = events.filter(({ index }) => index < common).length;
  const which = among === events.length ? "all of the events here were" : `${among} of the ${events.length} events here were`;
  const how = size > checkpoint.size ? `which began as the one of this checkpoint` : `as which the one of this checkpoint began`;
  return `By the key ${id} of the monitor ${name}: it saw the log of size ${size} at ${new Date(time * 1000).toISOString()}, by its clock, ${how}, and none before that contradicts it. So it saw the same log up to size ${common}, in which ${which} by then; it saw hashes, and never what an event says.`;
}

function withoutWitness(others, monitorKeys) {
  if (others.length > 0) return printable(`the word of ${others.join(", ")} is in the bundle, and can be checked with --monitor-key`);
  const nobody = "nobody's word but its keeper's is in the bundle";
  return monitorKeys.length > 0
    ? `${nobody}, and none of the monitors whose keys you gave has signed this checkpoint`
    : `${nobody}; compare this checkpoint with another that you have`;
}

function listed(events) {
  const most = 50;
  const lines = events.slice(0, most).map(({ index, event }) => {
    const words =
      event && [event.receivedAt, event.subject, event.purpose, event.state].filter((word) => typeof word === "string").join(" ");
    return printable(`    log index ${index}: ${event ? `event ${event.id} (${words})` : "commitment only"}`);
  });
  return [...lines, ...(events.length > most ? [`    and ${events.length - most} more, as events.jsonl has them`] : [])].join("\n");
}

// Bytes and texts.

function sha256(...parts) {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
}

const ed25519Key = (bytes) => createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: bytes.toString("base64url") }, format: "jwk" });

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

const filesBelow = (files, folder) => [...files.keys()].filter((path) => path.startsWith(folder));

function bytesOf(files, path) {
  const bytes = files.get(path);
  if (bytes === undefined) throw new Wrong(`${path} is missing`);
  return bytes;
}

function textOf(files, path) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytesOf(files, path));
  } catch (error) {
    if (error instanceof Wrong) throw error;
    throw new Wrong(`${path} is no UTF-8`);
  }
}

function linesOf(files, path) {
  const lines = textOf(files, path).split("\n");
  if (lines.pop() !== "") throw new Wrong("its last line does not end in a newline");
  return lines;
}

function parsedJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** An object in canonical JSON (RFC 8785), which has one spelling: so no byte of it can change unseen. */
function canonicalLine(text) {
  const value = text === undefined ? undefined : parsedJson(text);
  if (!isObject(value) || canonical(value) !== text) throw new Wrong("it is no object in canonical JSON (RFC 8785), in one line");
  return value;
}

function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(",")}}`;
}

/** The text in base64url, or undefined where it is not in its one spelling. */
function decoded(text) {
  const bytes = Buffer.from(text, "base64url");
  return bytes.toString("base64url") === text ? bytes.toString() : undefined;
}

/** 32 bytes in base64url, in their one spelling. */
function decodedHash(text, what) {
  const bytes = Buffer.from(typeof text === "string" ? text : "", "base64url");
  if (bytes.length !== 32 || bytes.toString("base64url") !== text) throw new Wrong(`${what} is not 32 bytes in base64url`);
  return bytes;
}

/** What comes from a bundle shall not steer the terminal, nor begin a line of its own: control and direction characters are spelt out. */
const printable = (text) =>
  text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => `\\u${character.codePointAt(0).toString(16).padStart(4, "0")}`);

process.exitCode = main(process.argv.slice(2));
