import type { ProtocolSchemas } from "@openclaw/gateway-protocol/schema";
import type { Static } from "typebox";
import type { JsonSchema } from "./json-schema.ts";

/**
 * Makers of JSON Schemas that carry the type of what they describe: plain objects at run time, so that
 * declaring one costs nothing (typebox's own makers took 30 ms for the results of all methods).
 */

declare const described: unique symbol;

/** A JSON Schema (draft 2020-12) that describes values of type `Value`; the type is for the compiler. */
export interface TypedSchema<out Value> extends JsonSchema {
  readonly [described]: Value;
}

/** The type of the values that a schema describes, or the schema that a function makes. */
export type ValueOf<Schema> =
  Schema extends TypedSchema<infer Value>
    ? Value
    : Schema extends () => TypedSchema<infer Value>
      ? Value
      : never;

/**
 * What `JSON.stringify` turns into a `Value`: lists and objects may be readonly, and what may be absent
 * may be `undefined`.
 */
export type Sendable<Value> = unknown extends Value
  ? unknown
  : Value extends readonly (infer Item)[]
    ? readonly Sendable<Item>[]
    : Value extends object
      ? SendableObject<Value>
      : Value;

type SendableObject<Value> = {
  readonly [Key in keyof Value]:
    | Sendable<Value[Key]>
    | (Record<never, never> extends Pick<Value, Key> ? undefined : never);
};

/** Schemas of properties by their name. */
export type SchemaFields = Readonly<Record<string, TypedSchema<unknown>>>;

type Flat<Value> = { [Key in keyof Value]: Value[Key] };

/** An object with all of `Required` and any of `Optional`. */
export type ObjectOf<Required extends SchemaFields, Optional extends SchemaFields> = Flat<
  { [Key in keyof Required]: ValueOf<Required[Key]> } & {
    [Key in keyof Optional]?: ValueOf<Optional[Key]>;
  }
>;

/** Gives a schema its type, which nothing but the tests of answers checks. */
export function typed<Value>(schema: JsonSchema): TypedSchema<Value> {
  return schema as TypedSchema<Value>;
}

export const string = (rules: JsonSchema = {}) => typed<string>({ type: "string", ...rules });
export const integer = (rules: JsonSchema = {}) => typed<number>({ type: "integer", ...rules });
export const number = (rules: JsonSchema = {}) => typed<number>({ type: "number", ...rules });
export const boolean = () => typed<boolean>({ type: "boolean" });
export const nothing = () => typed<null>({ type: "null" });

/** Any JSON value. */
export const anything = () => typed<unknown>({});

/** One of these texts. */
export function oneOf<const Text extends string>(...texts: readonly Text[]): TypedSchema<Text> {
  return typed({ type: "string", enum: texts });
}

/** This value and no other. */
export function exactly<const Value extends string | number | boolean>(
  value: Value,
): TypedSchema<Value> {
  return typed({ const: value });
}

export function array<Item>(items: TypedSchema<Item>, rules: JsonSchema = {}): TypedSchema<Item[]> {
  return typed({ type: "array", items, ...rules });
}

/** An object whose keys are not known ahead. */
export function record<Value>(values: TypedSchema<Value>): TypedSchema<Record<string, Value>> {
  return typed({ type: "object", additionalProperties: values });
}

/** @example object({ requestId: string() }, { force: boolean() }) */
export function object<
  Required extends SchemaFields = Record<never, never>,
  Optional extends SchemaFields = Record<never, never>,
>(required: Required, optional?: Optional): TypedSchema<ObjectOf<Required, Optional>> {
  const names = Object.keys(required);
  return typed({
    type: "object",
    ...(names.length > 0 && { required: names }),
    properties: { ...required, ...optional },
  });
}

/** A copy of the schema of an object with properties that may be there too. */
export function withOptional<Value, Optional extends SchemaFields>(
  schema: TypedSchema<Value>,
  optional: Optional,
): TypedSchema<Flat<Value & ObjectOf<Record<never, never>, Optional>>> {
  const known = schema["properties"] as SchemaFields | undefined;
  return typed({ ...schema, properties: { ...known, ...optional } });
}

export function either<Schemas extends readonly TypedSchema<unknown>[]>(
  ...schemas: Schemas
): TypedSchema<ValueOf<Schemas[number]>> {
  return typed({ anyOf: schemas });
}

export const orNull = <Value>(schema: TypedSchema<Value>) => either(schema, nothing());

/** A schema of OpenClaw's protocol package, such as `AgentsListResult`. */
export type WireName = keyof typeof ProtocolSchemas;

/**
 * A schema of the protocol package by its name alone, because loading the package costs 140 ms and
 * only the tests check with it. `$ref` is that name.
 */
export function wire<Name extends WireName>(
  name: Name,
): TypedSchema<Static<(typeof ProtocolSchemas)[Name]>> {
  return typed({ $ref: name });
}
