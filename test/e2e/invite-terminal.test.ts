import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { decodeSetupCode } from "../../src/protocol/setup-code.ts";
import { GatewayProcess } from "../support/process.ts";
import { qrRows, readScreenQr } from "../support/terminal-qr.ts";
import { until } from "../support/until.ts";

const PROMPT = "prompt>";
const run = promisify(execFile);

/** As long a name as people give a gateway. */
const HOST = `${"a".repeat(40)}.example.com`.padStart(60, "b");

/** A real terminal: tmux draws it, and says what a person sees of it. */
class Terminal {
  private constructor(
    readonly socket: string,
    readonly folder: string,
  ) {}

  static async open(size: { columns: number; rows: number }, env: Record<string, string>) {
    const folder = await mkdtemp(join(tmpdir(), "invite-terminal-"));
    const settings = "set -g status off\nset -g history-limit 1000\n";
    await writeFile(join(folder, "tmux.conf"), settings);
    const terminal = new Terminal(join(folder, "socket"), folder);
    const words = Object.entries({ ...env, PS1: PROMPT }).map(
      ([name, value]) => `${name}=${value}`,
    );
    const { columns, rows } = size;
    await terminal.#tmux(
      ...["-f", join(folder, "tmux.conf"), "new-session", "-d"],
      ...["-x", String(columns), "-y", String(rows), "env", "-i", "TERM=screen", ...words, "sh"],
    );
    return terminal;
  }

  async #tmux(...args: string[]): Promise<string> {
    return (await run("tmux", ["-S", this.socket, ...args])).stdout;
  }

  /** What is on the screen now. */
  screen(): Promise<string> {
    return this.#tmux("capture-pane", "-p");
  }

  /** All that was ever printed, with lines that were wrapped put together. */
  everything(): Promise<string> {
    return this.#tmux("capture-pane", "-p", "-J", "-S", "-");
  }

  /** Types a command and waits until it is done: the prompt is back. */
  async type(command: string): Promise<string> {
    await until(async () => (await this.screen()).trimEnd().endsWith(PROMPT), "the prompt");
    await this.#tmux("send-keys", "-l", command);
    await this.#tmux("send-keys", "Enter");
    return until(async () => {
      const lines = (await this.screen()).trimEnd().split("\n");
      const isDone = lines.at(-1) === PROMPT && !lines.at(-2)?.includes(command);
      return isDone && lines.join("\n");
    }, "the end of the command");
  }

  async close(): Promise<void> {
    await this.#tmux("kill-server").catch(() => undefined);
    await rm(this.folder, { recursive: true, force: true });
  }
}

let gateway: GatewayProcess;
beforeAll(async () => {
  gateway = await GatewayProcess.prepare();
  const config = { gateway: { publicUrl: `https://${HOST}` } };
  await writeFile(join(gateway.stateDir, "openclaw.json"), JSON.stringify(config));
  await gateway.start({ OPENCLAW_GATEWAY_TOKEN: "terminal-token-0123456789" });
});
afterAll(() => gateway.close());

/** What a person types here, with an alias because a long command would be wrapped. */
async function withTerminal<T>(
  size: { columns: number; rows: number },
  more: Record<string, string>,
  use: (terminal: Terminal) => Promise<T>,
): Promise<T> {
  const terminal = await Terminal.open(size, { ...gateway.env, ...more });
  try {
    await terminal.type(`alias openclaw='${process.execPath} ${gateway.program}'; clear`);
    return await use(terminal);
  } finally {
    await terminal.close();
  }
}

const USUAL = { columns: 80, rows: 24 };

/** The link as it was printed, wherever it scrolled to. */
async function printedLink(terminal: Terminal): Promise<string> {
  const [link] = /https:\/\/\S+#invite=[\w-]{43}/.exec(await terminal.everything()) ?? [];
  return link ?? "no link was printed";
}

