import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { textWidth } from "../../src/lib/width.ts";
import { keyWords } from "../../src/words/key.ts";
import { makeDevice, RawClient } from "../kit/client.ts";
import { GatewayProcess, PROCESS_TOKEN } from "../kit/process.ts";
import { PROMPT, Tmux } from "../kit/tmux.ts";

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

const device = makeDevice();

async function asks(scopes: string[], displayName = "Anna's phone"): Promise<string> {
  const client = await RawClient.open(gateway.url);
  const auth = { token: PROCESS_TOKEN };
  const { error } = await client.connect({ device, auth, scopes, client: { displayName } });
  return error.details.requestId;
}

/** What a command prints on a terminal, its lines as the program ended them. */
async function printed(columns: number, words: string, before = ""): Promise<string[]> {
  terminal = await Tmux.open({
    columns,
    rows: 12,
    env: { ...gateway.env, OPENCLAW_COMMAND: "oc" },
  });
  await terminal.runs(`clear; ${before} "${process.execPath}" "${gateway.program}" ${words}`);
  const lines = (await terminal.everything()).split("\n");
  return lines.filter((line) => line !== "" && !line.startsWith(PROMPT));
}

test.each([40, 60, 80])(
  "all lines fit in %i columns, and what is copied is whole",
  async (columns) => {
    const code = await asks(["operator.admin"]);
    const lines = await printed(columns, "devices list");
    for (const line of lines) expect(textWidth(line), line).toBeLessThanOrEqual(columns);
    const command = `oc devices approve ${code}`;
    expect(lines.filter((line) => line.endsWith(command))).toHaveLength(1);
    expect(lines.filter((line) => line.includes(keyWords(device.deviceId)))).toHaveLength(1);
    const start = columns === 40 ? `  Code: ${code}` : "  CODE ";
    expect(lines.some((line) => line.startsWith(start))).toBe(true);
  },
);

test.each([40, 80])("the audit is read in %i columns, the newest last", async (columns) => {
  await gateway.ok(["devices", "approve", await asks(["operator.read", "operator.write"])]);
  const lines = await printed(columns, "audit");
  for (const line of lines) expect(textWidth(line), line).toBeLessThanOrEqual(columns);
  const records = lines.filter((line) => /^\d{4}-/.test(line));
  expect(records.at(-1)).toMatch(/Z device\.approved by/);
  for (const line of lines) expect(line).toMatch(/^(\d{4}-| {4}\S)/);
});

test("COLUMNS narrows a terminal; a pipe is not wrapped", async () => {
  await gateway.ok(["devices", "approve", await asks(["operator.read", "operator.write"])]);
  const lines = await printed(80, "audit", "COLUMNS=40");
  for (const line of lines) expect(textWidth(line), line).toBeLessThanOrEqual(40);
  const piped = (await gateway.ok(["audit"])).trimEnd().split("\n");
  for (const line of piped) expect(line).toMatch(/^\d{4}-/);
  expect(Math.max(...piped.map(textWidth))).toBeGreaterThan(120);
});

/** What `devices list` prints, and whether it loaded the table of widths, which divides texts into signs. */
async function listed(): Promise<{ out: string; loaded: boolean }> {
  const watch = `const Real = Intl.Segmenter;
    Intl.Segmenter = class extends Real { constructor() { super(); console.error("loaded"); } };`;
  const hook = `--import=data:text/javascript,${encodeURIComponent(watch)}`;
  const command = [hook, gateway.program, "devices", "list"];
  const options = { env: gateway.env };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, command, options);
  return { out: stdout, loaded: stderr.includes("loaded") };
}

test("the table of widths is loaded for a name that needs it, and for no other", async () => {
  await asks(["operator.read"]);
  const plain = await listed();
  expect([plain.out.includes("Anna's phone"), plain.loaded]).toEqual([true, false]);
  await asks(["operator.read"], "手机");
  const wide = await listed();
  expect(wide.loaded).toBe(true);
  const [titles = "", row = ""] = wide.out.split("\n").filter((line) => /CODE|手机/.test(line));
  const column = titles.indexOf("ASKS FOR");
  expect(column).toBeGreaterThan(0);
  expect(textWidth(row.slice(0, row.indexOf("operator")))).toBe(column);
});
