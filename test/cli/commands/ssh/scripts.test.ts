import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  answerScript,
  keysScript,
  type SshSetup,
  sshdDropIn,
} from "../../../../src/cli/commands/ssh/scripts.ts";
import { sshLimitTable } from "../../../../src/limits/ssh.ts";

let folder = "";
let facts: SshSetup;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ssh-scripts-"));
  facts = {
    account: "openclaw",
    keysAccount: "openclaw-keys",
    folder,
    keysFile: join(folder, "approvers"),
    socket: "/socket",
    // Stands for Node.js: prints the words that it is given, and all of its environment.
    node: join(folder, "node"),
    program: "/program",
    timeouts: true,
  };
  writeFileSync(facts.node, '#!/bin/sh\nprintf "[%s]" "$@"\nenv | sort | tr "\\n" " "\n');
  writeFileSync(join(folder, "answer.sh"), answerScript(facts));
  writeFileSync(join(folder, "keys.sh"), keysScript(facts));
  for (const name of ["node", "answer.sh", "keys.sh"]) chmodSync(join(folder, name), 0o755);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PRINT = "SHA256:abcDEF+/0123";

/** What sshd would get for a command line, with an environment that a client may send. */
function answer(line: string | undefined, env: Record<string, string> = {}) {
  const given = { ...env, ...(line !== undefined && { SSH_ORIGINAL_COMMAND: line }) };
  const ran = spawnSync(join(folder, "answer.sh"), [PRINT], {
    env: { PATH: "/usr/bin:/bin", SSH_CONNECTION: "203.0.113.7 50000 10.0.0.1 22", ...given },
    encoding: "utf8",
  });
  return { code: ran.status, out: ran.stdout, err: ran.stderr };
}

const passed = (verb: string, argument: string, address = "203.0.113.7") =>
  `[/program][/socket][${PRINT}][${address}][${verb}][${argument}]`;

describe("what reaches the gateway", () => {
  test.each([
    ["list", passed("list", "")],
    ["approve 7F3K-Q2MN", passed("approve", "7F3K-Q2MN")],
    ["approve 7f3kq2mn", passed("approve", "7f3kq2mn")],
    ["approve 7f3k q2mn", passed("approve", "7f3k q2mn")],
    ["approve 7F3K-Q2MN without nodes", passed("approveWithout", "7F3K-Q2MN")],
    ["approve  7f3k q2mn  without  nodes", passed("approveWithout", "7f3k q2mn")],
    ["approve 7F3K-Q2MN --without nodes", passed("approveWithout", "7F3K-Q2MN")],
    ["approve 7F3K-Q2MN \u2014without nodes", passed("approveWithout", "7F3K-Q2MN")],
    ["Approve 7f3k q2mn \u2013without nodes", passed("approveWithout", "7f3k q2mn")],
    ["approve 7F3K\u2014Q2MN \u2013\u2013without nodes\n", passed("approveWithout", "7F3K-Q2MN")],
    ["  reject   7F3K-Q2MN  ", passed("reject", "7F3K-Q2MN")],
    ["show 7F3K-Q2MN", passed("show", "7F3K-Q2MN")],
    ["revoke 5e0a91b2c3d4", passed("revoke", "5e0a91b2c3d4")],
    ["revoke 5E0A-91B2-C3D4", passed("revoke", "5E0A-91B2-C3D4")],
    ["Approve 7F3K-Q2MN", passed("approve", "7F3K-Q2MN")],
    ["List", passed("list", "")],
    ["Revoke 5E0A91B2C3D4", passed("revoke", "5E0A91B2C3D4")],
    ["approve 7F3K-Q2MN\n", passed("approve", "7F3K-Q2MN")],
    ["\nlist\t\r\n\n", passed("list", "")],
    ["approve\t7F3K-Q2MN\t", passed("approve", "7F3K-Q2MN")],
    ["approve\u00a07F3K\u20117Q2M\u00a0without\u202fnodes", passed("approveWithout", "7F3K-7Q2M")],
    ["approve 7F3K\u2013Q2MN", passed("approve", "7F3K-Q2MN")],
    ["approve 7F3K\u2212Q2MN", passed("approve", "7F3K-Q2MN")],
    ["\ufeffapprove \u20687F3K\u200b-Q2\u00adMN\u2069\u200e", passed("approve", "7F3K-Q2MN")],
    ["show \uff17\uff26\uff13\uff2b\uff0d\uff31\uff12\uff2d\uff2e", passed("show", "7F3K-Q2MN")],
    [
      "reject\u3000\uff10\uff19\uff21\uff3a\u30fc\uff41\uff5a\uff10\uff19",
      passed("reject", "09AZ-az09"),
    ],
  ])("%j", (line, words) => {
    const { code, out, err } = answer(line);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toBe(`${words}LC_ALL=C.UTF-8 PATH=/usr/bin:/bin PWD=${process.cwd()} `);
  });

  test("nothing of the environment goes with it", () => {
    const env = { LD_PRELOAD: "", NODE_OPTIONS: "--inspect", LC_ALL: "tr_TR.UTF-8", IFS: "p" };
    const { out } = answer("approve 7F3K-Q2MN", env);
    expect(out).toBe(
      `${passed("approve", "7F3K-Q2MN")}LC_ALL=C.UTF-8 PATH=/usr/bin:/bin PWD=${process.cwd()} `,
    );
  });

  test.each([
    ["2001:db8::1 5 6 7", "2001:db8::1"],
    ["fe80::1%eth0 5 6 7", "fe80::1%eth0"],
    ["$(id) 5", ""],
    ["", ""],
  ])("the address is that of SSH_CONNECTION, if it is one: %s", (connection, address) => {
    const { out } = answer("list", { SSH_CONNECTION: connection });
    expect(out).toContain(passed("list", "", address));
  });
});

