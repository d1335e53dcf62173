import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isAlive } from "../../src/cli/commands/gateway/wait.ts";
import { watchLimitTable } from "../../src/limits/watch.ts";
import { keyWords } from "../../src/words/key.ts";
import { makeDevice, RawClient, type TestDevice } from "../kit/client.ts";
import { GatewayProcess, PROCESS_TOKEN } from "../kit/process.ts";
import { Tmux } from "../kit/tmux.ts";
import { until } from "../kit/until.ts";

let gateway: GatewayProcess;
let terminal: Tmux | undefined;
beforeEach(async () => {
  gateway = await GatewayProcess.start();
});
afterEach(async () => {
  await terminal?.close();
  terminal = undefined;
  await gateway.close();
});

const auth = { token: PROCESS_TOKEN };
const scopes = ["operator.read"];

/** A device that waits for approval on its open connection. */
async function asks(displayName: string, device: TestDevice = makeDevice()) {
  const client = await RawClient.open(gateway.url);
  const options = { device, scopes, auth, caps: ["pairing-wait"], client: { displayName } };
  const { error } = await client.connect(options);
  const code: string = error.details.requestId;
  return {
    code,
    client,
    key: keyWords(device.deviceId),
    /** Whether it gets in, once the owner has decided. */
    async getsIn(): Promise<boolean> {
      const seen = client.frames.length;
      const challenged = client.next((frame) => frame.event === "connect.challenge", seen);
      if (!(await challenged.catch(() => undefined))) return false;
      // The newest challenge is the last one.
      client.frames.splice(
        0,
        client.frames.findLastIndex((f) => f.event === "connect.challenge"),
      );
      return (await client.connect(options)).ok;
    },
  };
}

