import { execFile } from "node:child_process";
import { chmod, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { RawClient } from "../kit/client.ts";
import { makeDevice } from "../kit/device.mjs";
import { GatewayProcess, PROCESS_TOKEN } from "../kit/process.ts";
import { Tmux } from "../kit/tmux.ts";

const run = promisify(execFile);

/** What no shell may ever run, in a name that a stranger chose. */
const HOSTILE = "x$(touch owned)`touch owned`;touch owned";

const KEY = "it's my $HOME key";

let gateway: GatewayProcess;
let env: Record<string, string>;
let work: string;
let code: string;
let terminal: Tmux | undefined;

beforeAll(async () => {
  gateway = await GatewayProcess.start();
  const bin = join(gateway.stateDir, "bin");
  work = join(gateway.stateDir, "work");
  await mkdir(bin);
  await mkdir(work);
  await writeFile(join(work, "phone.pub"), "");
  const program = join(bin, "openclaw");
  await writeFile(program, `#!/bin/sh\nexec '${process.execPath}' '${gateway.program}' "$@"\n`);
  await chmod(program, 0o755);
  env = { ...gateway.env, PATH: `${bin}:${gateway.env["PATH"]}` };
  const client = await RawClient.open(gateway.url);
  const { error } = await client.connect({
    device: makeDevice(),
    auth: { token: PROCESS_TOKEN },
    client: { displayName: HOSTILE },
  });
  code = error.details.requestId;
  // A name with all that a shell takes for its own.
  await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(gateway.stateDir, "key")]);
  await run(program, ["ssh", "add", join(gateway.stateDir, "key.pub"), "--name", KEY], { env });
});
afterEach(async () => {
  await terminal?.close();
  terminal = undefined;
  expect(await readdir(work)).toEqual(["phone.pub"]);
});
afterAll(() => gateway.close());

async function typing(start: string, width = 150): Promise<Tmux> {
  terminal = await Tmux.open({ columns: width, rows: 40, env });
  // tmux gives its shells the path of the process that called it.
  await terminal.runs(`export PATH='${env["PATH"]}'; cd '${work}'`);
  await terminal.type(start);
  return terminal;
}

/** Presses Tab behind what is typed, until `what` stands on the screen: the first press may not list yet. */
async function tab(tmux: Tmux, typed: string, what: RegExp): Promise<string> {
  await tmux.keys("C-u");
  await tmux.typePart(typed);
  await tmux.keys("Tab", "Tab");
  return tmux.shows(what);
}

/** Commands, options, values, codes and files, as bash and zsh complete them alike. */
async function completesAll(tmux: Tmux): Promise<void> {
  await tab(tmux, "openclaw dev", /\$ openclaw devices *$/m);
  const list = await tab(tmux, "openclaw devices re", /revoke-all/);
  expect(list).toContain("(reject a request: its code, or its full device id)");
  await tab(tmux, "openclaw devices invite --setu", /invite --setup-code *$/m);
  await tab(tmux, "openclaw devices invite --role=n", /--role=node *$/m);
  await tab(
    tmux,
    `openclaw devices approve ${code.slice(0, 2)}`,
    new RegExp(`approve ${code} *$`, "m"),
  );
  await tab(tmux, "openclaw ssh add ph", /ssh add phone\.pub *$/m);
}

describe("bash", () => {
  const START = 'eval "$(openclaw completion bash)"; clear; echo ready';

  test("completes commands, options, values, codes and files, and never runs a name", async () => {
    const tmux = await typing(START);
    await tmux.shows(/^ready$/m);
    await completesAll(tmux);
    await tab(tmux, "openclaw devices invite --role op", /--role operator *$/m);
    await tab(tmux, "openclaw config set gateway.publicU", /config set gateway\.publicUrl *$/m);
  });

  test("completes a name with blanks and quotes, within quotes as well, behind an alias too", async () => {
    const tmux = await typing(`alias oc=openclaw; complete -F _openclaw oc; ${START}`);
    await tmux.shows(/^ready$/m);
    await tab(tmux, "openclaw ssh remove i", /remove it\\'s\\ my\\ \\\$HOME\\ key *$/m);
    await tab(tmux, "openclaw ssh remove it\\'s\\ m", /remove it\\'s\\ my\\ \\\$HOME\\ key *$/m);
    await tab(tmux, "openclaw ssh remove 'i", /remove 'it'\\''s my \$HOME key' *$/m);
    await tab(tmux, "openclaw ssh remove \"it's m", /remove "it's my \\\$HOME key" *$/m);
    await tab(tmux, "oc dev", /\$ oc devices *$/m);
  });

  test("adds nothing behind a name that is whole", async () => {
    const tmux = await typing(START);
    await tmux.shows(/^ready$/m);
    const whole = /^\$ openclaw ssh remove "it's my \\\$HOME key" *$/m;
    await tab(tmux, "openclaw ssh remove \"it's m", whole);
    await tmux.keys("Tab");
    await tmux.keys("#");
    expect(await tmux.shows(/#/)).toMatch(/^\$ openclaw ssh remove "it's my \\\$HOME key" #$/m);
  });

  test("the script is one that shellcheck finds nothing in", async () => {
    const { stdout } = await run(join(gateway.stateDir, "bin/openclaw"), ["completion", "bash"], {
      env,
    });
    const file = join(gateway.stateDir, "completion.bash");
    await writeFile(file, stdout);
    await run("shellcheck", ["-s", "bash", file]);
  });
});

describe("zsh", () => {
  test("completes commands, options, values, codes and files, and never runs a name", async () => {
    const tmux = await typing("zsh -f");
    await tmux.typeWithin("PS1='$ '; autoload -U compinit; compinit -D -u");
    await tmux.typeWithin('eval "$(openclaw completion zsh)"; clear; echo ready');
    await tmux.shows(/^ready$/m);
    await completesAll(tmux);
    await tab(tmux, "openclaw ssh remove it\\'s\\ m", /remove it\\'s\\ my\\ \\\$HOME\\ key *$/m);
    await tab(tmux, "openclaw ssh remove \"it's m", /remove "it's my \\\$HOME key" *$/m);
  });
});

describe("fish", () => {
  async function offered(line: string): Promise<string[]> {
    const script = "openclaw completion fish | source; complete -C $argv[1]";
    const { stdout } = await run("fish", ["--no-config", "-c", script, line], { env, cwd: work });
    return stdout.trimEnd().split("\n");
  }

  test("completes commands, options, values, codes and files, and never runs a name", async () => {
    expect(await offered("openclaw dev")).toEqual([
      "devices\twho waits for approval, who is paired, and what they may do",
    ]);
    expect(await offered("openclaw devices invite --role=n")).toEqual(["--role=node"]);
    expect(await offered("openclaw devices invite --role ")).toEqual(["node", "operator"]);
    const [waiting = ""] = await offered("openclaw devices approve ");
    expect(waiting.split("\t")[0]).toBe(code);
    expect(waiting).toContain(HOSTILE.slice(0, 12));
    expect(await offered("openclaw ssh add ph")).toContain("phone.pub");
    for (const typed of ["i", "it\\'s\\ m", "\"it's m"]) {
      const [name = ""] = await offered(`openclaw ssh remove ${typed}`);
      expect(name).toContain("my $HOME key");
    }
  });
});
