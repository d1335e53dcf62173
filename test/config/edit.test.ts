import fc from "fast-check";
import { parse, visit } from "jsonc-parser";
import { describe, expect, it } from "vitest";
import { planEdit } from "../../src/config/edit.ts";
import { ConfigError } from "../../src/config/errors.ts";
import { removeFromText, setInText } from "../../src/config/text-edit.ts";
import { plainText } from "../../src/protocol/text.ts";

const file = "/etc/g.json";

function set(before: string | null, key: string, text: string) {
  return planEdit(before, [{ key, text }], { file }).after;
}

function unset(before: string, key: string) {
  return planEdit(before, [{ key, unset: true }], { file }).after;
}

function refusal(run: () => unknown): ConfigError {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) return error;
  }
  throw new Error("was not refused");
}

describe("setting a key", () => {
  const cases: [string, string | null, string, string, string][] = [
    ["no file", null, "gateway.port", "1", '{\n  "gateway": {\n    "port": 1\n  }\n}\n'],
    ["empty file", "", "logging.level", "warn", '{\n  "logging": {\n    "level": "warn"\n  }\n}\n'],
    [
      "only a comment",
      "// hi",
      "gateway.port",
      "1",
      '// hi\n{\n  "gateway": {\n    "port": 1\n  }\n}\n',
    ],
    [
      "one line",
      '{"gateway": {"port": 1}}',
      "gateway.name",
      "a",
      '{"gateway": {"port": 1, "name": "a"}}',
    ],
    [
      "replace",
      '{ "gateway": { "port":   1 } } // x',
      "gateway.port",
      "2",
      '{ "gateway": { "port":   2 } } // x',
    ],
    [
      "tabs, CRLF, no last line end, comments at line ends",
      '{\r\n\t"gateway": {\r\n\t\t"port": 1 // mine\r\n\t\t// "name": "b"\r\n\t}\r\n}',
      "gateway.name",
      "a",
      '{\r\n\t"gateway": {\r\n\t\t"port": 1, // mine\r\n\t\t"name": "a"\r\n\t\t// "name": "b"\r\n\t}\r\n}',
    ],
    [
      "trailing comma",
      '{\n    "gateway": {\n        "port": 1, // mine\n    },\n}\n',
      "gateway.auth.mode",
      "password",
      '{\n    "gateway": {\n        "port": 1, // mine\n        "auth": {\n            "mode": "password"\n        },\n    },\n}\n',
    ],
    [
      "section with only a comment",
      '{\n  "gateway": {\n    // nothing yet\n  }\n}\n',
      "gateway.port",
      "1",
      '{\n  "gateway": {\n    // nothing yet\n    "port": 1\n  }\n}\n',
    ],
    [
      "comment inside a replaced list",
      '{\n  "gateway": {\n    "trustedProxies": [\n      "10.0.0.1" // office\n    ]\n  }\n}\n',
      "gateway.trustedProxies",
      "[]",
      '{\n  "gateway": {\n    "trustedProxies": // office\n    []\n  }\n}\n',
    ],
    [
      "byte order mark",
      '\uFEFF{"gateway":{"port":1}}',
      "gateway.port",
      "2",
      '\uFEFF{"gateway":{"port":2}}',
    ],
  ];
  it.each(cases)("%s", (_name, before, key, text, after) => {
    expect(set(before, key, text)).toBe(after);
  });

  it("reads the text as the key's type", () => {
    const value = (key: string, text: string) =>
      key.split(".").reduce((at, name) => at[name], parse(set(null, key, text) ?? ""));
    expect(value("gateway.name", "123")).toBe("123");
    expect(value("gateway.name", '"quoted"')).toBe("quoted");
    expect(value("gateway.name", "null")).toBe("null");
    expect(value("gateway.pairing.open", "false")).toBe(false);
    expect(value("gateway.trustedProxies", "10.0.0.1, ::1")).toEqual(["10.0.0.1", "::1"]);
    expect(value("gateway.controlUi.allowedOrigins", "*")).toEqual(["*"]);
  });

  it("refuses keys that contradict each other now, where one of them was wrong before", () => {
    const error = refusal(() => set('{"gateway":{"bind":"bogus"}}', "gateway.bind", "none"));
    expect(error.message).toContain("nobody could connect");
  });

  it("lets an error of another key stand, wherever in the file it is then", () => {
    const after = set('{\n  "logging": {"level": "loud"}\n}\n', "gateway.port", "1") ?? "";
    expect(parse(after)).toEqual({ logging: { level: "loud" }, gateway: { port: 1 } });
  });

  it("refuses what is wrong, with the next command", () => {
    const cases: [() => unknown, string, RegExp][] = [
      [
        () => set("{}", "gateway.port", "x"),
        "CONFIG_VALUE",
        /^openclaw config set gateway.port 18789$/,
      ],
      [
        () => set("{}", "gateway.prot", "1"),
        "CONFIG_UNKNOWN_KEY",
        /^openclaw config set gateway.port/,
      ],
      [() => set("{}", "agents.x", "1"), "CONFIG_UNKNOWN_KEY", /^openclaw config --help$/],
      [() => set("{}", "gateway.tokn", "x"), "CONFIG_UNKNOWN_KEY", /config set gateway.token -$/],
      [() => set('{"gateway": 5}', "gateway.port", "1"), "CONFIG_VALUE", /EDITOR/],
      [() => set("[]", "gateway.port", "1"), "CONFIG_VALUE", /EDITOR/],
      [() => set('{"a": ', "gateway.port", "1"), "CONFIG_SYNTAX", /\+1 \/etc\/g.json$/],
      [() => unset('{"a": ', "a"), "CONFIG_SYNTAX", /EDITOR/],
      [() => set("{}", "gateway.token", "abc"), "CONFIG_CLEAR_SECRET", /^openclaw config/],
      [
        () => set("{}", "gateway.name", "__OPENCLAW_REDACTED__"),
        "CONFIG_REDACTED",
        /^openclaw config get gateway.name$/,
      ],
    ];
    for (const [run, code, next] of cases) {
      const error = refusal(run);
      expect(error.code).toBe(code);
      expect(plainText(error.next)).toMatch(next);
    }
  });

  it("repairs one wrong key beside another", () => {
    const before = '{"gateway":{"port":"x","bind":"y"}}';
    expect(set(before, "gateway.port", "1")).toBe('{"gateway":{"port":1,"bind":"y"}}');
  });

  it("leaves one spelling of a secret", () => {
    const request = { key: "gateway.token", text: "new-secret" };
    const plan = planEdit('{"gateway":{"token":"old-secret"}}', [request], {
      file,
      allowClearSecrets: true,
    });
    expect(parse(plan.after ?? "")).toEqual({ gateway: { auth: { token: "new-secret" } } });
    expect(plan.changedPaths).toEqual(["gateway.auth.token"]);
    expect(plan.diff).not.toMatch(/secret/);
  });
});

