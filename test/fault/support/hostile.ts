import fc from "fast-check";
import { allMethods } from "../../../src/methods/index.ts";

/** Hostile input as values: what the network test sends, and where it says what it found. */

/** A change to the JSON value of a frame: a value put at a path, or the property there removed. */
export interface Change {
  readonly path: readonly string[];
  readonly value?: unknown;
  readonly remove: boolean;
}

/** A change to the text of a frame, after it became JSON. */
export type TextChange =
  | { readonly kind: "none" }
  | { readonly kind: "cut"; readonly at: number }
  | { readonly kind: "insert"; readonly at: number; readonly text: string }
  | { readonly kind: "first-key"; readonly text: string };

const NESTED = 20_000;

/** Values that no schema expects at most places, besides any JSON at all. */
const oddValues: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  2 ** 53,
  -(2 ** 63),
  "",
  " ",
  "\u0000",
  "\ud800",
  "\u202e\u200b\u001b[31m",
  "x".repeat(5_000),
  "__proto__",
  "constructor",
  "toString",
  [],
  [null],
  [[[]]],
  new Array(500).fill("operator.read"),
  {},
  { length: 1e9 },
  JSON.parse('{"__proto__":{"polluted":true}}'),
  { constructor: { prototype: { polluted: true } } },
];

export const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...oddValues) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
);

/** Every path of a valid connect frame, and some that are not in one. */
const paths = [
  "",
  "type",
  "id",
  "method",
  "params",
  "traceparent",
  "__proto__",
  "params.minProtocol",
  "params.maxProtocol",
  "params.client",
  "params.client.id",
  "params.client.version",
  "params.client.platform",
  "params.client.mode",
  "params.client.displayName",
  "params.client.deviceFamily",
  "params.client.surprise",
  "params.role",
  "params.scopes",
  "params.scopes.0",
  "params.caps",
  "params.commands",
  "params.permissions",
  "params.locale",
  "params.auth",
  "params.auth.token",
  "params.auth.password",
  "params.auth.deviceToken",
  "params.auth.bootstrapToken",
  "params.device",
  "params.device.id",
  "params.device.publicKey",
  "params.device.signature",
  "params.device.signedAt",
  "params.device.nonce",
  "params.device.__proto__",
].map((path) => (path === "" ? [] : path.split(".")));

const strangeName = fc.string({ unit: "binary", minLength: 1, maxLength: 40 });

const change: fc.Arbitrary<Change> = fc.record({
  path: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...paths) },
    {
      weight: 1,
      arbitrary: strangeName.map((name) => ["params", "auth", name]),
    },
    { weight: 1, arbitrary: strangeName.map((name) => ["params", "device", name]) },
  ),
  value: oddValue,
  remove: fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
});

const textChange: fc.Arbitrary<TextChange> = fc.oneof(
  { weight: 8, arbitrary: fc.constant<TextChange>({ kind: "none" }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("cut" as const), at: fc.nat(1_500) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("insert" as const),
      at: fc.nat(1_500),
      text: fc.constantFrom("\u0000", "[", "}", '"', "1e999", "\\u", "//", "\ud800", ",,"),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("first-key" as const),
      text: fc.constantFrom(
        '"type":"event",',
        '"method":"health","method":"connect",',
        '"params":{},"params":null,',
        '"__proto__":{"polluted":true},',
        '"constructor":{"prototype":{"polluted":true}},',
        '"n":123456789012345678901234567890e400,',
        `"deep":${"[".repeat(NESTED)}${"]".repeat(NESTED)},`,
        `"deep":${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)},`,
      ),
    }),
  },
);

/** How a fresh socket misbehaves. */
export type Handshake =
  | {
      readonly kind: "connect";
      readonly device: number;
      readonly auth: "right" | "wrong" | "password" | "device-token" | "invite" | "none";
      readonly waits: boolean;
      readonly changes: readonly Change[];
      readonly text: TextChange;
      readonly binary: boolean;
      readonly behind: number;
    }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array; readonly binary: boolean }
  | { readonly kind: "large"; readonly bytes: number }
  | { readonly kind: "fragments"; readonly texts: readonly string[] }
  | { readonly kind: "tcp"; readonly upgrade: boolean; readonly bytes: Uint8Array };

