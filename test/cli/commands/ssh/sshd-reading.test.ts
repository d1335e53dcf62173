import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { sshdDropIn, uncounted } from "../../../../src/cli/commands/ssh/scripts.ts";
import { DROP_IN, effective, LOCAL, REMOTE } from "../../../../src/cli/commands/ssh/sshd.ts";
import { readAsSshd } from "../../../../src/cli/commands/ssh/sshd-reading.ts";
import { copyConfig, earlierMatch } from "../../../../src/cli/commands/ssh/sshd-steps.ts";
import { facts as anywhere } from "./support.ts";

/** sshd's configuration on machines that people have, tried with the sshd that is installed here. */

const SSHD = "/usr/sbin/sshd";
const isThere = existsSync(SSHD);
if (!isThere)
  console.log("The tests with a real sshd are skipped: there is no OpenSSH server here.");

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "sshd-reading-"));
  mkdirSync(join(root, "sshd_config.d"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

type Files = Readonly<Record<string, string>>;

const main = () => join(root, "sshd_config");
const dropIn = () => join(root, "sshd_config.d", DROP_IN.split("/").at(-1) ?? "");

/** Writes a machine's files below the test's folder, which stands for /etc/ssh. */
function write(files: Files): void {
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(root, name), text.replaceAll("/etc/ssh/", `${root}/`));
  }
}

const DEBIAN = `Include /etc/ssh/sshd_config.d/*.conf
KbdInteractiveAuthentication no
UsePAM yes
X11Forwarding yes
PrintMotd no
AcceptEnv LANG LC_*
Subsystem sftp /usr/lib/openssh/sftp-server
`;
const included = "Include /etc/ssh/sshd_config.d/*.conf\nMatch Address 10.0.0.0/8\n";
const debian = (more = "") => DEBIAN + more;

/** What stands where, and what it is. The drop-in must count for its account, and change nothing else. */
const ordinary: readonly (readonly [what: string, files: Files])[] = [
  ["Debian's own", { sshd_config: debian() }],
  [
    "a cloud's image",
    {
      sshd_config: debian("PasswordAuthentication no\n"),
      "sshd_config.d/50-cloud-init.conf": "PasswordAuthentication yes\n",
      "sshd_config.d/60-cloudimg-settings.conf": "PasswordAuthentication no\n",
    },
  ],
  [
    "an address that may do what others may not",
    {
      sshd_config: debian(
        "PermitRootLogin no\nPasswordAuthentication no\nMatch Address 127.0.0.0/8,10.0.0.0/8\n  PermitRootLogin yes\n  PasswordAuthentication yes\n",
      ),
    },
  ],
  [
    "passwords, but not for root",
    {
      sshd_config: debian(
        "PasswordAuthentication yes\nMatch User root\n  PasswordAuthentication no\n",
      ),
    },
  ],
  [
    "passwords for nobody but one group",
    {
      sshd_config: debian(
        "PasswordAuthentication no\nMatch Group root\n\tPasswordAuthentication yes\nMatch all\nX11Forwarding no\n",
      ),
    },
  ],
  [
    "another port with other rules",
    { sshd_config: debian("Match LocalPort 22\n  X11Forwarding no\n  PermitRootLogin no\n") },
  ],
  [
    "files for sftp in a folder of its own, by a drop-in behind ours",
    {
      sshd_config: debian(),
      "sshd_config.d/90-sftp.conf":
        "Match Group nogroup\n  ChrootDirectory /srv\n  ForceCommand internal-sftp\n  AllowTcpForwarding no\n",
    },
  ],
  [
    "a drop-in before ours for another user",
    {
      sshd_config: debian("MaxAuthTries 3\n"),
      "sshd_config.d/00-backup.conf":
        "Match User backup\n  PasswordAuthentication no\n  ForceCommand /usr/bin/true\n",
    },
  ],
  [
    "a drop-in before ours by address, about something else",
    {
      sshd_config: debian("PermitRootLogin prohibit-password\n"),
      "sshd_config.d/00-lan.conf": "Match Address 127.0.0.1\n  PermitRootLogin yes\n",
    },
  ],
  [
    "a block before the include that ends",
    {
      sshd_config: `Match User backup\n  X11Forwarding no\nMatch all\n${debian()}`,
    },
  ],
  [
    "an include with others, in quotes, with a comment",
    {
      sshd_config: `Include /etc/ssh/none/*.conf "/etc/ssh/sshd_config.d/*.conf" # theirs\n${debian().slice(DEBIAN.indexOf("\n") + 1)}PasswordAuthentication no\nMatch Address 127.0.0.1\n PasswordAuthentication yes\n`,
    },
  ],
  [
    "an include in an included file",
    {
      sshd_config:
        "Include /etc/ssh/base.conf\nPasswordAuthentication yes\nMatch User root\n  PasswordAuthentication no\n",
      "base.conf": "X11Forwarding yes\ninclude=/etc/ssh/sshd_config.d/[0-9]?-*.conf\n",
    },
  ],
  [
    "a hardened one",
    {
      sshd_config: debian(
        "AllowGroups root sudo\nPermitRootLogin no\nAuthenticationMethods publickey,password\nMatch Host localhost\n  AuthenticationMethods publickey\n",
      ),
      "sshd_config.d/99-hardening.conf": "KexAlgorithms curve25519-sha256\nLogLevel VERBOSE\n",
    },
  ],
];