describe("what does not", () => {
  test("no command is no shell, and says what there is", () => {
    for (const line of [undefined, "", "   "]) {
      const { code, out, err } = answer(line);
      expect({ code, out }).toEqual({ code: 2, out: "" });
      expect(err).toContain("This key approves devices.");
    }
  });

  test("help fits a phone", () => {
    const { code, out } = answer("help");
    expect(code).toBe(0);
    for (const verb of [
      "list",
      "show CODE",
      "approve CODE without nodes",
      "reject CODE",
      "revoke DEVICE",
    ]) {
      expect(out).toContain(verb);
    }
    expect(Math.max(...out.split("\n").map((line) => line.length))).toBeLessThanOrEqual(40);
  });

  const hostile = [
    ...["approve; id", "approve 7F3K-Q2MN; id", "approve 7F3K-Q2MN && id", "approve `id`"],
    ...["approve $(id)", "approve 7F3K-Q2MN\nid", "list\0id", "list|sh", "list>x", "list<x"],
    ...["'list'", '"list"', "list\\", "list #", "li\nst", "lіst", "approve ????-????"],
    ...["approve 7F3K-Q2M*", "approve [0-9]F3K-Q2MN", "approve ~", "approve {a,b}", "list=x"],
    ...["A=1 list", "approve --help", "approve -", "--help", "-c list", "list list", "help me"],
    ...["approve", "approve 7F3K", "approve 7F3K-Q2MNX", "approve 7F3KQ2-M", "approve 7 F3KQ2MN"],
    ...["approve 7F3K-Q2MN without", "approve 7F3K-Q2MN without admin", "approve without nodes"],
    ...["approve 7F3K-Q2MN without nodes x", "show 7F3K-Q2MN without nodes", "approveWithout x"],
    ...["approve 7F3K-Q2MN extra", "show", "reject", "revoke", "revoke 5e0a", "revoke a b"],
    ...["approve \u202e7F3K-Q2MN", "\u2067list\u2069", "list\u00c2", "list\n\nlist", "list\u0301"],
    ...[
      "APPROVE 7F3K-Q2MN",
      "aPprove 7F3K-Q2MN",
      "Help me",
      "sh",
      "bash -i",
      "scp -t .",
      "/usr/lib/openssh/sftp-server",
    ],
    ...[
      "internal-sftp",
      "rsync --server",
      "git-upload-pack x",
      "exec list",
      `list${" ".repeat(64)}`,
    ],
  ];

  test.each(hostile.filter((line) => !line.includes("\0")))("%s", (line) => {
    const { code, out, err } = answer(line);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain("help says what this key can do.");
  });

  const code = "[0-9A-Za-z]{4}(?:-| *)[0-9A-Za-z]{4}";
  const GRAMMAR = new RegExp(
    `^ *([Ll]ist|([Ss]how|[Aa]pprove|[Rr]eject) +${code}|[Aa]pprove +${code} +without +nodes|[Rr]evoke +[0-9A-Za-z-]{8,}|[Hh]elp)? *$`,
  );
  /** Characters that phones send, and the plain ones they stand for. */
  const phones: Readonly<Record<string, string>> = {
    "\t": " ",
    "\u00a0": " ",
    "\u3000": " ",
    "\u2011": "-",
    "\u2013": "-",
    "\u200b": "",
    "\ufeff": "",
    "\uff17": "7",
    "\uff31": "Q",
    "\uff4c": "l",
  };
  const plain = (line: string) =>
    [...line]
      .map((char) => phones[char] ?? char)
      .join("")
      .replace(/^\n+|\n+$/g, "");
  const word = fc.constantFrom(
    ...Object.keys(phones),
    ..."\n Approve List".split(" "),
    ...[
      "approve",
      "list",
      "show",
      "revoke",
      "help",
      "without",
      "nodes",
      "without nodes",
      "7F3K-Q2MN",
      "7F3K",
      "Q2MN",
      " ",
      "-",
      ";",
    ],
    ...["$", "`", "'", '"', "\\", "\n", "*", "&", "|", "é", "\u0001", "id"],
  );

  test("any line: what passes fits the grammar, and what fits passes", () => {
    const lines = fc.oneof(
      fc.array(word, { maxLength: 6 }).map((words) => words.join("")),
      fc.array(word, { maxLength: 6 }).map((words) => words.join(" ")),
      fc.string({ unit: "binary", maxLength: 80 }),
    );
    fc.assert(
      fc.property(lines, (line) => {
        fc.pre(!line.includes("\0"));
        const { code: exit } = answer(line);
        const text = plain(line);
        const fits = GRAMMAR.test(text) && Buffer.byteLength(line) <= 64 && text.trim() !== "";
        expect(exit === 0, JSON.stringify(line)).toBe(fits);
      }),
      {
        numRuns: 400,
        examples: [["approve 7F3K-Q2MN without nodes"], ["approve 7F3K Q2MN  without nodes "]],
      },
    );
  });
});

