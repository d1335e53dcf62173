import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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
