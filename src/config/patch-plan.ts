import type { Node } from "jsonc-parser";
import { openclaw } from "../protocol/command.ts";
import { type ConfigDocument, findValue, parseDocument, propertiesOf } from "./document.ts";
import type { EditRequest } from "./edit.ts";
import { ConfigError, type ConfigIssue, editCommand } from "./errors.ts";
import { originOnly, REDACTED, showPath } from "./hide.ts";
import { twoSpellings } from "./interpret.ts";
import { refusalOf, unknownIssue } from "./patch-issues.ts";
import {
  type ConfigPath,
  type GatewayConfig,
  isSection,
  namesOf,
  resolveKey,
  specOf,
} from "./schema.ts";
import { getValue } from "./settings.ts";

/**
 * How a text that a client sent is meant. `whole`: what the file should say; keys of this gateway
 * that are missing go back to their default, unknown ones stay. `patch`: what should change; `null`
 * takes a key out.
 */
export type PatchKind = "whole" | "patch";

export interface PatchRequest {
  readonly kind: PatchKind;
  /** JSON with comments, as sent. */
  readonly raw: string;
  /** The file's present text. */
  readonly before: string;
  /** The settings in force: a value that is in force already is no change. */
  readonly current: GatewayConfig;
  /** The file's name, for commands. */
  readonly file: string;
}

export interface PatchPlan {
  readonly requests: readonly EditRequest[];
  /** Unknown keys that a `whole` text left out and that stay in the file. */
  readonly kept: readonly string[];
}

type Plain = ReadonlyMap<string, Plain> | readonly Plain[] | string | number | boolean | null;

/**
 * What `request` changes, key by key, where the network may. A placeholder for a hidden value stands
 * for what is stored, and changes nothing. Pure.
 * @throws ConfigError CONFIG_SYNTAX, CONFIG_VALUE, CONFIG_HOST_ONLY, CONFIG_UNKNOWN_KEY,
 * CONFIG_REDACTED: with every problem in `issues`
 */
export function planPatch(request: PatchRequest): PatchPlan {
  const root = readPatch(request.raw);
  const walk = new Walk(request);
  walk.run(root);
  const [first] = walk.issues;
  if (first) {
    const others = walk.issues.length - 1;
    const least = others + 1 < MAX_ISSUES ? "" : "at least ";
    const more = others > 0 ? ` (and ${least}${others} more)` : "";
    const { next } = first;
    throw new ConfigError(first.code, `${first.message}${more}`, { next, issues: walk.issues });
  }
  // First what is taken out, so that it is not kept by what is set.
  const requests = [...walk.requests.values()];
  const isUnset = (one: EditRequest) => "unset" in one;
  return {
    requests: [...requests.filter(isUnset), ...requests.filter((one) => !isUnset(one))],
    kept: walk.kept,
  };
}

function readPatch(raw: string): ReadonlyMap<string, Plain> {
  const document = parseDocument(raw);
  const [problem] = document.errors;
  const plain = !problem && document.root ? plainOf(document.root) : undefined;
  if (plain instanceof Map) return plain;
  const why = problem ? `: ${problem.message}` : "";
  const message = `raw is not one JSON object${why}`;
  const next = openclaw`gateway call config.get`;
  const issue: ConfigIssue = { code: "CONFIG_SYNTAX", path: "", message, next };
  throw new ConfigError("CONFIG_SYNTAX", message, { next, issues: [issue] });
}

/** Maps, since a key may be named like a property that every object has. */
function plainOf(node: Node): Plain {
  if (node.type === "array") return (node.children ?? []).map(plainOf);
  if (node.type !== "object") return node.value;
  return new Map(propertiesOf(node).map(({ name, value }) => [name, plainOf(value)]));
}

/** How many problems of one text are told; each takes time to word. */
const MAX_ISSUES = 64;

class Walk {
  readonly requests = new Map<string, EditRequest>();
  readonly kept: string[] = [];
  readonly issues: ConfigIssue[] = [];
  /** The keys that the text names, with a value for each spelling; a patch's `null` is none. */
  readonly #named = new Map<ConfigPath, Given[]>();
  readonly #document: ConfigDocument;