const users = ["root", "nobody", "backup"];
const views = users.flatMap((user) => [LOCAL, REMOTE].map((from) => ({ user, from })));
const env = { PATH: "/usr/sbin:/usr/bin:/bin" };
const seen = (file: string) =>
  Promise.all(views.map(({ user, from }) => effective(user, env, { file, from })));

describe.skipIf(!isThere)("with the sshd that is installed here", () => {
  let facts = anywhere;
  let hostKey = "";
  let keys = "";
  beforeAll(() => {
    if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
    keys = mkdtempSync(join(tmpdir(), "sshd-reading-key-"));
    hostKey = join(keys, "host_key");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", hostKey]);
    const [, major, minor] =
      /OpenSSH_(\d+)\.(\d+)/.exec(spawnSync("ssh", ["-V"]).stderr.toString()) ?? [];
    facts = { ...anywhere, timeouts: Number(major) * 100 + Number(minor) >= 902 };
  });

  afterAll(() => rmSync(keys, { recursive: true, force: true }));

  /** The copy that is tried, and what sshd really reads once the drop-in is in its place. */
  async function tried(files: Files) {
    write({ ...files, sshd_config: `HostKey ${hostKey}\n${files["sshd_config"]}` });
    const before = await seen(main());
    const folder = join(root, "copy");
    mkdirSync(folder);
    const text = sshdDropIn(facts);
    const reading = copyConfig({ main: main(), dropIn: dropIn(), text }, folder);
    const copy = { all: await seen(reading.file), account: await account(reading.file) };
    writeFileSync(dropIn(), text);
    const real = { all: await seen(main()), account: await account(main()) };
    return { reading, before, copy, real };
  }

  const account = (file: string) =>
    Promise.all(
      [LOCAL, REMOTE].map(async (from) => {
        const printed = await effective(facts.account, env, { file, from });
        return { printed, uncounted: uncounted(facts, printed) };
      }),
    );

  test.each(ordinary)(
    "%s: it counts for its account, and changes nothing for others",
    async (_what, files) => {
      const { reading, before, copy, real } = await tried(files);
      expect(earlierMatch(reading, facts)).toBeUndefined();
      expect(copy.account.map((one) => one.uncounted)).toEqual([[], []]);
      expect(copy.all).toEqual(before);
      expect(copy).toEqual(real);
    },
  );

  test.each<[string, Files]>([
    ["which is not included", { sshd_config: "X11Forwarding yes\n" }],
    ["within a block", { sshd_config: `Match User backup\n${included}` }],
    [
      "behind one that decides for it",
      { sshd_config: debian(), "sshd_config.d/00-a.conf": "Match User openclaw\n PermitTTY yes\n" },
    ],
  ])("%s: the copy shows what really would be", async (_what, files) => {
    const { copy, real } = await tried(files);
    expect(copy.account[0]?.uncounted).not.toEqual([]);
    expect(copy).toEqual(real);
  });
});

