import { expect, test } from "vitest";
import { isListedOrigin } from "../../src/lib/origins.ts";

const list = ["https://*.example.net", "http://*.dev.example.org:8080", "app://one.host"];

test.each([
  ["https://a.example.net", true],
  ["https://a.b-c.example.net", true],
  ["https://xn--bcher-kva.example.net", true],
  ["http://a.dev.example.org:8080", true],
  ["app://one.host", true],
  ["https://example.net", false],
  ["https://.example.net", false],
  ["https://a..example.net", false],
  ["https://evilexample.net", false],
  ["https://a.example.net.evil.org", false],
  ["https://evil.org/.example.net", false],
  ["https://evil.org#.example.net", false],
  ["https://evil.org?.example.net", false],
  ["https://u@a.example.net", false],
  ["https://u:p@a.example.net", false],
  ["http://a.example.net", false],
  ["https://a.example.net:8443", false],
  ["https://a:1.example.net", false],
  ["http://a.dev.example.org", false],
  ["http://a.dev.example.org:80800", false],
  ["https://*.example.net", true],
  ["null", false],
  ["", false],
])("%s: %s", (origin, listed) => {
  expect(isListedOrigin(origin, list)).toBe(listed);
});

test("* is every origin", () => {
  expect(isListedOrigin("https://any.example", ["*"])).toBe(true);
});
