import { chmodSync, chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { CliError } from "../../../src/cli/kit/exit.ts";
import { failureLines } from "../../../src/cli/kit/failures.ts";
import { readAllowFile } from "../../../src/cli/node-host/allow-file.ts";
import { plainText } from "../../../src/protocol/text.ts";
import { TEST_TOKEN } from "../../kit/gateway.ts";
import { until } from "../../kit/until.ts";
import type { Machine } from "../machine.ts";
import { asks, gatewayOf, linkIn } from "../people.ts";
import { type Situation, situation } from "../situation.ts";

interface Listed {
  readonly nodes: readonly { readonly connected: boolean; readonly commands: readonly string[] }[];
}

/** Resolves once a node of this gateway is connected, and answers something where `answers`. */
const joined = (m: Machine, answers = false) =>
  until(async () => {
    const { nodes } = await gatewayOf(m).host<Listed>("node.list");
    return nodes.some(({ connected, commands }) => connected && (!answers || commands.length > 0));
  }, "a node that is connected");

const url = (m: Machine) => gatewayOf(m).url;

/** The link of a new invitation for nodes. */
async function link(m: Machine): Promise<string> {
  return linkIn((await m.says("devices invite --role node")).text);
}

/** What an allow-list that is not trusted says, as `connect` prints it. */
const distrusted = (m: Machine, path: string) =>
  m.tells(() => {
    const file = readAllowFile(path);
    if (file.kind !== "bad") return;
    const error = new CliError("failed", file.problem, { next: file.next });
    for (const line of failureLines(error, false)) plainText(line);
  });

export const nodeHostSituations: readonly Situation[] = [
  situation("a link for a node, as the machine that joins is told to use it", async (m) => {
    await m.start();
    const told = await m.says("devices invite --role node", { answers: [] });
    const { text } = await m.types(told, /^echo /);
    await m.types(told, "openclaw connect -", { input: text.trim() });
    await joined(m);
  }),
  situation("a link among the words of the command line", async (m) => {
    await m.start();
    const told = await m.joins(["connect", await link(m)]);
    await m.stop();
    await m.start();
    await m.types(told, "openclaw connect -", { input: await link(m) });
    await joined(m);
  }),
  situation("the examples of connect", async (m) => {
    await m.start();
    const help = await m.says("connect --help");
    await m.types(help, "openclaw connect -", { input: await link(m) });
    await joined(m);
    await m.stop();
    await m.start();
    const file = join(m.folder, "link.txt");
    writeFileSync(file, await link(m));
    await m.types(help, "openclaw connect --link-file link.txt", { fill: { "link.txt": file } });
    await joined(m);
    await m.stop();
    await m.start();
    const fill = { "wss://gw.example.com": url(m) };
    await m.types(help, "openclaw connect wss://gw.example.com", { fill });
    await joined(m);
  }),
  situation("a machine that asks, is let in, and has its commands approved", async (m) => {
    await m.start();
    const told = await m.joins(["connect", url(m)]);
    await m.types(told, /^openclaw devices approve ....-....$/);
    await joined(m);
    await until(() => told.text.includes("Its commands wait for approval"), "its second step");
    await m.types(told, /^openclaw nodes approve ....-....$/);
    await joined(m, true);
  }),
  situation("words that lead to no gateway", async (m) => {
    await m.start();
    const fill = { "wss://gateway.example.com": url(m) };
    await m.types(await m.says("connect nowhere"), "openclaw connect wss://gateway.example.com", {
      fill,
    });
    await m.stop();
    await m.start();
    const joins = { "<link or wss://…>": await link(m) };
    await m.types(await m.says("node run"), "openclaw connect <link or wss://…>", { fill: joins });
    await joined(m);
  }),
  situation("what is typed for a link is a code, or is not whole", async (m) => {
    await m.start();
    const { code } = await asks(m, { auth: { token: TEST_TOKEN } });
    await m.types(await m.says(`connect ${code}`), `openclaw devices approve ${code}`);
    const torn = await m.says("connect https://gw.example.com/#invite=");
    expect(linkIn((await m.types(torn, "openclaw devices invite --role node")).text)).not.toBe("");
  }),
  situation("a join address that was used, on a machine that is paired", async (m) => {
    await m.start();
    await m.joins(["connect", await link(m)]);
    await joined(m);
    await m.stop();
    await m.start();
    const told = await m.says(`connect http://127.0.0.1:${gatewayOf(m).port}/j/${"x".repeat(22)}`);
    await m.types(told, `openclaw connect ${url(m)}`);
    await joined(m);
  }),
  situation("an allow-list that is not to be trusted", async (m) => {
    const path = join(m.folder, "allow");
    writeFileSync(path, "df -h\n");
    chmodSync(path, 0o666);
    await m.types(await distrusted(m, path), `chmod go-w ${path}`);
    expect(readAllowFile(path).kind).toBe("list");
    if (process.getuid?.() === 0) {
      chownSync(path, 65_534, 65_534);
      await m.types(await distrusted(m, path), `sudo chown root ${path}`);
      expect(readAllowFile(path).kind).toBe("list");
    }
    writeFileSync(path, "x".repeat(2_000_000));
    expect((await m.types(await distrusted(m, path), `ls -l ${path}`)).text).toContain("2000000");
    const folder = join(m.folder, "folder");
    mkdirSync(folder);
    await m.types(await distrusted(m, folder), `ls -l ${folder}`);
  }),
];