describe("what of the admin's would decide before the drop-in", () => {
  function found(files: Files) {
    write(files);
    const places = { main: main(), dropIn: dropIn(), text: sshdDropIn(anywhere) };
    return earlierMatch(
      readAsSshd(places, () => ""),
      anywhere,
    );
  }

  const sets = "\n  X11Forwarding no\n";

  test.each<[string, Files]>([
    ["nothing, as Debian comes", {}],
    ["nothing that comes later", { "50-lan.conf": `Match Address 10.0.0.0/8${sets}` }],
    ["nothing for other users", { "00-a.conf": `Match User bob,ann${sets}Match all\n` }],
    ["nothing for a group", { "00-a.conf": `match group=staff User=bob${sets}` }],
    ["nothing in a comment", { "00-a.conf": `# Match Address 10.0.0.0/8${sets}` }],
    ["nothing of ours", { "00-openclaw-gateway.conf": "Match User openclaw\nMatch all\n" }],
    [
      "nothing about what ours leaves alone",
      { "00-a.conf": "Match Address ::1\n MaxAuthTries 3\n" },
    ],
    ["nothing in a file that is not included", { "00-a.conf.bak": `Match Address ::1${sets}` }],
    [
      "nothing that ends with its own file",
      { "00-a.conf": "Match all\n", "00-b.conf": "MaxAuthTries 3\n" },
    ],
    ["nothing in a hidden one", { ".00-a.conf": `Match Address ::1${sets}` }],
  ])("%s", (_what, dropIns) => {
    const names = Object.entries(dropIns).map(([name, text]) => [`sshd_config.d/${name}`, text]);
    expect(found({ sshd_config: included, ...Object.fromEntries(names) })).toBeUndefined();
  });

  test.each([
    "Match Address 10.0.0.0/8",
    "Match User openclaw Address 10.0.0.0/8",
    "match\tLocalPort=22",
    "Match Host *.example.com # of ours",
    'Match exec "true"',
  ])("%s", (line) => {
    const file = join(root, "sshd_config.d/00-lan.conf");
    const lan = `Port 22\n  ${line}${sets}`;
    expect(found({ sshd_config: included, "sshd_config.d/00-lan.conf": lan })).toMatchObject({
      file,
      line,
      isWithin: false,
    });
    rmSync(file);
    expect(found({ sshd_config: `${line}${sets}${included}` })).toMatchObject({
      file: main(),
      line,
      isWithin: true,
    });
    expect(found({ sshd_config: `${line}${sets}Match all\n${included}` })).toMatchObject({
      file: main(),
      line,
      isWithin: false,
    });
  });

  test.each([
    "ChallengeResponseAuthentication yes",
    "skeyauthentication=yes",
    "include /etc/ssh/more",
  ])("also by another name or in another file: %s", (setting) => {
    const lan = `Match Address ::1\n  ${setting}\n`;
    const more = "Match User openclaw\n  PermitTTY yes\n";
    expect(found({ sshd_config: included, "sshd_config.d/00-lan.conf": lan, more })).toMatchObject({
      isWithin: false,
    });
  });
});

test("everything that sshd reads is in the copy, and nothing is written beside it", () => {
  write({
    sshd_config: "Include /etc/ssh/sshd_config.d/*.conf\nPort 2222\n",
    "sshd_config.d/10-a.conf": "MaxAuthTries 3\n",
  });
  const folder = join(root, "copy");
  mkdirSync(folder);
  const { file } = copyConfig({ main: main(), dropIn: dropIn(), text: "# ours\n" }, folder);
  const copy = readFileSync(file, "utf8");
  expect(copy).toBe(`Include "${folder}/1.conf" "${folder}/2.conf"\nPort 2222\n`);
  expect(readFileSync(join(folder, "1.conf"), "utf8")).toBe("# ours\n");
  expect(readFileSync(join(folder, "2.conf"), "utf8")).toBe("MaxAuthTries 3\n");
  expect(existsSync(dropIn())).toBe(false);
});
