import { afterAll, beforeAll, expect, test } from "vitest";
import { press, shows } from "../../browser/support/page.ts";
import { Profile } from "../../browser/support/profile.ts";
import { makeDevice, RawClient } from "../../kit/client.ts";
import { Box, SERVICE } from "../support/box.ts";
import { askedBy } from "../support/device.ts";
import type { Engine } from "../support/engine.ts";

interface Listed {
  readonly paired: readonly { readonly deviceId: string; readonly connected: boolean }[];
}

/** Steps of one owner, from `up` to the second device: each builds on those before it. */
export function firstBrowser(engine: () => Engine): void {
  let box: Box;
  beforeAll(async () => {
    // The compose file's own name, address and settings.
    box = new Box(engine(), "openclaw-gateway", { env: { OPENCLAW_PUBLISH: "127.0.0.1" } });
    await box.healthy();
  });
  afterAll(() => box?.down());

  test("is paired by the one line that the log of a first start names", async () => {
    const log = await box.logs();
    const lines = log.split("\n").filter((line) => line.includes("devices invite"));
    expect(lines, log).toHaveLength(1);
    const [command = ""] = /docker compose exec [^"]* devices invite/.exec(lines[0] ?? "") ?? [];
    const shown = await box.typed(command);
    const [link = ""] = /http:\S+#invite=[\w-]+/.exec(shown) ?? [];
    expect(link, shown).toMatch(/^http:\/\/localhost:18789\//);
    const profile = await Profile.open();
    try {
      const page = await profile.visit(link);
      await shows(page, "invited");
      await press(page);
      await shows(page, "ready");
      expect(profile.faults).toEqual([]);
    } finally {
      await profile.close();
    }
    const { paired } = await box.json<Listed>(["devices", "list"]);
    expect(paired).toHaveLength(1);
  });

  test("is followed by others, listed and approved by the guide's lines", async () => {
    const device = makeDevice();
    const code = await askedBy(device, "ws://127.0.0.1:18789");
    const run = `docker compose exec ${SERVICE} node dist/index.js`;
    expect(await box.typed(`${run} devices list`)).toContain(code);
    expect(await box.typed(`${run} devices approve ${code}`)).toContain("pproved");
    const client = await RawClient.open("ws://127.0.0.1:18789");
    expect(await client.connect({ device, caps: ["pairing-wait"] })).toMatchObject({ ok: true });
    client.close();
  });

  test("and nobody else finds a secret in docker's log or in what the engine knows", async () => {
    const token = /^\s*(\S{20,})\s*$/m.exec(await box.openclaw(["token", "new"]))?.[1];
    expect(token).toBeDefined();
    const log = await box.logs();
    expect(log).not.toMatch(/#\w+=/);
    expect(log).not.toContain(token);
    const known = await box.inspect<string[]>(".Config.Env");
    expect(known.filter((entry) => /^\w+(TOKEN|PASSWORD)=/.test(entry))).toEqual([]);
  });

  test("talks to a program without rights, on files that it can't change", async () => {
    const status = (await box.exec(["cat", "/proc/self/status", "/proc/1/status"])).stdout;
    expect(status.match(/^(CapEff|CapPrm|CapBnd):\s+0+$/gm)).toHaveLength(6);
    expect(status.match(/^NoNewPrivs:\s+1$/gm)).toHaveLength(2);
    expect(status.match(/^Uid:\s+1000\s+1000\s+1000\s+1000$/gm)).toHaveLength(2);
    for (const path of ["/app/dist/index.js", "/usr/local/bin/node", "/etc/passwd", "/made"]) {
      const { code, stderr } = await box.exec(["sh", "-c", `echo 1 >>${path}`]);
      expect(code, path).not.toBe(0);
      expect(stderr).toMatch(/Read-only file system|Permission denied/);
    }
    expect((await box.exec(["sh", "-c", "echo 1 >/tmp/a && echo 1 >/data/a"])).code).toBe(0);
  });

  test("and the engine asks /readyz whether it is well", async () => {
    const test = await box.inspect<string[]>(".Config.Healthcheck.Test");
    expect(test[0]).toBe("CMD");
    expect(test.join(" ")).toContain("/readyz");
    const ask = () => box.exec(test.slice(1));
    expect((await ask()).code).toBe(0);
    const elsewhere = ["exec", "-T", "--env", "OPENCLAW_GATEWAY_PORT=1", SERVICE];
    expect((await box.compose([...elsewhere, ...test.slice(1)])).code).toBe(1);
  });
}
