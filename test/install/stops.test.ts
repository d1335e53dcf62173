import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { until } from "../kit/until.ts";

const here = fileURLToPath(new URL("../../deploy/install", import.meta.url));
let work: string;
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), "stops-"));
  writeFileSync(join(work, "journal"), "");
  writeFileSync(join(work, "manifest"), "file gateway x 2.36 00 5 part\n");
});
afterEach(() => rmSync(work, { recursive: true, force: true }));

const text = (name: string) => readFileSync(join(work, name), "utf8");
const isThere = (name: string) => existsSync(join(work, name));

/** Presses Ctrl-C, as a terminal does for all that runs in it, once `name` is there. */
async function stopped(shell: string, name: string, ...lines: readonly string[]) {
  const script = [
    `here='${here}' work='${work}' keeps='${work}' manifest='${work}/manifest' prefix='${work}/prefix'`,
    "opt_json='' opt_purge='' logging=''",
    ...["say", "progress", "journal", "written", "stop"].map((file) => `. "$here/lib/${file}.sh"`),
    "journal=$work/journal keeps=$work log_file=$work/log",
    "catch_signals; trap at_exit EXIT",
    // What at_exit takes away is looked at afterwards.
    'rm() { case "$*" in "-rf $work") ;; *) command rm "$@" ;; esac; }',
    ...lines,
  ];
  const child = spawn(shell, ["-euc", script.join("\n")], {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (more: string) => {
      said += more;
    });
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  await until(async () => isThere(name), name);
  process.kill(-(child.pid ?? 0), "SIGINT");
  return { code: await ended, said };
}

/** Whether a process of that number runs. */
function runs(pid: number): boolean {
  const state = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, "utf8") : "";
  return state !== "" && !/\) Z /.test(state);
}

describe.each(["dash", "bash"])("Ctrl-C in %s", (shell) => {
  test("during a download ends that too, and the lock is free", async () => {
    const { code } = await stopped(
      shell,
      "fetching",
      'fetch_part() { sh -c \'echo $$ >"$1/fetching"; exec sleep 1000\' sh "$work"; }',
      'exec 9>"$work/lock"; flock -n 9',
      'fetch_shown part "$work/part"',
    );
    expect(code).toBe(130);
    const pid = Number(text("fetching"));
    try {
      await until(async () => !runs(pid), "the end of the download");
    } finally {
      if (runs(pid)) process.kill(pid, "SIGKILL");
    }
  });

  test("while the site is rendered counts as that, not as a failure", async () => {
    const { code, said } = await stopped(
      shell,
      "asked",
      "dry='' opt_domain=gw.test http_port=80 https_port=443 listens=$work/listens",
      '. "$here/lib/nginx-config.sh"; . "$here/steps/nginx.sh"',
      "default_cannot_listen() { return 1; }; addresses_for() { :; }; http2_word() { :; }",
      'nginx_workers() { : >"$work/asked"; sleep 1000; }; nginx_connections() { echo 1; }',
      'site_name=gw.test; put_site "" "" ""',
    );
    expect(said).not.toContain("unexpected EOF");
    expect(code).toBe(130);
  });

  const put = (from: string, to: string) => `put_file "$work/${from}" "$work/${to}" 600 "$me"`;
  // One of ours that was made by a run before.
  const was = 'chmod 600 "$work/a"; wrote "$work/a"';
  const sign = 'sign_for IP:::1 "$work/etc/f" "$work/key" 1';
  test.each([
    ["a file is made", "chmod", true, put("manifest", "etc/f")],
    ["a file's sum is taken", "sha256sum", false, put("manifest", "etc/f")],
    ["a file comes to its place", "mv", true, `${was}; ${put("manifest", "a")}`],
    ["a link is made", "ln", true, 'put_link "$work/etc/f" target'],
    ["a copy of what is there is made", "cp", true, 'save "$work/manifest"'],
    ["a folder is made in one not root's", "chown", true, 'put_inside "$work/etc" in 700 "$me"'],
    ["a certificate is made", "openssl", true, `save "$work/etc/f"; ${sign}`],
  ])("while %s leaves nothing of it", async (_, program, isDone, call) => {
    for (const folder of ["bin", "etc", "backup"]) mkdirSync(join(work, folder));
    // At first it has done its work, or none of it, when it is ended.
    const does = isDone ? `${program} "$@"` : "";
    writeFileSync(
      join(work, "bin", program),
      `#!/bin/sh\nPATH=\${PATH#*:}\n[ ! -e '${work}/made' ] || exec ${program} "$@"\n${does}\n: >'${work}/made'; exec sleep 0.7\n`,
      { mode: 0o755 },
    );
    writeFileSync(join(work, "a"), "made before");
    const all = () => readdirSync(work, { recursive: true, encoding: "utf8" });
    const before = all();
    const { code, said } = await stopped(
      shell,
      "made",
      "dry='' silent='' changes=/dev/null me=$(id -un):$(id -gn) written=$work/written set_aside=$work/aside own_folder=/ under_way=installing",
      '. "$here/lib/change.sh"; . "$here/lib/certificates.sh"; full_disks() { :; }',
      'open_journal; record "resume x"; commit_journal 1; PATH=$work/bin:$PATH',
      call,
    );
    expect(said).toContain("everything it did was undone");
    expect(code).toBe(130);
    const left = all().filter((name) => !before.includes(name));
    expect(left.filter((name) => !/^(log|made|output|undo|kept|key|written)$/.test(name))).toEqual(
      [],
    );
    expect(said).not.toContain("somebody changed");
    expect(text("a")).toBe("made before");
  });

  // What is undone takes its time where Ctrl-C meets it, and its programs end by that.
  const undoing = [
    'undo_one() { : >"$work/at-$3"; [ "$3" != b ] || sleep "$pause"; echo "$3" >>"$work/undone"; }',
    'forget() { sed -i "/^$1\\$/d" "$journal"; }',
  ];

  test("while a run before is undone stops between two changes, and tells what is left", async () => {
    writeFileSync(join(work, "journal"), "done 1 x\nremove a\nremove b\nremove c\n");
    const { code, said } = await stopped(
      shell,
      "at-b",
      "pause=0.7",
      ...undoing,
      "under_way=undoing; undo_unfinished || :",
      '[ "$stops" -eq 0 ] || exit "$stop_code"',
    );
    expect(code).toBe(130);
    expect(said).toContain("is not undone to its end. The next run goes on with that.");
    expect(said).not.toContain("nothing was changed");
    expect(said).not.toContain("could not undo");
    // Not "done": the next run finds it unfinished.
    expect(text("journal").trim().split("\n").at(-1)).toMatch(/^remove [ab]$/);
    expect(text("journal")).toContain("remove a");
  });
});

