import type { JsonSchema } from "../../src/protocol/json-schema.ts";

/** Lines longer than this are broken at the properties. */
const WIDTH = 100;

/** Keywords that a reader sees in the notation, and those that say nothing to one. */
const known = new Set([
  ...["$ref", "type", "const", "enum", "anyOf", "items", "properties", "required"],
  ...["additionalProperties", "patternProperties", "pattern", "uniqueItems", "description"],
  ...["minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems"],
  ...["not", "maxProperties", "deprecated"],
]);

/**
 * A JSON Schema as people read it: `{ requestId: string 1.., force?: boolean }`.
 * @throws Error at a keyword that it has no words for, so that none is left out unnoticed
 */
export function typeNotation(schema: JsonSchema, indent = ""): string {
  const flat = notation(schema, undefined);
  return indent.length + flat.length <= WIDTH ? flat : notation(schema, indent);
}

/** `indent` absent: on one line. */
function notation({ not, ...schema }: JsonSchema, indent: string | undefined): string {
  const text = positive(schema, indent);
  // `type` is left out of what is excluded, where it is said once already.
  const excluded = { type: schema["type"], ...(not as JsonSchema | undefined) };
  return not === undefined ? text : `${text} but not ${positive(excluded, undefined)}`;
}

function positive(schema: JsonSchema, indent: string | undefined): string {
  const odd = Object.keys(schema).filter((keyword) => !known.has(keyword));
  if (odd.length > 0) throw new Error(`the notation has no words for ${odd.join(", ")}`);
  const { $ref, type, anyOf, ...rest } = schema;
  if (typeof $ref === "string") return $ref;
  if ("const" in schema) return JSON.stringify(schema["const"]);
  if (Array.isArray(schema["enum"]))
    return alternatives(schema["enum"].map((one) => JSON.stringify(one)));
  if (Array.isArray(anyOf)) return either(anyOf, indent);
  if (Array.isArray(type)) return alternatives(type.map(String));
  if (type === "object") return objectNotation(schema, indent);
  if (type === "array") return arrayNotation(schema, indent);
  if (type !== undefined) return `${type}${bounds(rest)}`;
  return "any";
}

function either(schemas: readonly JsonSchema[], indent: string | undefined): string {
  const parts = schemas.map((one) =>
    indent === undefined ? notation(one, undefined) : typeNotation(one, indent),
  );
  return alternatives([...new Set(parts)]);
}

function alternatives(parts: readonly string[]): string {
  return parts.join(" | ");
}

function arrayNotation(schema: JsonSchema, indent: string | undefined): string {
  const { items } = schema;
  const list = Array.isArray(items) ? { anyOf: items } : ((items ?? {}) as JsonSchema);
  const inner = notation(list, indent);
  const whole = inner.includes(" ") && !inner.startsWith("{") ? `(${inner})` : inner;
  return `${whole}[]${bounds(schema)}`;
}

function objectNotation(schema: JsonSchema, indent: string | undefined): string {
  const properties = Object.entries((schema["properties"] ?? {}) as Record<string, JsonSchema>);
  const values = valuesOf(schema);
  if (properties.length === 0) {
    return values ? `{ [name]: ${notation(values, indent)} }${bounds(schema)}` : "{}";
  }
  const required = (schema["required"] ?? []) as readonly string[];
  const below = indent === undefined ? undefined : `${indent}  `;
  const lines = properties.map(([name, one]) => {
    const mark = required.includes(name) ? "" : "?";
    const text = below === undefined ? notation(one, undefined) : typeNotation(one, below);
    return `${name}${mark}: ${text}`;
  });
  if (below === undefined) return `{ ${lines.join(", ")} }`;
  return `{\n${lines.map((line) => `${below}${line}\n`).join("")}${indent}}`;
}

/** The schema of values whose keys are not known. */
function valuesOf(schema: JsonSchema): JsonSchema | undefined {
  const { additionalProperties: more, patternProperties: byPattern } = schema;
  if (typeof more === "object" && more !== null) return more as JsonSchema;
  return byPattern ? Object.values(byPattern as Record<string, JsonSchema>)[0] : undefined;
}

/** ` 1..64`, ` 1..`, ` ..20`: of a number its value, of a text its length, of a list its items. */
function bounds(rules: JsonSchema): string {
  const least = rules["minimum"] ?? rules["minLength"] ?? rules["minItems"];
  const most =
    rules["maximum"] ?? rules["maxLength"] ?? rules["maxItems"] ?? rules["maxProperties"];
  const range = least === undefined && most === undefined ? "" : ` ${least ?? ""}..${most ?? ""}`;
  return rules["pattern"] === undefined ? range : `${range} /${rules["pattern"]}/`;
}
