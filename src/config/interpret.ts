import type { Node } from "jsonc-parser";
import { type Command, openclaw } from "../protocol/command.ts";
import {
  type ConfigDocument,
  parseDocument,
  plainValue,
  positionAt,
  propertiesOf,
} from "./document.ts";
import { type ConfigIssue, editCommand, HIDDEN_TEXT } from "./errors.ts";
import { clean, describeFound, HIDDEN, showPath } from "./hide.ts";
import { nearestKey } from "./nearest.ts";
import { commandWarnings } from "./node-command-names.ts";
import { type ConfigPath, isSection, resolveKey, specOf } from "./schema.ts";
import { Refused } from "./values.ts";

/** What a config text says. Holds clear secrets in `values`, none in the issues. */
export interface Interpretation {
  readonly values: Map<ConfigPath, unknown>;
  readonly errors: ConfigIssue[];
  readonly warnings: ConfigIssue[];
}

const maxSyntaxErrors = 3;
const maxListedKeys = 8;

/** Reads and checks a config text; `file` is only named in commands. Pure; never throws. */
export function interpretConfig(text: string, file: string): Interpretation {
  return new Reader(parseDocument(text), file).read();
}

class Reader {
  readonly #document: ConfigDocument;
  readonly #file: string;
  readonly #out: Interpretation = { values: new Map(), errors: [], warnings: [] };
  readonly #unused: { path: string; node: Node }[] = [];
  readonly #spellings = new Map<ConfigPath, Spelling[]>();

  constructor(document: ConfigDocument, file: string) {
    this.#document = document;
    this.#file = file;
  }

  read(): Interpretation {
    const { root, errors } = this.#document;
    if (errors.length > 0) this.#reportSyntax();
    else if (root === undefined) this.#reportEmpty();
    else if (root.type !== "object") this.#refuseSection("", root);
    else this.#readSection(root, []);
    this.#settleSpellings();
    this.#reportUnused();
    if (this.#out.errors.length === 0) this.#out.errors.push(...contradictions(this.#out.values));
    return this.#out;
  }

  #readSection(section: Node, trail: readonly string[]): void {
    const properties = propertiesOf(section);
    const last = new Map(properties.map(({ name, property }) => [name, property]));
    for (const { name, property, value } of properties) {
      const segments = [...trail, name];
      const path = segments.join(".");
      const known = name.includes(".")
        ? undefined
        : (resolveKey(path) ?? (isSection(path) && path));
      const counting = last.get(name) ?? property;
      if (name === "$include") this.#refuseInclude(segments, property);
      else if (!known) this.#noteUnknown(segments, property);
      else if (counting !== property) this.#reportDuplicate(path, counting);
      else if (resolveKey(path) !== undefined) this.#readKey(path, value, property);
      else if (value.type === "object") this.#readSection(value, segments);
      else this.#refuseSection(path, value);
    }
  }