test.each([
  ["in colour", {}],
  ["without colour", { NO_COLOR: "1" }],
])(
  "the QR code of a link stands whole on 80 by 24, %s, with the prompt below it",
  async (_name, env) => {
    await withTerminal(USUAL, env, async (terminal) => {
      const screen = await terminal.type("openclaw devices invite --qr --scopes owner");
      const lines = screen.split("\n");
      expect(lines.length).toBeLessThanOrEqual(24);
      expect(lines.at(-1)).toBe(PROMPT);
      // Nothing but the light border, which is made of spaces, stands between the two.
      const end = lines.lastIndexOf(qrRows(screen)?.at(-1) ?? "");
      expect(lines.slice(end + 1, -1).join("")).toBe("");
      const link = await printedLink(terminal);
      expect(link).toContain(`https://${HOST}/#invite=`);
      expect(readScreenQr(screen)).toBe(link);
    });
  },
);

test("it can fail: what scrolled out of sight does not read back", async () => {
  await withTerminal(USUAL, {}, async (terminal) => {
    await terminal.type("openclaw devices invite --qr");
    const screen = await terminal.type("echo; echo; echo; echo; echo");
    expect(readScreenQr(screen)).toBeUndefined();
  });
});

test("a link for a node is one whole line to copy, and its QR code is the last thing", async () => {
  await withTerminal(USUAL, {}, async (terminal) => {
    const screen = await terminal.type("openclaw devices invite --role node --qr");
    const link = await printedLink(terminal);
    const lines = (await terminal.everything()).split("\n");
    expect(lines).toContain(`openclaw connect '${link}'`);
    const [, code = ""] =
      /^openclaw node run --pair (oc-pair:\/\/[\w-]+)$/m.exec(lines.join("\n")) ?? [];
    expect(decodeSetupCode(code)).toMatchObject({
      url: `wss://${HOST}`,
      bootstrapToken: link.slice(-43),
    });
    expect(readScreenQr(screen)).toBe(link);
  });
});

test.each([
  ["too low", { columns: 80, rows: 20 }],
  ["too narrow", { columns: 40, rows: 50 }],
])("on a terminal that is %s it says so, and still prints the link", async (_name, size) => {
  await withTerminal(size, {}, async (terminal) => {
    await terminal.type("openclaw devices invite --qr");
    const text = (await terminal.everything()).replace(/\n/g, " ");
    expect(text).toContain("The QR code is not drawn: it needs 43 columns and 23 lines");
    expect(text).toContain(`this terminal has ${size.columns} and ${size.rows}`);
    expect(qrRows(await terminal.everything())).toBeUndefined();
    expect(await printedLink(terminal)).toContain(HOST);
  });
});

test("a setup code: whole where there is room, without its end on 80 by 24, else in words", async () => {
  const address = "--public-url https://gateway.example.com";
  const command = `openclaw devices invite --setup-code --qr`;
  const printedCode = async (terminal: Terminal) =>
    /^eyJ[\w-]+$/m.exec(await terminal.everything())?.[0] ?? "no code was printed";
  await withTerminal({ columns: 120, rows: 50 }, {}, async (terminal) => {
    const screen = await terminal.type(`${command} ${address}`);
    expect(readScreenQr(screen)).toBe(await printedCode(terminal));
  });
  await withTerminal(USUAL, {}, async (terminal) => {
    const screen = await terminal.type(`${command} ${address}`);
    const { expiresAtMs, ...rest } = decodeSetupCode(await printedCode(terminal)) ?? {};
    expect(expiresAtMs).toBeGreaterThan(0);
    expect(decodeSetupCode(readScreenQr(screen) ?? "")).toEqual(rest);
  });
  await withTerminal(USUAL, {}, async (terminal) => {
    // The name of this gateway is too long for that.
    await terminal.type(command);
    expect(await terminal.everything()).toContain("The QR code is not drawn");
    expect(decodeSetupCode(await printedCode(terminal))?.url).toBe(`wss://${HOST}`);
  });
}, 60_000);
