import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const here = fileURLToPath(new URL("../../deploy/install", import.meta.url));
const work = mkdtempSync(join(tmpdir(), "certificates-"));
afterAll(() => rmSync(work, { recursive: true, force: true }));

const openssl = (line: string) =>
  execFileSync("sh", ["-euc", `openssl ${line}`], { cwd: work, stdio: "pipe" });
const CURVE = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";

/** A certificate and its key, signed by `by`, or by itself. */
function make(name: string, extension: string, by?: string): void {
  if (by === undefined) {
    openssl(
      `req -x509 ${CURVE} -subj /CN=${name} -days 2 -keyout ${name}.key -out ${name}.pem -addext ${extension}`,
    );
    return;
  }
  openssl(`req -new ${CURVE} -subj /CN=${name} -keyout ${name}.key -out ${name}.csr`);
  writeFileSync(join(work, `${name}.ext`), extension);
  openssl(
    `x509 -req -in ${name}.csr -CA ${by}.pem -CAkey ${by}.key -CAcreateserial -days 2 -extfile ${name}.ext -out ${name}.pem`,
  );
}

const read = (name: string) => readFileSync(join(work, `${name}.pem`), "utf8");

beforeAll(() => {
  make("root", "basicConstraints=critical,CA:true");
  make("between", "basicConstraints=critical,CA:true", "root");
  make("leaf", "subjectAltName=DNS:gw.test,DNS:*.many.test", "between");
  writeFileSync(join(work, "chain.pem"), `${read("leaf")}${read("between")}`);
  make("own", "subjectAltName=DNS:gw.test");
});

/** What a function says of a certificate where this machine trusts the test's root alone. */
const says = (...lines: readonly string[]) =>
  execFileSync(
    "sh",
    [
      "-euc",
      [
        `here='${here}' letsencrypt=/none nginx_folder=/none`,
        ...["lib/certificates", "steps/certificate"].map((file) => `. "$here/${file}.sh"`),
        'caution() { echo "$1"; }',
        ...lines,
      ].join("\n"),
    ],
    {
      cwd: work,
      encoding: "utf8",
      env: { ...process.env, SSL_CERT_FILE: join(work, "root.pem"), SSL_CERT_DIR: "/none" },
    },
  ).trim();

describe("a certificate's chain", () => {
  const chain = (name: string, domain = "gw.test") =>
    says(`opt_domain=${domain} cert_file=${name}.pem`, "check_chain");

  test("that is whole and ends at one who is trusted is fine", () => {
    expect(chain("chain")).toBe("");
    expect(chain("chain", "a.many.test")).toBe("");
  });

  test.each([
    ["leaf", "lacks the one between"],
    ["own", "is nobody's whom this machine trusts"],
  ])("%s %s: that browsers will refuse it is said", (name) => {
    expect(chain(name)).toContain(`browsers will refuse ${name}.pem: its chain is not complete`);
  });
});

describe("what is wrong with a certificate", () => {
  const problem = (...words: string[]) => says(`certificate_problem ${words.join(" ")}`);

  test("is nothing where it is in time, for the name, and has its key, whoever signed it", () => {
    expect(problem("chain.pem", "leaf.key", "gw.test")).toBe("");
    expect(problem("own.pem", "own.key", "gw.test")).toBe("");
  });

  test.each([
    [["chain.pem", "own.key", "gw.test"], "own.key is not the key of chain.pem"],
    [["chain.pem", "leaf.key", "other.test"], "chain.pem is not for other.test"],
    [["chain.pem", "leaf.key", "a.b.many.test"], "chain.pem is not for a.b.many.test"],
    [["leaf.key", "leaf.key"], "leaf.key holds no certificate (PEM)"],
    [["leaf.pem", "leaf.csr"], "leaf.csr holds no private key (PEM, without a passphrase)"],
  ])("%j: %s", (words, expected) => {
    expect(problem(...words)).toBe(expected);
  });
});