  #readKey(name: string, node: Node, property: Node): void {
    const path = resolveKey(name);
    if (path === undefined) return;
    const spec = specOf(path);
    const result = spec.type.read(plainValue(node));
    if (result instanceof Refused) this.#refuseValue(path, node, result);
    else {
      const others = this.#spellings.get(path) ?? [];
      this.#spellings.set(path, [...others, { name, value: result, property }]);
      if (spec.names !== undefined) {
        const warnings = commandWarnings({ path, name, list: node });
        for (const { issue, at } of warnings) this.#add("warnings", at, issue);
      }
    }
    if (spec.secret && !(result instanceof Refused)) {
      this.#add("warnings", property, {
        code: "CONFIG_CLEAR_SECRET",
        path,
        message: `${name} holds a secret in clear text`,
        next: openclaw`config migrate-secrets`,
      });
    }
  }

  /** What a key of several spellings says: nothing must be allowed because another line is empty. */
  #settleSpellings(): void {
    for (const [path, spellings] of this.#spellings) {
      const [only, other] = spellings;
      if (other === undefined) this.#out.values.set(path, only?.value);
      else if (specOf(path).denies) this.#out.values.set(path, unionOf(spellings));
      else {
        const alias = spellings.find(({ name }) => name !== path) ?? other;
        const next = this.#editAt(alias.property.offset);
        this.#add("errors", alias.property, twoSpellings(path, alias.name, next));
      }
    }
  }

  /** Without what the other files say, other settings would be in force than were meant. */
  #refuseInclude(segments: readonly string[], property: Node): void {
    const path = showPath(segments);
    const message = `${path}: other files are not read; write what they say about the gateway into this one, and take this line out`;
    const next = this.#editAt(property.offset);
    this.#add("errors", property, { code: "CONFIG_INCLUDE", path, message, next });
  }

  #refuseValue(path: ConfigPath, node: Node, refused: Refused): void {
    this.#add("errors", node, valueIssue(path, plainValue(node), refused));
  }

  #refuseSection(path: string, node: Node): void {
    const found = describeFound(plainValue(node), true);
    const expected = "a section { … }";
    const message = `${path === "" ? "the file" : path}: found ${found}, expected ${expected}`;
    const next = this.#editAt(node.offset);
    this.#add("errors", node, { code: "CONFIG_VALUE", path, message, found, expected, next });
  }

  #noteUnknown(segments: readonly string[], property: Node): void {
    const path = showPath(segments);
    const nearest = nearestKey(segments);
    if (nearest === undefined) {
      this.#unused.push({ path, node: property });
      return;
    }
    const message = `${path} is not a key of this gateway; did you mean ${nearest}?`;
    const next = this.#editAt(property.offset);
    this.#add("warnings", property, { code: "CONFIG_UNKNOWN_KEY", path, message, nearest, next });
  }

  /** One line for all: a config written for OpenClaw has dozens of keys that mean nothing here. */
  #reportUnused(): void {
    const [first] = this.#unused;
    if (first === undefined) return;
    const paths = this.#unused.map((unused) => unused.path);
    const more = paths.length > maxListedKeys ? ` and ${paths.length - maxListedKeys} more` : "";
    this.#add("warnings", first.node, {
      code: "CONFIG_UNKNOWN_KEY",
      path: first.path,
      message: `keys this gateway does not use: ${paths.slice(0, maxListedKeys).join(", ")}${more}`,
      next: openclaw`config --help`,
    });
  }

  #reportDuplicate(path: string, property: Node): void {
    this.#add("errors", property, {
      code: "CONFIG_DUPLICATE_KEY",
      path,
      message: `${path} is written more than once; keep one`,
      next: this.#editAt(property.offset),
    });
  }

  #reportSyntax(): void {
    const lines = new Set<number>();
    for (const { offset, message } of this.#document.errors) {
      const { line } = positionAt(this.#document.text, offset);
      if (lines.has(line) || lines.size === maxSyntaxErrors) continue;
      lines.add(line);
      const found = foundAt(this.#document.text, offset);
      this.#add(
        "errors",
        { offset },
        {
          code: "CONFIG_SYNTAX",
          path: "",
          message: `not valid JSON: ${message}; found ${found}`,
          found,
          expected: message,
          next: this.#editAt(offset),
        },
      );
    }
  }

  #reportEmpty(): void {
    this.#add(
      "warnings",
      { offset: 0 },
      {
        code: "CONFIG_VALUE",
        path: "",
        message: "the file is empty; every key has its default",
        next: openclaw`config --help`,
      },
    );
  }

  #editAt(offset: number): Command {
    return editCommand(this.#file, positionAt(this.#document.text, offset).line);
  }

  #add(to: "errors" | "warnings", at: { offset: number }, issue: ConfigIssue): void {
    this.#out[to].push({ ...issue, ...positionAt(this.#document.text, at.offset) });
  }
}

/** A good value of a key, under one of its names. */
interface Spelling {
  readonly name: string;
  readonly value: unknown;
  readonly property: Node;
}

function unionOf(spellings: readonly Spelling[]): readonly unknown[] {
  return [...new Set(spellings.flatMap(({ value }) => (Array.isArray(value) ? value : [])))];
}

/** Keys that are fine one by one and not together. */
export function contradictions(values: ReadonlyMap<ConfigPath, unknown>): ConfigIssue[] {
  const path = "gateway.bind";
  if (values.get(path) !== "none" || values.has("gateway.socket")) return [];
  const message = `${path} is "none" and gateway.socket is not set: nobody could connect`;
  const next = openclaw`config set gateway.socket ${specOf("gateway.socket").example}`;
  return [{ code: "CONFIG_VALUE", path, message, next }];
}

/** The issue of a key that stands in a text in two spellings; `alias` is that which is not `path`. */
export function twoSpellings(path: ConfigPath, alias: string, next: Command): ConfigIssue {
  const message = `${alias} and ${path} are one key; keep one of them`;
  return { code: "CONFIG_DUPLICATE_KEY", path, message, next };
}

/** The issue for a value that `path` can't hold. Shows nothing of a secret. */
export function valueIssue(path: ConfigPath, value: unknown, refused: Refused): ConfigIssue {
  const spec = specOf(path);
  const hidden = spec.secret === true || spec.originOnly === true;
  const found = describeFound(value, hidden);
  const expected = spec.type.expected;
  const reason = refused.reason === "" ? "" : ` (${refused.reason})`;
  const remove = spec.secret || value === null;
  const set = refused.next ?? openclaw`config set ${path} ${spec.example}`;
  const said = (what: string) => `${path}: found ${what}, expected ${expected}${reason}`;
  const hides =
    !hidden && (typeof value === "string" || (Array.isArray(value) && value.length > 0));
  return {
    code: "CONFIG_VALUE",
    path,
    message: said(found),
    ...(hides && { hiding: said(HIDDEN_TEXT) }),
    found,
    expected,
    next: remove ? openclaw`config unset ${path}` : set,
  };
}

/** A word for what stands at a syntax error. Only punctuation is shown: the rest may be a secret. */
function foundAt(text: string, offset: number): string {
  const character = text.charAt(offset);
  if (character === "") return "the end of the file";
  if (/[{}[\],:'=;]/.test(character)) return clean(character);
  return /["\p{L}\p{N}_$-]/u.test(character) ? `text ${HIDDEN}` : "another character";
}
