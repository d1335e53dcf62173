import { createServer } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { GatewayProcess } from "../kit/process.ts";
import { Tmux } from "../kit/tmux.ts";

let gateway: GatewayProcess;
let terminal: Tmux;
beforeAll(async () => {
  gateway = await GatewayProcess.prepare();
  terminal = await Tmux.open({ columns: 120, rows: 50, env: gateway.env });
  await terminal.runs(`alias openclaw='${process.execPath} ${gateway.program}'; clear`);
});
afterAll(async () => {
  await terminal.close();
  await gateway.close();
});

const run = () => `openclaw gateway run --port ${gateway.port}`;

test("the token and the owner's link are made by the first start that succeeds, and shown by it", async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(gateway.port, "127.0.0.1", resolve));
  const failed = await terminal.runs(run());
  expect(failed).toMatch(/cannot listen on 127\.0\.0\.1 port \d+/);
  expect(failed).not.toContain("Gateway token");
  await new Promise((resolve) => other.close(resolve));

  await terminal.type(run());
  const shown = await terminal.shows(/Stop with Ctrl-C/);
  const [, token = "none"] = /Gateway token .*\n\s*\n {4}(\S+)/.exec(shown) ?? [];
  expect(token).toMatch(/^[\w-]{32}$/);
  expect(shown).toMatch(/#invite=[\w-]{43}/);
  // Whoever sits elsewhere reads how it opens there.
  expect(shown).toMatch(/ssh -N -L (\d+):127\.0\.0\.1:\1 \S+@\S+/);
  const listed = ["devices", "list", "--url", gateway.url, "--token", "-"];
  const { stderr } = await gateway.cli(listed, { input: `${token}\n` });
  expect(stderr).toContain("openclaw devices approve ");
  expect(
    (await gateway.json<{ invites: unknown[] }>(["devices", "invite", "list"])).invites,
  ).toHaveLength(1);

  await terminal.keys("C-c");
  // What is looked for stands on the screen of before as well.
  await terminal.runs("clear");
  await terminal.type(run());
  expect(await terminal.shows(/Stop with Ctrl-C/)).not.toContain("Gateway token");
});
