/** A JSON Schema (draft 2020-12) as plain data. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * A copy of `schema` that allows unknown properties everywhere except in the objects at `closed`
 * (property paths such as `/device`).
 *
 * @example openSchema(ConnectParamsSchema, ["/device", "/auth"])
 */
export function openSchema(schema: object, closed: readonly string[] = []): JsonSchema {
  return openAt({ ...schema }, "", closed);
}

function openAt(schema: JsonSchema, path: string, closed: readonly string[]): JsonSchema {
  const out: Record<string, unknown> = {};
  for (const [keyword, value] of Object.entries(schema)) {
    if (keyword === "additionalProperties" && value === false && !closed.includes(path)) continue;
    if (keyword === "properties" && isSchema(value)) {
      out[keyword] = Object.fromEntries(
        Object.entries(value).map(([name, child]) => [
          name,
          isSchema(child) ? openAt(child, `${path}/${name}`, closed) : child,
        ]),
      );
    } else if (Array.isArray(value)) {
      out[keyword] = value.map((item) => (isSchema(item) ? openAt(item, path, closed) : item));
    } else {
      out[keyword] = isSchema(value) ? openAt(value, path, closed) : value;
    }
  }
  return out;
}