  constructor(private readonly request: PatchRequest) {
    this.#document = parseDocument(request.before);
  }

  run(root: ReadonlyMap<string, Plain>): void {
    this.#note(root, []);
    this.#section(root, this.#document.root, []);
  }

  #note(given: ReadonlyMap<string, Plain>, trail: readonly string[]): void {
    for (const [name, value] of given) {
      const key = keyAt([...trail, name]);
      if (key) {
        const gone = value === null && this.request.kind === "patch";
        const given = { name: [...trail, name].join("."), value };
        this.#named.set(key, [...(this.#named.get(key) ?? []), ...(gone ? [] : [given])]);
      } else if (value instanceof Map) this.#note(value, [...trail, name]);
    }
  }

  #section(given: ReadonlyMap<string, Plain>, stored: Node | undefined, trail: string[]): void {
    const below = new Map(
      (stored ? propertiesOf(stored) : []).map(({ name, value }) => [name, value]),
    );
    for (const [name, value] of given) this.#entry(value, below.get(name), [...trail, name]);
    if (this.request.kind === "patch") return;
    for (const [name, node] of below) {
      if (!given.has(name)) this.#missing(node, [...trail, name], "keep");
    }
  }

  #entry(value: Plain, stored: Node | undefined, segments: string[]): void {
    if (this.issues.length >= MAX_ISSUES) return;
    const key = keyAt(segments);
    if (value === null && this.request.kind === "patch") {
      if (key) this.#unset(key, segments.join("."));
      else if (stored) this.#missing(stored, segments, "refuse");
      return;
    }
    if (value instanceof Map && !key) {
      const known = isSection(segments.join(".")) || stored?.type === "object";
      if (known)
        return this.#section(value, stored?.type === "object" ? stored : undefined, segments);
    }
    if (key) {
      const given = this.#named.get(key) ?? [];
      // All spellings at once, as the first of them comes.
      if (given[0]?.name === segments.join(".")) this.#set(key, given);
      return;
    }
    // A placeholder that is where it was, or any value that is: nothing to do.
    if (stored && same(reveal(value, stored), plainOf(stored))) return;
    if (isSection(segments.join("."))) {
      const message = `${segments.join(".")}: a section { … } is expected`;
      this.issues.push({ code: "CONFIG_VALUE", path: segments.join("."), message, next: HELP });
      return;
    }
    this.issues.push(unknownIssue(segments, this.request.file));
  }

  #set(key: ConfigPath, given: readonly Given[]): void {
    if (this.issues.length >= MAX_ISSUES) return;
    const values = given.map(({ name, value }) => this.#meant(key, name, value));
    const stored = this.#spellingsOf(key);
    const { kind, current, file } = this.request;
    // A whole text that names one of two spellings takes the other out.
    const covers = kind === "patch" || stored.length <= given.length;
    if (covers && values.every(({ unchanged }) => unchanged)) return;
    const value = oneValue(key, values);
    if (value === undefined) {
      const alias = given.find(({ name }) => name !== key)?.name ?? key;
      this.issues.push(twoSpellings(key, alias, editCommand(file)));
      return;
    }
    const inForce = toJson(value);
    if (JSON.stringify(inForce) === JSON.stringify(getValue(current, key))) return;
    const refusal = refusalOf(key, inForce);
    if (refusal) this.issues.push(refusal);
    else {
      const whole = specOf(key).denies && (kind === "whole" || given.length > 1);
      const name = given[0]?.name ?? key;
      this.requests.set(key, { key: name, value: inForce, ...(whole && { whole }) });
    }
  }

  /** What a value under one spelling stands for, and whether that stands there already. */
  #meant(key: ConfigPath, name: string, given: Plain): { value: Plain; unchanged: boolean } {
    const stored = this.#nodeAt(name) ?? this.#storedAt(key);
    const value = isShownOf(key, given, stored) ? plainOf(stored) : reveal(given, stored);
    return { value, unchanged: stored !== undefined && same(value, plainOf(stored)) };
  }

  #unset(key: ConfigPath, typed: string): void {
    if (!this.#storedAt(key)) return;
    const refusal = refusalOf(key, undefined);
    // Each spelling of a list that forbids is taken out by itself.
    const name = specOf(key).denies ? typed : key;
    if (refusal) this.issues.push(refusal);
    else this.requests.set(`unset ${name}`, { key: name, unset: true });
  }

  /** Something that stands in the file and that the text leaves out, or takes out. */
  #missing(node: Node, segments: string[], unknown: "keep" | "refuse"): void {
    if (this.issues.length >= MAX_ISSUES) return;
    const key = keyAt(segments);
    if (key) {
      if (!this.#named.has(key)) this.#unset(key, segments.join("."));
      return;
    }
    if (isSection(segments.join(".")) && node.type === "object") {
      for (const { name, value } of propertiesOf(node)) {
        this.#missing(value, [...segments, name], unknown);
      }
      return;
    }
    if (unknown === "keep") this.kept.push(showPath(segments));
    else this.issues.push(unknownIssue(segments, this.request.file));
  }

  /** The value of a key in the file, in whichever spelling. */
  #storedAt(key: ConfigPath): Node | undefined {
    const [name] = this.#spellingsOf(key);
    return name === undefined ? undefined : this.#nodeAt(name);
  }

  /** The spellings of a key that stand in the file, its own first. */
  #spellingsOf(key: ConfigPath): string[] {
    return namesOf(key).filter((name) => this.#nodeAt(name));
  }

  #nodeAt(name: string): Node | undefined {
    return findValue(this.#document, name.split("."));
  }
}