describe("which keys sshd is told", () => {
  const key = (type: string, blob: string) => {
    const words = ["openclaw", type, blob];
    return String(execFileSync(join(folder, "keys.sh"), words, { env: { PATH: "/usr/bin:/bin" } }));
  };
  const approvers = (...lines: string[]) =>
    writeFileSync(facts.keysFile, lines.map((line) => `${line}\n`).join(""));

  test("one that is there, with the one command that it may run", () => {
    approvers(
      `0 ssh-rsa AAAA ${PRINT} -`,
      `0 ssh-ed25519 BBBB ${PRINT} 10.0.0.0/8,0:0:0:0:0:0:0:1`,
    );
    const command = `restrict,command="${folder}/answer.sh ${PRINT}"`;
    expect(key("ssh-rsa", "AAAA")).toBe(`${command} ssh-rsa AAAA\n`);
    expect(key("ssh-ed25519", "BBBB")).toBe(
      `${command},from="10.0.0.0/8,0:0:0:0:0:0:0:1" ssh-ed25519 BBBB\n`,
    );
  });

  test.each([
    ["another key", "ssh-rsa", "AAAB"],
    ["another type", "ssh-ed25519", "AAAA"],
    ["the start of it", "ssh-rsa", "AAA"],
    ["a pattern", "*", "*"],
    ["nothing", "", ""],
  ])("not %s", (_what, type, blob) => {
    approvers(`0 ssh-rsa AAAA ${PRINT} -`);
    expect(key(type, blob)).toBe("");
  });

  test("not one whose time is over, whoever is away meanwhile", () => {
    const now = Math.floor(Date.now() / 1000);
    approvers(`${now - 1} ssh-rsa AAAA ${PRINT} -`, `${now + 60} ssh-rsa BBBB ${PRINT} -`);
    expect(key("ssh-rsa", "AAAA")).toBe("");
    expect(key("ssh-rsa", "BBBB")).toContain("restrict,");
  });

  test.each([
    ["an option in the fingerprint", `0 ssh-rsa AAAA SHA256:x",command="id -`],
    ["a fingerprint that is none", "0 ssh-rsa AAAA id -"],
    ["an option in the networks", `0 ssh-rsa AAAA ${PRINT} 10.0.0.1",command="id`],
    ["words behind the networks", `0 ssh-rsa AAAA ${PRINT} - command="id"`],
    ["no time", `x ssh-rsa AAAA ${PRINT} -`],
    ["a line that was cut", "0 ssh-rsa AAAA"],
    ["a command in a field", `0 ssh-rsa AAAA SHA256:$(id) -`],
  ])("a file with %s gives nobody anything", (_what, line) => {
    approvers(line);
    expect(key("ssh-rsa", "AAAA")).toBe("");
  });

  test("sshKeysFileBytes: no key that fits is behind it, and what is behind it may not log in", () => {
    const { sshKeys, sshKeyChars, sshKeyNetworks, sshNetworkChars, sshKeysFileBytes } =
      sshLimitTable;
    const networks = sshKeyNetworks.value * (sshNetworkChars.value + 1);
    const longest = sshKeyChars.value + networks + 100;
    expect(sshKeys.value * longest).toBeLessThanOrEqual(sshKeysFileBytes.value);
    const line = `0 ssh-ed25519 AAAA ${PRINT} -\n`;
    const filler = (bytes: number) => `${"x".repeat(bytes - 1)}\n`;
    const ask = (text: string) => {
      writeFileSync(facts.keysFile, text);
      const args = ["openclaw", "ssh-ed25519", "AAAA"];
      return execFileSync(join(folder, "keys.sh"), args, { encoding: "utf8" });
    };
    expect(ask(filler(sshKeysFileBytes.value - line.length) + line)).toContain("AAAA");
    expect(ask(filler(sshKeysFileBytes.value) + line)).toBe("");
  });

  test("no file, no keys", () => {
    rmSync(facts.keysFile, { force: true });
    expect(key("ssh-rsa", "AAAA")).toBe("");
  });
});