describe("removing a key", () => {
  const cases: [string, string, string, string][] = [
    [
      "first on a line",
      '{"gateway": {"port": 1, "name": "a"}}',
      "gateway.port",
      '{"gateway": {"name": "a"}}',
    ],
    [
      "last on a line",
      '{"gateway": { "port": 1, "name": "a" }}',
      "gateway.name",
      '{"gateway": { "port": 1 }}',
    ],
    [
      "the only one, with its sections",
      '{"gateway":{"auth":{"mode":"token"}}}',
      "gateway.auth.mode",
      "{}",
    ],
    [
      "comments above, behind and inside stay",
      '{\n  "gateway": {\n    // the port\n    "port": /* x */ 1, // keep\n    // the name\n    "name": "a"\n  }\n}\n',
      "gateway.port",
      '{\n  "gateway": {\n    // the port\n    /* x */ // keep\n    // the name\n    "name": "a"\n  }\n}\n',
    ],
    [
      "last of lines",
      '{\r\n\t"gateway": {\r\n\t\t"port": 1, // one\r\n\t\t"name": "a"\r\n\t}\r\n}',
      "gateway.name",
      '{\r\n\t"gateway": {\r\n\t\t"port": 1 // one\r\n\t}\r\n}',
    ],
    [
      "every spelling",
      '{"gateway":{"token":"x","auth":{"token":"y","mode":"token"}}}',
      "gateway.token",
      '{"gateway":{"auth":{"mode":"token"}}}',
    ],
    [
      "every copy",
      '{"gateway":{"port":1,"port":2,"name":"a"}}',
      "gateway.port",
      '{"gateway":{"name":"a"}}',
    ],
    [
      "unknown keys too",
      '{"agents":{"a":1},"gateway":{"port":1}}',
      "agents",
      '{"gateway":{"port":1}}',
    ],
    ["what is not there", '{"gateway":{}}', "gateway.port", '{"gateway":{}}'],
  ];
  it.each(cases)("%s", (_name, before, key, after) => {
    expect(unset(before, key)).toBe(after);
  });

  it("reports what changed", () => {
    const plan = planEdit(
      '{"gateway":{"port":1},"x":1}',
      [
        { key: "gateway.port", unset: true },
        { key: "x", unset: true },
        { key: "y", unset: true },
      ],
      { file },
    );
    expect(plan.changedPaths).toEqual(["gateway.port", "x"]);
    expect(planEdit(null, [{ key: "x", unset: true }], { file }).after).toBe(null);
  });
});

