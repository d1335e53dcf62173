import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { decodeSetupCode } from "../../src/protocol/setup-code.ts";
import { GatewayProcess } from "../kit/process.ts";
import { qrRows, readScreenQr } from "../kit/terminal-qr.ts";
import { PROMPT, Tmux } from "../kit/tmux.ts";

/** As long a name as people give a gateway. */
const HOST = `${"a".repeat(40)}.example.com`.padStart(60, "b");

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
  use: (terminal: Tmux) => Promise<T>,
): Promise<T> {
  const terminal = await Tmux.open({ ...size, env: { ...gateway.env, ...more } });
  try {
    await terminal.runs(`alias openclaw='${process.execPath} ${gateway.program}'; clear`);
    return await use(terminal);
  } finally {
    await terminal.close();
  }
}

const USUAL = { columns: 80, rows: 24 };

/** The link as it was printed, wherever it scrolled to. */
async function printedLink(terminal: Tmux): Promise<string> {
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
      const screen = await terminal.runs("openclaw devices invite --qr --scopes owner");
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
    await terminal.runs("openclaw devices invite --qr");
    const screen = await terminal.runs("echo; echo; echo; echo; echo");
    expect(readScreenQr(screen)).toBeUndefined();
  });
});

test("a link for a node is one whole line to copy, and its QR code is the last thing", async () => {
  await withTerminal(USUAL, {}, async (terminal) => {
    const screen = await terminal.runs("openclaw devices invite --role node --qr");
    const link = await printedLink(terminal);
    const lines = (await terminal.everything()).split("\n");
    expect(lines).toContain(`echo '${link}' | openclaw connect -`);
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
    await terminal.runs("openclaw devices invite --qr");
    const text = (await terminal.everything()).replace(/\s+/g, " ");
    expect(text).toContain("The QR code is not drawn: it needs 43 columns and 23 lines");
    expect(text).toContain(`this terminal has ${size.columns} and ${size.rows}`);
    expect(qrRows(await terminal.everything())).toBeUndefined();
    expect(await printedLink(terminal)).toContain(HOST);
  });
});

test("a setup code: whole where there is room, without its end on 80 by 24, else in words", async () => {
  const address = "--public-url https://gateway.example.com";
  const command = `openclaw devices invite --setup-code --qr`;
  const printedCode = async (terminal: Tmux) =>
    /^eyJ[\w-]+$/m.exec(await terminal.everything())?.[0] ?? "no code was printed";
  await withTerminal({ columns: 120, rows: 50 }, {}, async (terminal) => {
    const screen = await terminal.runs(`${command} ${address}`);
    expect(readScreenQr(screen)).toBe(await printedCode(terminal));
  });
  await withTerminal(USUAL, {}, async (terminal) => {
    const screen = await terminal.runs(`${command} ${address}`);
    const { expiresAtMs, ...rest } = decodeSetupCode(await printedCode(terminal)) ?? {};
    expect(expiresAtMs).toBeGreaterThan(0);
    expect(decodeSetupCode(readScreenQr(screen) ?? "")).toEqual(rest);
  });
  await withTerminal(USUAL, {}, async (terminal) => {
    // The name of this gateway is too long for that.
    await terminal.runs(command);
    expect(await terminal.everything()).toContain("The QR code is not drawn");
    expect(decodeSetupCode(await printedCode(terminal))?.url).toBe(`wss://${HOST}`);
  });
});
