import { createHmac } from "node:crypto";
import { applyEdits, type Node } from "jsonc-parser";
import { type ConfigDocument, parseDocument, propertiesOf } from "./document.ts";
import { originOnly, REDACTED } from "./hide.ts";
import { maskText, type Showing, showingOf } from "./mask.ts";
import { type ConfigPath, configPaths, type GatewayConfig, specOf } from "./schema.ts";
import { getValue } from "./settings.ts";

/** JSON as `config.get` sends it. */
export interface JsonObject {
  [name: string]: unknown;
}

export interface RedactedSource {
  /** The file's object; secrets and values of unknown keys are `__OPENCLAW_REDACTED__`. */
  readonly parsed: JsonObject;
  /** The file's text, null as soon as anything in it must not be shown. */
  readonly raw: string | null;
}

/**
 * What may be told of a config text to those who may read the config. Comments can say anything, a
 * password too: without `comments` they are left out of `raw`.
 */
export function redactSource(
  raw: string | null,
  { comments }: { readonly comments: boolean },
): RedactedSource {
  const document = parseDocument(raw ?? "");
  const object = document.errors.length === 0 && document.root?.type === "object";
  const parsed = object && document.root ? redactObject(document.root, [], "section") : {};
  const shown = comments ? raw : withoutComments(document);
  return {
    parsed,
    raw: raw !== null && shown !== null && maskText(shown) === shown ? shown : null,
  };
}

/** The text with nothing where its comments were, `null` where it can't be told what is one. */
function withoutComments({ text, comments, errors }: ConfigDocument): string | null {
  if (errors.length > 0) return null;
  return applyEdits(
    text,
    comments.map((span) => ({ ...span, content: "" })),
  );
}

/** The settings in effect as plain JSON; keys without a value are left out. */
export function redactConfig(config: GatewayConfig): GatewayConfig {
  const root: JsonObject = {};
  for (const path of configPaths()) {
    const value = getValue(config, path);
    if (value !== undefined) put(root, path, shownValue(path, value));
  }
  // The same keys: what hides a secret is a text too.
  return root as unknown as GatewayConfig;
}

function shownValue(path: ConfigPath, value: unknown): unknown {
  const { secret, originOnly: origin } = specOf(path);
  if (secret) return REDACTED;
  return origin ? originOnly(String(value), REDACTED) : value;
}

/**
 * A hash of the text that may be sent: keyed, since a plain one would let a weak password in the
 * file be guessed offline. `key` is the process's or the gateway's own.
 */
export function publicHash(raw: string | null, key: Buffer): string {
  const digest = createHmac("sha256", key)
    .update(raw ?? "")
    .digest("hex");
  return `hmac-sha256:v1:${digest}`;
}

function put(root: JsonObject, path: ConfigPath, value: unknown): void {
  const segments = path.split(".");
  const name = segments.pop() ?? "";
  let at = root;
  for (const segment of segments) {
    at[segment] ??= {};
    at = at[segment] as JsonObject;
  }
  at[name] = value;
}

function redactObject(node: Node, trail: readonly string[], showing: Showing): JsonObject {
  const object: JsonObject = {};
  for (const { name, value } of propertiesOf(node)) {
    const segments = [...trail, name];
    const below = showingOf(segments, value, showing);
    // Defined, not assigned: a key named __proto__ must stay a key.
    Object.defineProperty(object, name, {
      value: redactValue(value, segments, below),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return object;
}

function redactValue(node: Node, segments: readonly string[], showing: Showing): unknown {
  if (node.type === "object") return redactObject(node, segments, showing);
  if (node.type === "array")
    return (node.children ?? []).map((item) => redactValue(item, segments, showing));
  if (showing === "origin") return originOnly(String(node.value), REDACTED);
  const shown = showing === "public" || node.type === "boolean" || node.type === "null";
  return shown ? node.value : REDACTED;
}