function commentsOf(text: string): string[] {
  const found: string[] = [];
  visit(text, { onComment: (offset, length) => found.push(text.slice(offset, offset + length)) });
  return found.sort();
}

function withoutEmpty(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value)
    .map(([name, inner]) => [name, withoutEmpty(inner)] as const)
    .filter(([, inner]) => JSON.stringify(inner) !== "{}");
  return Object.fromEntries(entries);
}

/** Config texts in many layouts, with a comment wherever the grammar allows one. */
function textArbitrary(): fc.Arbitrary<string> {
  const eol = fc.constantFrom("\n", "\r\n");
  const gap = (end: string) =>
    fc.oneof(
      {
        weight: 4,
        arbitrary: fc.constantFrom("", " ", "\t", end, `${end}  `, `${end}\t`, `${end}${end}    `),
      },
      { weight: 1, arbitrary: fc.nat(99).map((n) => `/* block ${n} */`) },
      { weight: 1, arbitrary: fc.nat(99).map((n) => ` // line ${n}${end}    `) },
    );
  const value = (depth: number, end: string): fc.Arbitrary<string> =>
    depth === 0
      ? fc.constantFrom("1", '"a // b"', "true", "null", '"\\"{,"')
      : fc.oneof(value(0, end), object(depth, end), array(depth, end));
  const joined = (items: fc.Arbitrary<string>, end: string, brackets: string) =>
    fc
      .tuple(
        fc.array(fc.tuple(gap(end), items, gap(end)), { maxLength: 4 }),
        gap(end),
        fc.boolean(),
      )
      .map(([parts, last, comma]) => {
        const inner = parts.map((part) => part.join("")).join(",");
        return `${brackets[0]}${inner}${comma && parts.length > 0 ? "," : ""}${last}${brackets[1]}`;
      });
  const names = fc.constantFrom("x", "gateway", "port", "name", "auth", "mode", "trustedProxies");
  const property = (depth: number, end: string) =>
    fc
      .tuple(names, gap(end), gap(end), value(depth - 1, end))
      .map(([n, a, b, v]) => `"${n}"${a}:${b}${v}`);
  const object = (depth: number, end: string) => joined(property(depth, end), end, "{}");
  const array = (depth: number, end: string) => joined(value(depth - 1, end), end, "[]");
  return eol.chain((end) =>
    fc.tuple(gap(end), object(3, end), gap(end)).map((parts) => parts.join("")),
  );
}

describe("any text", () => {
  const paths = [
    ["gateway", "port"],
    ["gateway", "auth", "mode"],
    ["gateway", "trustedProxies"],
    ["name"],
  ];
  const clean = (text: string): unknown => parse(text, [], { allowTrailingComma: true });
  const fits = (text: string, path: string[]) => {
    let at = clean(text) as Record<string, unknown> | undefined;
    for (const name of path.slice(0, -1)) {
      if (at === undefined) return true;
      if (typeof at !== "object" || at === null || Array.isArray(at)) return false;
      at = at[name] as Record<string, unknown> | undefined;
    }
    return at === undefined || (typeof at === "object" && at !== null && !Array.isArray(at));
  };

  it("keeps comments and everything else through set and unset", () => {
    fc.assert(
      fc.property(textArbitrary(), fc.constantFrom(...paths), (text, path) => {
        fc.pre(fits(text, path));
        const changed = setInText(text, path, ["v", 1]);
        const errors: unknown[] = [];
        const value = parse(changed, errors as never, { allowTrailingComma: true });
        expect(errors).toEqual([]);
        expect(path.reduce((at, name) => at[name], value)).toEqual(["v", 1]);
        expect(commentsOf(changed)).toEqual(commentsOf(text));
        const back = removeFromText(changed, path);
        expect(commentsOf(back)).toEqual(commentsOf(text));
        const cut = removeFromText(text, path);
        expect(commentsOf(cut)).toEqual(commentsOf(text));
        expect(withoutEmpty(clean(back))).toEqual(withoutEmpty(clean(cut)));
      }),
      { numRuns: 1500 },
    );
  });
});