/** A value of a key in a client's text, under one of its names. */
interface Given {
  readonly name: string;
  readonly value: Plain;
}

/** The value of a key: that of its only spelling, or all that the spellings of one that forbids forbid. */
function oneValue(key: ConfigPath, given: readonly { readonly value: Plain }[]): Plain | undefined {
  const [only, ...others] = given;
  if (others.length === 0) return only?.value;
  const lists = given.map(({ value }) => value).filter((value) => Array.isArray(value));
  if (!specOf(key).denies || lists.length < given.length) return undefined;
  return [...new Set(lists.flat())];
}

const HELP = openclaw`config --help`;

/** Whether `given` is what a client was shown of the URL that is stored. */
function isShownOf(key: ConfigPath, given: Plain, stored: Node | undefined): stored is Node {
  if (!stored || !specOf(key).originOnly) return false;
  return given === originOnly(String(stored.value), REDACTED);
}

function keyAt(segments: readonly string[]): ConfigPath | undefined {
  if (segments.some((segment) => segment.includes("."))) return undefined;
  return resolveKey(segments.join("."));
}

/**
 * `given` with what is stored in place of placeholders. In a list they are known by their place, so
 * only a list of the same length can hold them.
 */
function reveal(given: Plain, stored: Node | undefined): Plain {
  if (!stored) return given;
  if (given === REDACTED && stored.type !== "object" && stored.type !== "array") {
    return stored.value;
  }
  if (Array.isArray(given) && stored.children?.length === given.length) {
    return given.map((item, index) => reveal(item, stored.children?.[index]));
  }
  if (given instanceof Map && stored.type === "object") {
    const below = new Map(propertiesOf(stored).map(({ name, value }) => [name, value]));
    return new Map([...given].map(([name, value]) => [name, reveal(value, below.get(name))]));
  }
  return given;
}

function same(a: Plain, b: Plain): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => same(item, b[index] ?? null));
  }
  if (a instanceof Map && b instanceof Map) {
    return (
      a.size === b.size &&
      [...a].every(([name, value]) => b.has(name) && same(value, b.get(name) ?? null))
    );
  }
  return a === b;
}

function toJson(value: Plain): unknown {
  if (Array.isArray(value)) return value.map(toJson);
  if (value instanceof Map) return Object.fromEntries([...value].map(([k, v]) => [k, toJson(v)]));
  return value;
}
