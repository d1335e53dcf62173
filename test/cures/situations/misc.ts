import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { readAllowFile } from "../../../src/cli/node-host/allow-file.ts";
import { advise } from "../../../src/dashboard/help.ts";
import { requestOf } from "../../../src/dashboard/parse.ts";
import { closure } from "../../../src/dashboard/words.ts";
import { commandText } from "../../../src/protocol/command.ts";
import { makeDevice, RawClient } from "../../kit/client.ts";
import { TEST_TOKEN } from "../../kit/gateway.ts";
import { until } from "../../kit/until.ts";
import { approvedNode } from "../../nodes/support.ts";
import type { Machine } from "../machine.ts";
import { asks, gatewayOf } from "../people.ts";
import { type Situation, situation } from "../situation.ts";

const URL = "https://gateway.example.com";

const helps: readonly Situation[] = [
  situation("the examples of the helps", async (m) => {
    await m.start();
    const program = await m.says("--help");
    const { code } = await asks(m);
    await m.types(program, "openclaw devices approve 7F3K-Q2MN", { fill: { "7F3K-Q2MN": code } });
    expect((await m.types(program, "openclaw doctor")).text).toContain("well");
    const logs = await m.says("logs --help");
    await m.types(logs, "openclaw logs --since 12h --level warn");
    expect((await m.types(logs, "openclaw logs --json --limit 1000")).exit).toBe(0);
    for (const words of ["gateway probe", "gateway status --deep"]) {
      await m.types(await m.says(words), "openclaw doctor");
    }
    const usage = await m.says("devices invite --role gardener");
    expect((await m.types(usage, "openclaw devices invite --help")).text).toContain("--role");
  }),
  situation("the scripts for shells", async (m) => {
    const help = await m.says("completion --help");
    for (const [shell, file] of [
      ["bash", "~/.local/share/bash-completion/completions/openclaw"],
      ["zsh", "/usr/local/share/zsh/site-functions/_openclaw"],
      ["fish", "~/.config/fish/completions/openclaw.fish"],
    ] as const) {
      // What stands behind it is the shell's.
      const done = await m.types(help, `openclaw completion ${shell} > ${file}`, {
        fill: { [`> ${file}`]: "" },
      });
      expect(done.text).toContain("openclaw");
    }
    await m.types(await m.says("completion tcsh"), "openclaw completion bash");
  }),
  situation("the node's example of the help", async (m) => {
    await m.start();
    const { pairNode, capabilitiesCode } = await import("../../nodes/support.ts");
    const { nodeId } = await pairNode(gatewayOf(m), ["system.which"]);
    const code = await capabilitiesCode(gatewayOf(m), nodeId);
    const help = await m.says("nodes --help");
    await m.types(help, "openclaw nodes approve 7F3K-Q2MN", { fill: { "7F3K-Q2MN": code } });
  }),
];

/** What the gateway's status says once it names `command`: a start warns when it is over. */
const noted = (m: Machine, command: string) =>
  until(async () => {
    const told = await m.says("gateway status");
    return told.said.some((one) => commandText(one) === command) && told;
  }, command);

const running: readonly Situation[] = [
  situation("a setting that takes a restart", async (m) => {
    await m.runs(["gateway", "run"]);
    for (const level of ["a", "b"]) {
      const set = await m.says(`config set logging.file ${m.folder}/${level}.log`);
      const told = level === "a" ? set : await m.says("gateway status");
      await m.types(told, "openclaw gateway restart");
      expect((await m.says("gateway status")).text).not.toContain("takes effect");
    }
    await m.says("config unset logging.file");
    const due = await m.says("doctor");
    await m.types(due, "openclaw gateway restart");
    expect((await m.says("doctor")).text).not.toContain("[gateway.warnings]");
  }),
  situation("a restart with an error in the configuration", async (m) => {
    await m.runs(["gateway", "run"]);
    m.config('{"gateway":{"bind":"all"}}');
    const told = await m.says("gateway restart");
    expect(told.exit).toBe(78);
    await m.types(told, "openclaw config validate", { exit: 78 });
    await m.types(told, "openclaw config set gateway.bind loopback");
    expect((await m.says("gateway restart")).exit).toBe(0);
  }),
  situation("a first start, without a terminal and with one", async (m) => {
    await m.runs(["gateway", "run"]);
    const bare = await noted(m, "openclaw token new");
    expect((await m.types(bare, "openclaw token new")).text).toMatch(/^\S{20,}$/);
    await m.stop();
    await m.runs(["gateway", "run"], { OPENCLAW_GATEWAY_TOKEN: "another-0123456789" });
    const differs = await noted(m, "openclaw config set gateway.token -");
    await m.types(differs, "openclaw config set gateway.token -", { input: "another-0123456789" });
    await m.stop();
    await m.runs(["gateway", "run"], { OPENCLAW_GATEWAY_TOKEN: "another-0123456789" });
    const same = await m.says("gateway status");
    expect(same.said.map(({ words }) => words.join(" "))).not.toContain(
      "config set gateway.token -",
    );
    await m.says("config set gateway.auth.mode password");
    await m.stop();
    await m.runs(["gateway", "run"]);
    const password = await noted(m, "openclaw config set gateway.password -");
    await m.types(password, "openclaw config set gateway.password -", { input: "a-good-password" });
  }),
  situation("status, health, and what the log says of a request", async (m) => {
    await m.start();
    const { code } = await asks(m);
    const told = await m.says("status");
    expect((await m.types(told, "openclaw devices list")).text).toContain(code);
  }),
  situation("tokens that the old secret let in, where one is the last way in", async (m) => {
    await m.start();
    const device = makeDevice();
    const { code } = await asks(m, { device, scopes: ["operator.admin"] });
    await m.says(`devices approve ${code}`);
    const client = await RawClient.open(gatewayOf(m).url);
    await client.connect({ device, auth: { token: TEST_TOKEN }, scopes: ["operator.admin"] });
    const told = await m.says("token new --revoke-derived");
    if (told.exit !== 0) await m.types(told, "openclaw token new --revoke-derived --force");
    const all = await m.says("devices revoke-all --yes");
    if (all.exit !== 0)
      await m.types(all, /^openclaw devices revoke-all .*--force$/, { answers: ["y"] });
  }),
];