interface Watching {
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** `openclaw devices watch` in a shell of its own, once it shows a list. */
async function watching({ columns = 80, rows = 24, env = {} }: Watching = {}): Promise<Tmux> {
  terminal = await Tmux.open({ columns, rows, env: { ...gateway.env, ...env } });
  await terminal.type("stty -g > $HOME/stty-before");
  await terminal.type(command());
  await terminal.shows(/(Nobody waits|Waiting) for approval/);
  return terminal;
}

const command = () => `"${process.execPath}" "${gateway.program}" devices watch; echo "exit $?"`;

/** Presses a key that decides, after the time that a person takes to read at the very least. */
async function decides(tmux: Tmux, key: "a" | "r"): Promise<void> {
  await pause(watchLimitTable.watchUnseenMs.value + 100);
  await tmux.keys(key);
  await tmux.shows(key === "a" ? /^Approved/m : /^Rejected/m);
}

/** The shell is back, the screen is its own, and the terminal reads as before. */
async function isSane(tmux: Tmux, exit: number): Promise<void> {
  const screen = await tmux.shows(new RegExp(`^exit ${exit}$`, "m"));
  expect(screen).not.toContain("waits for approval");
  await tmux.type("stty -g > $HOME/stty-after; echo written");
  await tmux.shows(/^written$/m);
  const file = (name: string) => readFile(join(gateway.stateDir, name), "utf8");
  expect(await file("stty-after")).toBe(await file("stty-before"));
}

describe.each([
  [80, 24],
  [40, 12],
])("at %i columns and %i lines", (columns, rows) => {
  test("a device asks, is looked at and approved, and gets in", async () => {
    const tmux = await watching({ columns, rows });
    await tmux.shows(/Nobody waits for approval/);
    const other = await asks("Other phone");
    const phone = await asks("Anna's phone");
    await tmux.shows(
      new RegExp(`> ${other.code}  “Other phone”[\\s\\S]*  ${phone.code}  “Anna's phone”`),
    );
    await tmux.keys("Down");
    await tmux.shows(new RegExp(`> ${phone.code}`));
    await tmux.keys("Enter");
    const card = await tmux.shows(/Asks for/);
    expect(card).toContain(`Let ${phone.code} in?`);
    expect(card.replace(/-\n +/g, "-")).toContain(phone.key);
    // What does not fit is read first.
    if (rows < 24) await tmux.keys("PageDown", "PageDown");
    await tmux.shows(/Expires/);
    const getsIn = phone.getsIn();
    await decides(tmux, "a");
    await tmux.shows(new RegExp(`Approved ${phone.code} at \\d\\d:\\d\\d:\\d\\d`));
    expect(await getsIn).toBe(true);
    const list = await tmux.shows(/Waiting for approval \(1\)/);
    expect(list).not.toContain("Anna's phone");
    expect(other.client.closed).toBeUndefined();
    await tmux.keys("q");
    await isSane(tmux, 0);
  });

  test("a device is turned down", async () => {
    const phone = await asks("Stranger");
    const tmux = await watching({ columns, rows });
    await tmux.keys("Enter");
    await tmux.shows(/Asks for/);
    await decides(tmux, "r");
    expect(await phone.client.end()).toMatchObject({ code: 1008 });
    await tmux.shows(/Nobody waits for approval/);
  });
});

test("a request that is decided elsewhere vanishes with a note, also from the screen", async () => {
  const first = await asks("First");
  const second = await asks("Second");
  const tmux = await watching();
  await gateway.ok(["devices", "reject", first.code]);
  await tmux.shows(new RegExp(`^${first.code} was rejected elsewhere\\.`, "m"));
  await tmux.shows(new RegExp(`> ${second.code}`));
  await tmux.keys("Enter");
  await tmux.shows(/Asks for/);
  await gateway.ok(["devices", "approve", second.code]);
  await tmux.shows(new RegExp(`^${second.code} was approved elsewhere$`, "m"));
  await tmux.keys("a");
  await tmux.shows(/nothing left to decide/);
  await tmux.keys("Escape");
  await tmux.shows(/Nobody waits for approval/);
});

test("a node's capabilities are decided here too, and what is new of it is told", async () => {
  const device = makeDevice();
  const commands = ["system.notify", "system.which"];
  const node = { id: "node-host", mode: "node", displayName: "attic", platform: "linux" };
  const options = { device, auth, role: "node", client: node, params: { commands } };
  const { error } = await (await RawClient.open(gateway.url)).connect(options);
  await gateway.ok(["devices", "approve", error.details.requestId]);
  const tmux = await watching();
  const client = await RawClient.open(gateway.url);
  expect((await client.connect(options)).ok).toBe(true);
  await tmux.shows(/> \S+ +“attic” +node: \d commands?/);
  await tmux.keys("Enter");
  await tmux.shows(/Asks for {2}commands system\.which, system\.notify/);
  await decides(tmux, "a");
  const { nodes } = await gateway.json<{ nodes: { commands: string[] }[] }>(["nodes", "list"]);
  expect(nodes).toMatchObject([{ commands }]);
});

test("nothing that is pasted, or typed ahead, decides", async () => {
  const phone = await asks("Phone");
  const tmux = await watching();
  await tmux.paste("\ra\ra\r");
  await tmux.keys("Enter", "a");
  await tmux.shows(/Asks for/);
  await tmux.shows(/Too soon/);
  expect(await gateway.ok(["devices", "list"])).toContain(phone.code);
});

test("the screen follows the size of its window", async () => {
  await asks("Phone");
  const tmux = await watching({ columns: 100, rows: 30 });
  await tmux.shows(/KIND +ASKED/);
  await tmux.resize(40, 10);
  const small = await tmux.shows(/Up\/Down {2}Enter: look/);
  expect(small).not.toContain("KIND");
  await tmux.keys("Enter");
  await tmux.shows(/lines below/);
  await tmux.resize(80, 24);
  await tmux.shows(/Expires[\s\S]*Esc: back/);
});

test("it outlives a restart of the gateway and decides afterwards", async () => {
  const phone = await asks("Phone");
  const tmux = await watching();
  await gateway.kill();
  // It ends in the last column, where terminals are particular.
  await tmux.shows(/^Waiting.{54}the gateway is away$/m);
  await tmux.keys("Enter");
  await tmux.shows(/The gateway is away\./);
  await gateway.start();
  await tmux.shows(/The gateway is back\./);
  await tmux.keys("Enter");
  await tmux.shows(/Asks for/);
  await decides(tmux, "a");
  const { paired } = await gateway.json<{ paired: unknown[] }>(["devices", "list"]);
  expect(paired).toHaveLength(1);
  expect(phone.client.closed).toBeDefined();
});

describe("the terminal is as before", () => {
  test.each(["TERM", "INT", "HUP"])("after a signal: %s", async (signal) => {
    await asks("Phone");
    const tmux = await watching();
    await tmux.shows(/> \S+ +“Phone”/);
    process.kill(await pidOfWatch(), `SIG${signal}`);
    await isSane(tmux, 0);
  });

  test("while it is stopped, and the list comes back with fg", async () => {
    await asks("Phone");
    const tmux = await watching();
    await tmux.keys("C-z");
    await tmux.shows(/Stopped/);
    await tmux.type("stty -g | cmp - $HOME/stty-before && echo same-$((1 + 1))");
    await tmux.shows(/^same-2$/m);
    await tmux.type("fg");
    await tmux.shows(/> \S+ +“Phone”/);
    await tmux.keys("C-c");
    await tmux.shows(/^\$ fg/m);
    await tmux.type("clear; stty -g | cmp - $HOME/stty-before && echo same-$((1 + 2))");
    await tmux.shows(/^same-3$/m);
  });
});

test("a terminal that goes away takes the watch with it", async () => {
  await asks("Phone");
  const tmux = await watching();
  const pid = await pidOfWatch();
  await tmux.close();
  await until(() => !isAlive(pid), "the end of the watch");
});

/** The process that runs in the only other terminal of this state folder. */
async function pidOfWatch(): Promise<number> {
  return until(async () => {
    const found = spawn("pgrep", ["-f", `^${process.execPath} ${gateway.program} devices watch`]);
    let text = "";
    for await (const chunk of found.stdout.setEncoding("utf8")) text += chunk;
    for (const pid of text.trim().split("\n").map(Number)) {
      const environ = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
      if (environ.includes(gateway.stateDir)) return pid;
    }
    return undefined;
  }, "the watch's process");
}

test("without colour the choice has a marker; with it, it is inverted as well", async () => {
  await asks("Phone");
  const plain = await watching({ env: { NO_COLOR: "1" } });
  await plain.shows(/> \S+ +“Phone”/);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what is looked for
  expect(await plain.screen(true)).not.toMatch(/\u001b\[[\d;]*m/);
  await plain.close();
  const painted = await watching();
  await painted.shows(/> \S+ +“Phone”/);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what is looked for
  expect(await painted.screen(true)).toMatch(/\u001b\[[\d;]*7m[^\n]*> \S+ +“Phone”/);
});

test("a terminal that can place no text gets lines", async () => {
  const phone = await asks("Phone");
  terminal = await Tmux.open({ columns: 80, rows: 24, env: gateway.env });
  await terminal.type(`TERM=dumb ${command()}`);
  await terminal.shows(new RegExp(`${phone.code} waits: “Phone”`));
  await terminal.keys("C-c");
  await terminal.shows(/exit 0$/m);
});

describe("in a pipe", () => {
  /** `openclaw devices watch` with its output as it comes. */
  function inPipe(...args: string[]) {
    const words = [gateway.program, "devices", "watch", ...args];
    const child = spawn(process.execPath, words, { env: gateway.env });
    const said = { out: "", err: "", code: undefined as number | null | undefined };
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said.out += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said.err += text;
    });
    child.on("close", (code) => {
      said.code = code;
    });
    const end = async (signal: NodeJS.Signals) => {
      child.kill(signal);
      await until(() => said.code !== undefined, "its end");
      return said.code;
    };
    return { said, end };
  }

  test("every request and decision is a line at once, and a signal ends it well", async () => {
    const first = await asks("First");
    const { said, end } = inPipe();
    await until(() => said.out.includes(`${first.code} waits: “First”`), "who waits");
    const second = await asks("Second");
    await until(() => said.out.includes(`${second.code} asks: “Second”`), "who asks");
    await gateway.ok(["devices", "approve", second.code]);
    await until(() => said.out.includes(`${second.code} was approved`), "the decision");
    await gateway.kill();
    await until(() => said.err.includes("went away"), "the gateway's end");
    await gateway.start();
    await until(() => said.err.includes("is back"), "the gateway's return");
    expect(await end("SIGTERM")).toBe(0);
    expect(said.out.trim().split("\n")).toHaveLength(3);
  });

  test("--json is one object a line", async () => {
    const { said, end } = inPipe("--json");
    await until(() => gateway.json(["devices", "list"]), "the gateway");
    const phone = await asks("Phone");
    await until(() => said.out.includes("\n"), "a line");
    await gateway.ok(["devices", "reject", phone.code]);
    await until(() => said.out.split("\n").length === 3, "two lines");
    expect(await end("SIGINT")).toBe(0);
    const lines = said.out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines).toMatchObject([
      { requestId: phone.code, displayName: "Phone" },
      { event: "resolved", requestId: phone.code, why: "rejected" },
    ]);
    expect(["asked", "waiting"]).toContain(lines[0].event);
  });

  test("over --url it does the same as a device of its own, also over a restart", async () => {
    const url = ["--url", gateway.url, "--token", PROCESS_TOKEN];
    const first = await gateway.cli([...url, "devices", "list"]);
    const own = /devices approve (\S+)/.exec(first.stderr)?.[1] ?? "";
    await gateway.ok(["devices", "approve", own]);
    // Approving devices takes more than listing them.
    const more = await gateway.cli([...url, "devices", "watch"]);
    expect(more.code).toBe(4);
    await gateway.ok(["devices", "approve", /approve (\S+)/.exec(more.stderr)?.[1] ?? ""]);
    const { said, end } = inPipe(...url);
    await until(() => said.err.includes("Nobody waits"), "the list");
    const phone = await asks("Phone");
    await until(() => said.out.includes(`${phone.code} asks: “Phone”`), "who asks");
    await gateway.stop();
    await until(() => said.err.includes("went away"), "the gateway's end");
    await gateway.start();
    await until(() => said.err.includes("is back"), "the gateway's return");
    await gateway.ok(["devices", "reject", phone.code]);
    await until(() => said.out.includes(`${phone.code} was rejected`), "the decision");
    expect(await end("SIGTERM")).toBe(0);
  });

  test("without a gateway it ends at once, with cause and cure", async () => {
    await gateway.stop();
    const { code, stderr } = await gateway.cli(["devices", "watch"]);
    expect(code).toBe(3);
    expect(stderr).toMatch(/the gateway is not running\n {2}next: /);
  });
});
