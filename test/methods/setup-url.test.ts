import { expect, test } from "vitest";
import { limitValues } from "../../src/limits/table.ts";
import { setupUrl } from "../../src/methods/setup-url.ts";
import { RequestError } from "../../src/protocol/errors.ts";

const limits = limitValues();
const reach = { secretKind: "token" } as const;
const publicUrl = "https://gateway.example.com";

function codeOf(found: ReturnType<typeof setupUrl>): unknown {
  return found instanceof RequestError ? found.shape.details?.["code"] : found;
}

const asked = (url: string) => codeOf(setupUrl(url, reach, limits));

test.each([
  ["https://gateway.example.com", "wss://gateway.example.com", true],
  ["https://gateway.example.com/", "wss://gateway.example.com", true],
  ["HTTPS://Gateway.Example.com:8443/openclaw/", "wss://gateway.example.com:8443/openclaw/", true],
  ["wss://[2001:db8::1]/?a=1#b", "wss://[2001:db8::1]", true],
  ["http://127.0.0.1:18789", "ws://127.0.0.1:18789", true],
  ["ws://localhost:18789/", "ws://localhost:18789", true],
  ["ws://[::1]:18789", "ws://[::1]:18789", true],
  ["http://192.168.1.5:18789", "ws://192.168.1.5:18789", false],
  ["http://nas.local", "ws://nas.local", false],
  ["ws://[fd12::7]:18789", "ws://[fd12::7]:18789", false],
])("%s becomes %s", (text, url, isPrivate) => {
  expect(asked(text)).toEqual({ url, source: "request.publicUrl", isPrivate });
});

test.each([
  "http://gateway.example.com",
  "ws://203.0.113.7:18789",
  "ws://100.64.0.1",
  "ws://172.32.0.1",
  "ws://[2001:db8::1]",
  "ws://10.example.com",
  "ws://local",
])("%s is not dialled by apps: others could read what goes over it", (text) => {
  expect(asked(text)).toBe("SETUP_ADDRESS_IN_CLEAR");
});

test.each(["gateway.example.com", "https://", "https://me:secret@gw", "ftp://gw", "ws:gw", ""])(
  "%j is no address, and is not repeated",
  (text) => {
    const found = setupUrl(text, reach, limits);
    expect(codeOf(found)).toBe("SETUP_ADDRESS_INVALID");
    if (text !== "") expect(JSON.stringify(found)).not.toContain("secret");
  },
);

test("setupUrlChars: a longer address is refused", () => {
  const long = (chars: number) => "https://gw/".padEnd(chars, "x");
  expect(asked(long(limits.setupUrlChars))).toMatchObject({ isPrivate: true });
  expect(asked(long(limits.setupUrlChars + 1))).toBe("SETUP_ADDRESS_INVALID");
});

test("what is asked for comes first, then gateway.publicUrl, then the machine's own address", () => {
  const own = { url: "ws://192.168.1.5:18789", source: "gateway.bind=lan" };
  const sourceOf = (...args: Parameters<typeof setupUrl>) => {
    const found = setupUrl(...args);
    return found instanceof RequestError ? codeOf(found) : `${found.source} ${found.url}`;
  };
  const all = { ...reach, publicUrl, own };
  expect(sourceOf("https://other", all, limits)).toBe("request.publicUrl wss://other");
  expect(sourceOf(undefined, all, limits)).toBe("gateway.publicUrl wss://gateway.example.com");
  expect(sourceOf(undefined, { ...reach, own }, limits)).toBe(`gateway.bind=lan ${own.url}`);
  expect(sourceOf(undefined, reach, limits)).toBe("SETUP_ADDRESS_UNKNOWN");
});

test("every refusal names the setting and the command that helps", () => {
  for (const url of [undefined, "http://gw.example.com", "nonsense"]) {
    const found = setupUrl(url, reach, limits);
    if (!(found instanceof RequestError)) throw new Error("no refusal");
    expect(found.shape.details?.["cure"]).toContain("openclaw config set gateway.publicUrl https:");
  }
});
