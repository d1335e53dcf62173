// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the cases are texts of source
import { describe, expect, test } from "vitest";
import { proseReadings } from "./prose.ts";
import { sources } from "./sources.ts";

/** What is documented to be read for its values: file, pattern or comparison, and why. */
const documented: readonly (readonly [file: string, code: string, why: string])[] = [
  [
    "host/descriptors.ts",
    "/^Max open files\\s+(\\d+|unlimited)\\s+(\\d+|unlimited)/m",
    "a line of /proc/PID/limits, proc(5)",
  ],
  ["cli/commands/doctor/gather-ssh.ts", "/^Match User (\\S+)$/m", "a line of sshd_config(5)"],
  ["pairing/ssh-public-key.ts", "/PRIVATE KEY/", "the mark of a private key, RFC 7468"],
  // The page and the gateway read them from one constant.
  [
    "dashboard/reducer.ts",
    "reason === WAITING_REPLACED",
    "a close has its reason and no code of ours",
  ],
  [
    "dashboard/reducer.ts",
    "reason === DEVICE_REMOVED",
    "a close has its reason and no code of ours",
  ],
];

test("nothing decides by the words of a sentence: errors have codes, commands are data", () => {
  const known = new Set(documented.map(([file, code]) => `${file} ${code}`));
  const found = sources.flatMap(({ name, text }) =>
    proseReadings(text, name)
      .filter(({ code }) => !known.has(`${name} ${code}`))
      .map(({ line, code }) => `${name}:${line} ${code}`),
  );
  expect(found).toEqual([]);
});

test("every exception is still there", () => {
  const gone = documented.filter(([file, code]) => {
    const { text = "", name = "" } = sources.find((source) => source.name === file) ?? {};
    return !proseReadings(text, name).some((reading) => reading.code === code);
  });
  expect(gone).toEqual([]);
});

describe("the rule", () => {
  test.each([
    ["a pattern for a sentence", "const is = /wrong version number/.test(x);"],
    ["an error's message that is searched", 'if (error.message.includes("x")) f();'],
    ["a message that a pattern is tried on", "if (/denied$/.test(message)) f();"],
    ["one that is made a string first", "if (/^unknown/.test(String(error.message))) f();"],
    ["a message that is compared", 'const is = error.message === "invalid role";'],
    ["a message that is compared with a constant", "const is = message === WAITING_REPLACED;"],
    ["a message that chooses", 'switch (error.message) { case "x": f(); }'],
    ["a close's reason", 'if (close.reason.startsWith("device")) f();'],
  ])("finds %s", (_what, text) => {
    expect(proseReadings(text).length).toBeGreaterThan(0);
  });

  test.each([
    ["a code that is compared", 'if (error.code === "ENOENT") f();'],
    ["a message that is passed on", "log.warn(`${error.message}; ${reason}`);"],
    ["a pattern for a value", "const is = /^[0-9a-f]{64}$/.test(text);"],
    ["a message that is missing", 'const none = message === "" || reason === undefined;'],
  ])("leaves %s", (_what, text) => {
    expect(proseReadings(text)).toEqual([]);
  });
});