describe("what “openclaw ssh enable” writes on an installed machine", () => {
  const installed: SshSetup = {
    account: "openclaw",
    keysAccount: "openclaw-keys",
    folder: "/opt/openclaw-gateway/ssh",
    keysFile: "/run/openclaw-gateway/keys/approvers",
    socket: "/run/openclaw-gateway/approve/approve.sock",
    node: "/opt/openclaw-gateway/current/bin/node",
    program: "/opt/openclaw-gateway/current/dist/ssh-answer.js",
    timeouts: true,
  };
  const render = { "keys.sh": keysScript, "answer.sh": answerScript, "sshd.conf": sshdDropIn };

  // The doctor calls files altered that differ from these, and enable writes them anew: on every
  // machine that has them. Who changes a template on purpose changes its digest here.
  test.each([
    ["keys.sh", true, "a50549989d82bb10787de263271c751da01cb81ebe3dd0464e0203d40044c04a"],
    ["answer.sh", true, "1d32e0205e3f81f21f812e81daded122b59b127799b7a47ebf2f2ec2c38ab70b"],
    ["sshd.conf", true, "3e9de3beccac48f20c7840868d22e82d06587bc6102eadcc0a4eeb9873b2107b"],
    ["sshd.conf", false, "752a9fa2202efa7bb5ce21cb0388eb3517894d82b6bd7db56793dff5a5bbcf46"],
  ] as const)("%s (OpenSSH from 9.2 on: %s) is the same to the byte", (name, timeouts, digest) => {
    const text = render[name]({ ...installed, timeouts });
    expect(createHash("sha256").update(text).digest("hex"), text).toBe(digest);
  });

  test("every fact comes in as it is, and none is left open", () => {
    const odd = {
      ...installed,
      folder: "/a$&b",
      keysFile: "/k$1",
      socket: "/s@node@",
      node: "/n$$",
    };
    const [keys, answer] = [keysScript(odd), answerScript(odd)];
    expect(keys).toContain('options="restrict,command=\\"/a$&b/answer.sh $print\\""');
    expect(keys).toContain("file=/k$1\n");
    expect(answer).toContain(`  /n$$ ${installed.program} /s@node@ "$print"`);
    for (const make of Object.values(render)) {
      expect(make(installed)).not.toMatch(/@[a-z-]+@|^ *#@/m);
    }
  });
});
