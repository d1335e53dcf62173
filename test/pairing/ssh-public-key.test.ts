import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { sshLimitTable } from "../../src/limits/ssh.ts";
import { readPublicKey, type SshPublicKey } from "../../src/pairing/ssh-public-key.ts";

const MOST = sshLimitTable.sshKeyChars.value;
const folder = mkdtempSync(join(tmpdir(), "ssh-keys-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const keygen = (...words: string[]) => String(execFileSync("ssh-keygen", words));

/** A key as OpenSSH makes it: the line of its .pub file. */
function made(type: string, bits?: number): string {
  const file = join(folder, `${type}-${bits ?? 0}`);
  const size = bits === undefined ? [] : ["-b", String(bits)];
  keygen("-q", "-t", type, ...size, "-N", "", "-C", "ann at home", "-f", file);
  return readFileSync(`${file}.pub`, "utf8");
}

const field = (bytes: Buffer | string) => {
  const body = Buffer.from(bytes);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
};
const line = (type: string, ...fields: (Buffer | string)[]) =>
  `${type} ${Buffer.concat([type, ...fields].map(field)).toString("base64")} made`;

const ok = (text: string) => readPublicKey(text) as SshPublicKey;
const problem = (text: string) => (readPublicKey(text) as { problem?: string }).problem;

const CUT = "is a key that was cut or changed";
const ed25519 = made("ed25519");

describe("keys that ssh-keygen makes", () => {
  test.each([
    ["ed25519", undefined],
    ["ecdsa", 256],
    ["ecdsa", 384],
    ["ecdsa", 521],
    ["rsa", 2048],
  ] as const)("%s %s: read, with the fingerprint that it prints", (type, bits) => {
    const text = type === "ed25519" ? ed25519 : made(type, bits);
    const file = join(folder, `${type}-${bits ?? 0}.pub`);
    const [, fingerprint] = keygen("-lf", file).split(" ");
    const [kind, blob] = text.split(" ");
    expect(readPublicKey(text)).toEqual({ type: kind, blob, fingerprint, comment: "ann at home" });
  });

  test("keys of security tokens are read", () => {
    const key = Buffer.alloc(32, 7);
    const token = line("sk-ssh-ed25519@openssh.com", key, "ssh:");
    expect(ok(token).type).toBe("sk-ssh-ed25519@openssh.com");
    const point = Buffer.concat([Buffer.of(4), Buffer.alloc(64, 9)]);
    const other = line("sk-ecdsa-sha2-nistp256@openssh.com", "nistp256", point, "ssh:");
    expect(ok(other).type).toBe("sk-ecdsa-sha2-nistp256@openssh.com");
  });

  test("comments, blank lines and a line of Windows around it do no harm", () => {
    expect(ok(`# mine\n\n${ed25519.trim()}\r\n\n`).fingerprint).toBe(ok(ed25519).fingerprint);
  });

  test("a comment is cleaned before anybody sees it", () => {
    const [type, blob] = ed25519.split(" ");
    expect(ok(`${type} ${blob} an\u001b[31mn\u202e`).comment).toBe("an[31mn");
    expect(ok(`${type} ${blob}`)).not.toHaveProperty("comment");
  });
});

describe("what is no key that may be added", () => {
  test("a private key is told apart, and what to give instead", () => {
    const text = readFileSync(join(folder, "ed25519-0"), "utf8");
    expect(readPublicKey(text)).toEqual({
      problem: "is a private key, which must stay where it was made",
      next: "give the public key: the file that ends in .pub, or its one line",
    });
  });

  test.each([
    ["several keys", `${ed25519}${ed25519}`, "holds several keys"],
    ["options before it", `command="id" ${ed25519}`, "is no public key of OpenSSH"],
    ["nothing", "", "is no public key of OpenSSH"],
    ["a name that every object has", "constructor AAAA", "is no public key of OpenSSH"],
    ["a DSA key", "ssh-dss AAAA x", "is a DSA key, which nobody should trust any more"],
    ["a certificate", "ssh-ed25519-cert-v01@openssh.com AAAA", "is a certificate"],
    ["a short RSA key", made("rsa", 1024), "is an RSA key of 1024 bits; 2048 are the least"],
    ["another type's key", ed25519.replace("ssh-ed25519", "ssh-rsa"), CUT],
    ["an ed25519 key of 31 bytes", line("ssh-ed25519", Buffer.alloc(31)), CUT],
    ["more behind the key", line("ssh-ed25519", Buffer.alloc(32), "x"), CUT],
    [
      "a compressed point",
      line("ecdsa-sha2-nistp256", "nistp256", Buffer.concat([Buffer.of(2), Buffer.alloc(64)])),
      CUT,
    ],
    ["another curve", line("ecdsa-sha2-nistp256", "nistp384", Buffer.alloc(65, 4)), CUT],
    ["a token without its application", line("sk-ssh-ed25519@openssh.com", Buffer.alloc(32)), CUT],
    ["sshKeyChars and one", `ssh-ed25519 ${"A".repeat(MOST - 11)}`, "is too long for a public key"],
  ])("%s", (_what, text, expected) => {
    expect(problem(text)).toBe(expected);
  });

  test("a key cut anywhere, or with any character changed, is another key or none", () => {
    const [type = "", blob = ""] = ed25519.split(" ");
    for (let length = 0; length < blob.length; length += 1) {
      expect(problem(`${type} ${blob.slice(0, length)}`), `cut at ${length}`).toBeDefined();
    }
    const { fingerprint } = ok(ed25519);
    for (let at = 0; at < blob.length; at += 1) {
      const other = blob[at] === "x" ? "y" : "x";
      const changed = readPublicKey(`${type} ${blob.slice(0, at)}${other}${blob.slice(at + 1)}`);
      expect("problem" in changed || changed.fingerprint !== fingerprint, `at ${at}`).toBe(true);
    }
  });

  test("no text at all makes it throw, and what passes is one word each", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: "binary" })), (text) => {
        const read = readPublicKey(text);
        if ("problem" in read) return;
        expect(`${read.type}${read.blob}${read.fingerprint}`).toMatch(/^[\w@.:+/=-]+$/);
      }),
    );
  });
});