export const DEVICES = 40;

const bytes = fc.uint8Array({ minLength: 1, maxLength: 200 });

export const handshake: fc.Arbitrary<Handshake> = fc.oneof(
  {
    weight: 14,
    arbitrary: fc.record({
      kind: fc.constant("connect" as const),
      device: fc.nat(DEVICES - 1),
      auth: fc.constantFrom(
        "right" as const,
        "right" as const,
        "wrong" as const,
        "password" as const,
        "device-token" as const,
        "invite" as const,
        "none" as const,
      ),
      waits: fc.boolean(),
      changes: fc.array(change, { maxLength: 2 }),
      text: textChange,
      binary: fc.boolean(),
      behind: fc.constantFrom(0, 0, 0, 3, 40),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("text" as const),
      text: fc.oneof(fc.json(), fc.string({ unit: "binary" }), fc.constant("[".repeat(60_000))),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("bytes" as const), bytes, binary: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("large" as const),
      bytes: fc.constantFrom(65_536, 65_537, 100_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("fragments" as const),
      texts: fc.array(fc.string(), { minLength: 1, maxLength: 5 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("tcp" as const), upgrade: fc.boolean(), bytes }),
  },
);

/** Frames on a socket that is let in: real and made-up methods with any params. */
const methodName = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...allMethods.map(({ name }) => name), "connect") },
  { weight: 1, arbitrary: fc.constantFrom("__proto__", "constructor", "toString", "", "a.b") },
  { weight: 1, arbitrary: fc.string({ unit: "binary" }) },
);

const params = fc.oneof(
  { weight: 2, arbitrary: oddValue },
  {
    weight: 5,
    arbitrary: fc.dictionary(
      fc.oneof(
        fc.constantFrom("requestId", "deviceId", "role", "scopes", "label", "name", "path"),
        fc.constantFrom("expiresInMs", "value", "kind", "secret", "apply", "__proto__"),
        strangeName,
      ),
      oddValue,
      { maxKeys: 5 },
    ),
  },
);

export const frame: fc.Arbitrary<string | Uint8Array> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc
      .record({
        type: fc.oneof({ weight: 9, arbitrary: fc.constant("req") }, oddValue),
        id: fc.oneof({ weight: 5, arbitrary: fc.string({ minLength: 1 }) }, oddValue),
        method: fc.oneof({ weight: 9, arbitrary: methodName }, oddValue),
        params,
      })
      .chain((value) => textChange.map((how) => changeText(JSON.stringify(value), how))),
  },
  { weight: 2, arbitrary: fc.json() },
  { weight: 1, arbitrary: fc.string({ unit: "binary" }) },
  { weight: 1, arbitrary: bytes },
);

/** Applies changes to a frame; the result may be anything. */
export function changed(value: unknown, changes: readonly Change[]): unknown {
  return changes.reduce(changeOne, value);
}

function changeOne(value: unknown, { path, value: put, remove }: Change): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return put;
  if (typeof value !== "object" || value === null) return value;
  const copy = Array.isArray(value) ? [...value] : { ...value };
  const slot = copy as Record<string, unknown>;
  if (rest.length === 0 && remove) delete slot[name];
  else {
    const inner = rest.length > 0 ? changeOne(slot[name], { path: rest, value: put, remove }) : put;
    // Plain assignment to __proto__ would change the copy and send nothing.
    Object.defineProperty(slot, name, { value: inner, enumerable: true, configurable: true });
  }
  return copy;
}

export function changeText(text: string, how: TextChange): string {
  switch (how.kind) {
    case "none":
      return text;
    case "cut":
      return text.slice(0, how.at % (text.length + 1));
    case "insert": {
      const at = how.at % (text.length + 1);
      return text.slice(0, at) + how.text + text.slice(at);
    }
    case "first-key":
      return text.replace("{", () => `{${how.text}`);
  }
}
