import { createServer as createPlain } from "node:http";
import type { AddressInfo } from "node:net";
import { connect } from "node:tls";
import { describe, expect, test } from "vitest";
import { explain } from "../../../src/cli/reach/remote.ts";
import { PinWatch, refusePlain } from "../../../src/cli/reach/transport.ts";
import { plainText } from "../../../src/protocol/text.ts";

const url = new URL("wss://gw.example.com");
const coded = (code: string) => Object.assign(new Error("in words of its own"), { code });

/** What is said of a connect that failed: the message, and what to do. */
function said(error: unknown): [string, string | undefined] {
  const { message, next } = explain(error, url) as { message: string; next?: never };
  return [message, next && plainText(next)];
}

describe("what helps follows from the code of the failure, whatever its words are", () => {
  test.each([
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "add --tls-fingerprint with the SHA-256"],
    ["CERT_HAS_EXPIRED", "add --tls-fingerprint"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "add --tls-fingerprint"],
    ["ERR_SSL_WRONG_VERSION_NUMBER", "use the address that is served with TLS"],
    ["ECONNREFUSED", "on the gateway host: openclaw gateway status"],
  ])("%s", (code, next) => {
    expect(said(coded(code))[1]).toContain(next);
  });

  test("a message without a code says nothing", () => {
    const [message, next] = said(new Error("self-signed certificate, fingerprint mismatch"));
    expect(message).toBe(
      "no connection to gw.example.com: self-signed certificate, fingerprint mismatch",
    );
    expect(next).toBeUndefined();
  });

  test("something that speaks no TLS", async () => {
    const server = createPlain().listen(0, "127.0.0.1");
    await new Promise((listens) => server.once("listening", listens));
    const { port } = server.address() as AddressInfo;
    const error = await new Promise((failed) => {
      connect({ port, host: "127.0.0.1" }).once("error", failed);
    });
    server.close();
    expect(said(error)[0]).toBe(
      "no connection to gw.example.com: what answers there does not speak TLS",
    );
  });
});

test("another certificate than the expected one is told by the fingerprints", () => {
  const watch = new PinWatch();
  const thrown = new Error("refused");
  watch.normalizeTlsFingerprint("aa");
  watch.normalizeTlsFingerprint("bb");
  const [message, next] = said(watch.explained(thrown));
  expect(message).toBe("no connection to gw.example.com: refused");
  expect(next).toBe(
    "compare, on the gateway host: openssl x509 -noout -sha256 -fingerprint -in <its certificate>",
  );
  watch.normalizeTlsFingerprint("aa");
  watch.normalizeTlsFingerprint("aa");
  expect(watch.explained(thrown)).toBe(thrown);
});

describe("without TLS nothing goes to a machine elsewhere", () => {
  const allowed = { OPENCLAW_ALLOW_INSECURE_PRIVATE_WS: "1" };
  test.each([
    ["wss://gw.example.com", {}, true],
    ["ws://127.0.0.1:18789", {}, true],
    ["ws://[::1]:18789", {}, true],
    ["ws://localhost", {}, true],
    ["ws://192.168.1.5", {}, true],
    ["ws://[fd00::1]", {}, true],
    ["ws://100.64.0.1", {}, true],
    ["ws://attic.local", {}, true],
    ["ws://attic.tail1234.ts.net", {}, true],
    ["ws://attic", {}, false],
    ["ws://attic", allowed, true],
    ["ws://gw.example.com", {}, false],
    ["ws://203.0.113.5", {}, false],
    ["ws://203.0.113.5", allowed, false],
    ["ws://[2001:db8::1]", allowed, false],
  ])("%s %j", (text, env, fine) => {
    const go = () => refusePlain(new URL(text), env);
    if (fine) expect(go).not.toThrow();
    else expect(go).toThrow(expect.objectContaining({ exit: "unreachable" }));
  });
});
