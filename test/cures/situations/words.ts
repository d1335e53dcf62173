import { expect } from "vitest";
import { asks, comesIn, serves } from "../people.ts";
import { type Situation, situation } from "../situation.ts";

/** Words of other programs: what is meant by each is named, and works. */
const looking = [
  ["pending", "openclaw devices list"],
  ["list", "openclaw devices list"],
  ["device", "openclaw devices list"],
  ["devices pending", "openclaw devices list"],
  ["pair", "openclaw devices list"],
  ["devices add", "openclaw devices invite"],
  ["invite", "openclaw devices invite"],
  ["dashboard", "openclaw devices invite"],
  ["qr", "openclaw devices invite --qr"],
  ["devices join-code", "openclaw devices invite --role node"],
  ["nodes add", "openclaw devices invite --role node"],
  ["nodes invite", "openclaw devices invite --role node"],
  ["gateway logs", "openclaw logs"],
  ["log", "openclaw logs"],
  ["gateway health", "openclaw health"],
  ["node list", "openclaw nodes list"],
  ["configure", "openclaw config --help"],
  ["daemon", "openclaw gateway --help"],
  ["gateway status --require-rpc", "openclaw gateway status"],
] as const;

const doing: Readonly<Record<string, string>> = {
  pairing: "openclaw devices approve CODE",
  "pairing approve": "openclaw devices approve CODE",
  approve: "openclaw devices approve CODE",
  "devices pair": "openclaw devices approve CODE",
};

export const wordSituations: readonly Situation[] = [
  situation("words of other programs that look, where a gateway runs", async (m) => {
    await m.start({ flags: { "gateway.publicUrl": "https://gw.example.com" } });
    await serves(m, ["system.run"]);
    await asks(m);
    for (const [words, cure] of looking) {
      const told = await m.says(words);
      expect(told.exit).toBe(2);
      expect((await m.types(told, cure)).text).not.toBe("");
    }
    const setup = await m.says("qr");
    await m.types(setup, "openclaw devices invite --setup-code --qr");
  }),
  situation("words of other programs that do something", async (m) => {
    await m.start();
    for (const [words, cure] of Object.entries(doing)) {
      const { code } = await asks(m);
      await m.types(await m.says(words), cure, { fill: { CODE: code } });
      expect((await m.says("devices list")).text).not.toContain(code);
    }
    const { code } = await asks(m);
    const shown = await m.types(await m.says("show"), "openclaw devices show CODE", {
      fill: { CODE: code },
    });
    expect(shown.text).toContain(code);
    await m.types(await m.says("reject"), "openclaw devices reject CODE", { fill: { CODE: code } });
    expect((await m.says("devices list")).text).not.toContain(code);
    const node = await serves(m, ["system.run"]);
    await m.types(
      await m.says("nodes run"),
      `openclaw nodes invoke NODE system.run --params '{"command":["df","-h"]}'`,
      { fill: { NODE: node.nodeId } },
    );
    const input = "a-good-password";
    await m.types(await m.says("password"), "openclaw config set gateway.password -", { input });
    await m.types(await m.says("set"), "openclaw config set KEY VALUE", {
      fill: { KEY: "gateway.name", VALUE: "Haus" },
    });
    expect((await m.says("config get gateway.name")).text).toBe("Haus");
    await m.types(await m.says("call"), "openclaw gateway call METHOD", {
      fill: { METHOD: "health" },
    });
    const url = "openclaw config set gateway.publicUrl https://gateway.example.com";
    await m.types(await m.says("gateway run --tailscale"), url);
    const mode = "openclaw config set gateway.auth.mode token";
    await m.types(await m.says("gateway run --auth=password"), mode);
    const token = { input: "my-own-token-0123456789" };
    const set = "openclaw config set gateway.token -";
    await m.types(await m.says("gateway run --password-file x"), set, token);
    await m.types(await m.says("gateway run --token x"), set, token);
  }),
  situation(
    "words of other programs that start and stop, and what the program's help names",
    async (m) => {
      const run = "openclaw gateway run";
      for (const words of [
        "run",
        "serve",
        "gateway install",
        "up",
        "gateway run --dev",
        "gateway run --allow-unconfigured",
      ]) {
        await m.types(await m.says(words), run);
        await m.types(await m.says("stop"), "openclaw gateway stop");
      }
      await m.types(await m.says("--help"), run);
      await m.types(await m.says("restart"), "openclaw gateway restart");
      await m.types(await m.says("gateway restart --safe"), "openclaw gateway restart");
      const force = await m.says("gateway run --force");
      await m.types(force, "openclaw gateway stop");
      await m.types(force, run);
      await m.types(await m.says("gateway stop --force"), "openclaw gateway stop");
      expect((await m.says("gateway status")).exit).toBe(3);
    },
  ),
  situation("what the program's help and its bare name lead to", async (m) => {
    await m.start();
    const help = await m.says("--help");
    await m.types(help, "openclaw");
    await m.types(help, "openclaw devices list");
    await m.types(help, "openclaw devices invite");
    expect((await m.types(await m.says(""), "openclaw devices invite")).exit).toBe(0);
    await comesIn(m, ["operator.admin"]);
    await m.types(await m.says(""), "openclaw devices list");
    const askers = await Promise.all([1, 2, 3, 4, 5, 6].map(() => asks(m)));
    const many = await m.says("");
    const { text } = await m.types(many, "openclaw devices list");
    for (const { code } of askers) expect(text).toContain(code);
    await m.types(many, "openclaw devices approve CODE", {
      fill: { CODE: askers[0]?.code ?? "" },
    });
    await m.types(await m.says("--url wss://x gateway status"), "openclaw status --url …", {
      fill: { "…": `http://127.0.0.1:${m.gateway?.port}` },
      exit: 4,
    });
  }),
  situation("a gateway that does not run", async (m) => {
    await m.types(await m.says(""), "openclaw --help");
    await m.types(await m.says("devices list"), "openclaw gateway run");
    await m.stop();
    await m.types(await m.says("status"), "openclaw gateway run");
    expect((await m.says("status")).exit).toBe(0);
  }),
];