const pages: readonly Situation[] = [
  situation(
    "the page: a link that ended, an origin, an unknown refusal, a gateway that is away",
    async (m) => {
      await m.start();
      const spent = advise({ code: "invite-expired", message: "" }, URL);
      expect(spent.command).toBe("openclaw devices invite");
      expect(
        (await m.types(m.everShown("openclaw devices invite"), "openclaw devices invite")).text,
      ).toContain("#invite=");
      const origin = await m.tells(() =>
        advise({ code: "CONTROL_UI_ORIGIN_NOT_ALLOWED", message: "" }, URL),
      );
      await m.types(origin, `openclaw config set gateway.publicUrl ${URL}`);
      expect((await m.says("config get gateway.publicUrl")).text).toBe(URL);
      expect(advise({ code: "x", message: "" }, URL).command).toBe("openclaw doctor");
      await m.types(m.everShown("openclaw doctor"), "openclaw doctor");
      const away = await m.tells(() => closure(1006, "", 3));
      await m.types(away, "openclaw doctor");
      const { code } = await asks(m);
      const waits = await m.tells(() =>
        requestOf({ requestId: code }, { host: "gw.example", skew: 0 }),
      );
      await m.types(waits, `openclaw devices approve ${code}`);
      expect((await m.says("devices list")).text).not.toContain(code);
    },
  ),
  situation("HTTP: a join address that is unknown, and no credential", async (m) => {
    await m.start();
    const http = `http://127.0.0.1:${gatewayOf(m).port}`;
    const join = await m.tells(() => fetch(`${http}/j/${"x".repeat(22)}`));
    expect((await m.types(join, "openclaw devices invite --role node")).text).toContain("#invite=");
  }),
];

/** This machine's command line on a gateway by its URL. */
const byUrl = (m: Machine, words: string, input?: string) =>
  m.says(`${words} --url ${gatewayOf(m).url}${input === undefined ? "" : " --token -"}`, {
    input: input ?? "",
  });

const remote: readonly Situation[] = [
  situation("by URL: no secret, asks, lacks a right", async (m) => {
    await m.start({ flags: { "gateway.auth.devicelessCli": "never" } });
    const none = await byUrl(m, "devices list");
    const token = (await m.types(none, "openclaw token new")).text.split("\n")[0] ?? "";
    const asked = await byUrl(m, "devices list", token);
    await m.types(asked, /^openclaw devices approve ....-....$/);
    expect((await byUrl(m, "devices list", token)).exit).toBe(0);
    const more = await byUrl(m, "devices invite");
    expect(more.exit).toBe(4);
    await m.types(more, /^openclaw devices approve ....-....$/);
    expect((await byUrl(m, "devices invite")).text).toContain("#invite=");
  }),
  situation("by URL: nothing answers there, and a key that is none", async (m) => {
    const told = await m.says("health --url ws://127.0.0.1:9");
    await m.types(told, "openclaw gateway status", { exit: 3 });
    await m.start();
    const folder = join(m.folder, ".openclaw-gateway");
    mkdirSync(folder, { recursive: true });
    const file = join(folder, "cli-identity.json");
    writeFileSync(file, '{"privateKeyPem":"x"}');
    await m.types(await byUrl(m, "health", TEST_TOKEN), `rm ${file}`);
    const { said } = await byUrl(m, "health", TEST_TOKEN);
    expect(said.map(({ words }) => words[1])).toContain("approve");
    writeFileSync(file, "{");
    expect((await m.types(await byUrl(m, "health", TEST_TOKEN), `ls -l ${file}`)).text).toContain(
      "cli-identity",
    );
  }),
  situation("an allow-list that can't be read", async (m) => {
    const loop = join(m.folder, "loop");
    execFileSync("ln", ["-s", loop, loop]);
    const file = readAllowFile(loop);
    if (file.kind !== "bad") throw new Error("it was read");
    const told = await m.tells(() => commandText(file.next));
    await m.types(told, `ls -l ${loop}`);
  }),
  situation("a node that goes away while it is asked", async (m) => {
    await m.start();
    const node = await approvedNode(gatewayOf(m), ["system.which"]);
    node.client.ws.on("message", (data) => {
      if (JSON.parse(String(data)).event === "node.invoke.request") node.client.ws.terminate();
    });
    const told = await m.says(`nodes invoke ${node.nodeId} system.which`);
    expect((await m.types(told, "openclaw nodes list")).text).toContain("attic");
  }),
];

export const miscSituations = [...helps, ...running, ...pages, ...remote];