describe("an uninstall", () => {
  test("is under way before approval over SSH is turned off", async () => {
    const uninstall = readFileSync(join(here, "steps/uninstall.sh"), "utf8");
    writeFileSync(join(work, "journal"), "remove a\n");
    const { said } = await stopped(
      "dash",
      "ssh-off",
      'here=$work/here; mkdir "$here"',
      `cat >"$work/uninstall.sh" <<'EOT'\n${uninstall}\nEOT\n. "$work/uninstall.sh"`,
      'opt_dry_run=""; mkdir -p "$prefix/ssh"',
      'ssh_off() { : >"$work/ssh-off"; sleep 0.7 || :; echo went on; }',
      'fail() { echo "$2"; exit "$1"; }',
      "uninstall",
    );
    expect(said).toContain("went on");
    expect(said).toContain("Stopped; 1 of 1 things are still to be taken off.");
    expect(said).not.toContain("nothing was changed");
  });
});

const BARE = /\\.|\$\(\(|\$\(|'[^']*'|(?<=^|\s)#[^\n]*|&&|\|\||[;|\n"()]|./msy;
const IN_QUOTES = /\\.|\$\(\(|\$\(|"|./sy;

/** Those commands of a shell's text that expand more than one $(…) themselves, and not within another one. */
function commandsWithTwo(text: string): string[] {
  const found: string[] = [];
  const open: string[] = [];
  let [command, count] = ["", 0];
  for (let at = 0; at < text.length; ) {
    const isQuoted = open.at(-1) === '"';
    const pattern = isQuoted ? IN_QUOTES : BARE;
    pattern.lastIndex = at;
    const [piece = ""] = pattern.exec(text) ?? [];
    at += piece.length;
    if (!isQuoted && /^#./.test(piece)) continue;
    command += piece;
    if (piece === "$(" && !open.includes("$(")) count += 1;
    if (piece === (isQuoted ? '"' : ")")) open.pop();
    else if (piece === "$((") open.push("(", "(");
    else if (piece === '"' || piece === "$(" || (piece === "(" && !isQuoted)) open.push(piece);
    if (open.some((what) => what !== "(") || !/^(&&|\|\||[;|\n])$/.test(piece)) continue;
    if (count > 1) found.push(command.trim());
    [command, count] = ["", 0];
  }
  return found;
}

describe("bash, which runs a trap where it parses a $(…) and fails by that,", () => {
  test("finds none after another one in the same command", () => {
    const folders = ["", "lib", "steps"].map((folder) => join(here, folder));
    const files = folders.flatMap((folder) =>
      readdirSync(folder)
        .filter((name) => name.endsWith(".sh"))
        .map((name) => join(folder, name)),
    );
    // Functions of the first stage serve the second.
    files.push(join(here, "../../scripts/install.sh"));
    expect(files.length).toBeGreaterThan(30);
    const rows = files.flatMap((file) => commandsWithTwo(readFileSync(file, "utf8")));
    expect(rows).toEqual([]);
    const two = [`f "(it's) $(g)" \\\n  h=$(i)`, 'k $(l $((m + $(n)))) "$((o + $(p)))"'];
    const text = `a "$(b "$(c)")"; d=$(e) # it's\n${two.join("\n")}\n`;
    expect(commandsWithTwo(text)).toEqual(two);
  });
});
