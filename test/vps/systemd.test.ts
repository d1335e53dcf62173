import { readdir, stat } from "node:fs/promises";
import { createServer } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Frame } from "../kit/client.ts";
import { Reference, ReferenceDevice } from "../kit/reference.ts";
import { until } from "../kit/until.ts";
import { BASE_MS, whyNoVps } from "../kit/vps-base.ts";
import { CONFIG, STATE, UNIT, VpsGateway } from "../kit/vps-gateway.ts";

/** In the machine's own network. */
const PORT = 29_417;

const reason = whyNoVps();
if (reason) console.log(`The systemd tests are skipped: ${reason}.`);

let gateway: VpsGateway;
/** A device that was paired at the beginning, with all it keeps. */
const device = new ReferenceDevice();
const clients: Reference[] = [];

function client(options: Parameters<typeof Reference.start>[1] = {}): Reference {
  const made = Reference.start(gateway.url, { device, scopes: ["operator.read"], ...options });
  clients.push(made);
  return made;
}

const names = async () => {
  const { paired } = await gateway.json(["devices", "list"]);
  return paired.map((row: Frame) => row.operatorLabel ?? row.displayName);
};

describe.skipIf(reason !== undefined)("on a VPS with systemd", () => {
  beforeAll(async () => {
    gateway = await VpsGateway.install(PORT);
    await gateway.start();
    const token = (await gateway.ok(["token", "new"])).trim();
    const asks = client({ token });
    await gateway.ok(["devices", "approve", (await asks.refusal()).details.requestId]);
    await asks.hello();
    await asks.stop();
  }, BASE_MS);
  afterAll(() => gateway?.close());
  beforeEach(() => gateway.start());
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((made) => made.stop()));
  });

  test("the unit is active only when connects are accepted", async () => {
    await gateway.ok(["gateway", "stop"]);
    const squatter = createServer((_request, response) => response.writeHead(503).end());
    await new Promise<void>((resolve) => squatter.listen(PORT, "127.0.0.1", resolve));
    try {
      expect((await gateway.systemctl("start")).code).not.toBe(0);
      expect(await gateway.property("ActiveState")).toBe("activating");
      expect(await gateway.vps.journal(UNIT)).toContain("LISTEN_FAILED");
    } finally {
      await new Promise((resolve) => squatter.close(resolve));
    }
    // Nobody has to do anything once the port is free again.
    await until(
      async () => (await gateway.property("ActiveState")) === "active",
      "the unit to be active",
    );
    expect(await gateway.accepts()).toBe(true);
    expect(await gateway.property("StatusText")).toBe(
      `0 operators, 0 nodes, nobody waits for approval; listening on http://127.0.0.1:${PORT}`,
    );
    await gateway.ok(["gateway", "stop"]);
    await gateway.start();
    expect(await gateway.accepts()).toBe(true);
  });

  test("root is told what runs, under whom, and where", async () => {
    const said = await gateway.ok(["gateway", "status"]);
    expect(said).toContain(`by systemd (${UNIT}), process ${await gateway.mainPid()}.`);
    expect(said).toContain(`Listens on   http://127.0.0.1:${PORT}`);
    expect(said).toContain(`State        ${STATE}`);
    expect(await gateway.json(["gateway", "status"])).toMatchObject({
      running: true,
      supervisor: "systemd",
      unit: UNIT,
      adminSocket: "/run/openclaw-gateway/admin/admin.sock",
    });
  });

  test("a restart goes through systemd, says how long it took, and keeps every device", async () => {
    const connected = client();
    await connected.hello();
    const [pid, before] = [await gateway.mainPid(), await names()];
    const invocation = await gateway.property("InvocationID");
    const said = await gateway.ok(["gateway", "restart"]);
    expect(await gateway.accepts()).toBe(true);
    const took = /^The gateway accepts connections again after (\d+ ms|\d\.\d s), on (\S+)\.$/m;
    const [, time, where] = took.exec(said) ?? [said];
    expect(where).toBe(`http://127.0.0.1:${PORT}`);
    expect(await gateway.mainPid()).not.toBe(pid);
    expect(await gateway.property("InvocationID")).not.toBe(invocation);
    expect(await gateway.property("NRestarts")).toBe("0");
    const second = await connected.hello(2);
    expect(second.auth.deviceToken).toBe(device.token());
    expect(connected.closes[0]).toMatchObject({ code: 1012, reason: "service restart" });
    expect(await names()).toEqual(before);
    console.log(`restart through systemd: ${time} until connects were accepted`);
  });

  test("killed without warning, it is back by itself and knows its devices", async () => {
    const [pid, before] = [await gateway.mainPid(), await names()];
    await gateway.vps.ok(["kill", "-KILL", String(pid)]);
    await until(async () => {
      const now = await gateway.mainPid();
      return now !== pid && (await gateway.property("ActiveState")) === "active";
    }, "another main process");
    expect(await gateway.accepts()).toBe(true);
    expect(await gateway.property("NRestarts")).toBe("1");
    expect(await names()).toEqual(before);
    const connected = client();
    expect((await connected.hello()).auth.deviceToken).toBe(device.token());
  });

  test("stopped, its devices are listed and renamed under the lock, as the state's owner", async () => {
    expect(await gateway.ok(["gateway", "stop"])).toMatch(/^The gateway stopped after \d+ ms\./);
    expect(await gateway.property("ActiveState")).toBe("inactive");
    expect(await gateway.accepts()).toBe(false);
    const status = await gateway.cli(["gateway", "status"]);
    expect([status.code, status.stderr]).toEqual([
      3,
      expect.stringContaining("next: systemctl start openclaw-gateway"),
    ]);

    const listed = await gateway.cli(["devices", "list"]);
    expect(listed.stdout).toContain(device.deviceId.slice(0, 12));
    expect(listed.stderr).toContain("The gateway is not running: this acts on its state.");
    await gateway.ok(["devices", "rename", device.deviceId, "Anns laptop"]);
    const owner = await stat(gateway.vps.path(STATE));
    expect(owner.uid).not.toBe(0);
    for (const name of await readdir(gateway.vps.path(STATE))) {
      const { uid, gid, mode } = await stat(gateway.vps.path(`${STATE}/${name}`));
      expect([name, uid, gid, mode & 0o077]).toEqual([name, owner.uid, owner.gid, 0]);
    }

    await gateway.start();
    expect(await names()).toEqual(["Anns laptop"]);
    // Who cannot find the running gateway's socket is stopped by its lock.
    const env = { OPENCLAW_ADMIN_SOCKET: "/nowhere/admin.sock" };
    const locked = await gateway.cli(["devices", "list"], { env });
    expect(locked.code).toBe(6);
    expect(locked.stderr).toContain(`held by process ${await gateway.mainPid()}, version`);
  });

  test("a user without rights reads exactly what to type", async () => {
    const pid = await gateway.mainPid();
    const typed = async (user: string, ...args: string[]) => {
      const { code, stderr } = await gateway.cli(args, { user });
      return [code, /^ {2}next: (.*)$/m.exec(stderr)?.[1]];
    };
    for (const words of [
      "gateway restart",
      "gateway stop",
      "devices list",
      "devices approve 7F3K",
    ]) {
      expect(await typed("ann", ...words.split(" "))).toEqual([3, `sudo openclaw ${words}`]);
    }
    expect(await typed("ann")).toEqual([3, "sudo openclaw"]);
    expect(await typed("ann", "config", "set", "gateway.token", "secret")).toEqual([
      3,
      "sudo openclaw config set gateway.token …",
    ]);
    // The service's own user may use the socket, but systemd does not listen to it.
    for (const verb of ["restart", "stop"]) {
      expect(await typed("openclaw-gateway", "gateway", verb)).toEqual([
        1,
        `sudo systemctl ${verb} openclaw-gateway`,
      ]);
    }
    expect(await gateway.mainPid()).toBe(pid);
    await gateway.ok(["gateway", "stop"]);
    expect(await typed("ann", "devices", "list")).toEqual([3, "sudo openclaw devices list"]);
  });

  test("with a bad configuration it ends with 78 and is not started again and again", async () => {
    const pid = await gateway.mainPid();
    const file = CONFIG;
    const write = (text: string) => gateway.vps.ok(["tee", file], { input: text });
    const good = await gateway.vps.ok(["cat", file]);
    try {
      await write('{ "gateway": { "port": "many" } }\n');
      // A gateway that runs is not ended for it.
      const refused = await gateway.cli(["gateway", "restart"]);
      expect(refused.code).toBe(78);
      expect(refused.stderr).toContain(`${file}:1:`);
      expect(refused.stderr).toContain("next: openclaw config validate");
      expect(await gateway.mainPid()).toBe(pid);

      expect((await gateway.systemctl("restart")).code).not.toBe(0);
      expect(await gateway.property("ActiveState")).toBe("failed");
      expect(await gateway.property("ExecMainStatus")).toBe("78");
      expect(await gateway.property("NRestarts")).toBe("0");
      expect((await gateway.cli(["config", "validate"])).code).toBe(78);
    } finally {
      await write(good);
    }
    expect(await gateway.ok(["gateway", "restart"])).toMatch(/again after .+, on http/);
    expect(await names()).toEqual(["Anns laptop"]);
  });

  test("a log that is followed has the last lines, why a start failed, and the next start", async () => {
    const shown = "/root/followed";
    const line = `exec openclaw logs --follow --json >${shown} 2>&1`;
    const follow = ["systemd-run", "-q", "--unit=follow", "bash", "-c", line];
    const messages = async () =>
      (await gateway.vps.ok(["cat", shown])).split("\n").map((text) => {
        return text.startsWith("{") ? String(JSON.parse(text).message) : text;
      });
    const ready = async () => (await messages()).filter((text) => text === "gateway ready").length;
    await gateway.vps.ok(["tee", shown], { input: "" });
    await gateway.vps.ok(follow);
    const good = await gateway.vps.ok(["cat", CONFIG]);
    await until(async () => (await ready()) > 0, "the first lines");
    const before = await ready();
    try {
      await gateway.vps.ok(["systemctl", "stop", UNIT]);
      await gateway.vps.ok(["tee", CONFIG], { input: '{ "gateway": { "port": "many" } }' });
      expect((await gateway.systemctl("start")).code).not.toBe(0);
      await until(
        async () => (await messages()).some((text) => text.includes("status=78/CONFIG")),
        "systemd's words about the start",
      );
      await gateway.vps.ok(["tee", CONFIG], { input: good });
      await gateway.start();
      await until(async () => (await ready()) === before + 1, "the next start");
      const all = await messages();
      expect(all.filter((text) => text === "stopping")).toHaveLength(1);
      const [stopping, fatal, back] = [
        all.indexOf("stopping"),
        all.findIndex((text) => text.includes("gateway.port")),
        all.lastIndexOf("gateway ready"),
      ];
      expect([stopping > 0, fatal > stopping, back > fatal], all.join("\n")).toEqual([
        true,
        true,
        true,
      ]);
      expect(all).toContain(
        "the gateway went away; waiting for it; meanwhile from journald, unit openclaw-gateway:",
      );
    } finally {
      await gateway.vps.ok(["tee", CONFIG], { input: good });
      await gateway.vps.exec(["systemctl", "stop", "follow"]);
    }
  });

  test("an event loop that hangs is noticed by the watchdog, and the gateway started anew", async () => {
    const dropIn = `/run/systemd/system/${UNIT}.d`;
    await gateway.vps.ok(["mkdir", "-p", dropIn]);
    await gateway.vps.ok(["tee", `${dropIn}/soon.conf`], { input: "[Service]\nWatchdogSec=6s\n" });
    await gateway.vps.ok(["systemctl", "daemon-reload"]);
    await gateway.vps.ok(["systemctl", "restart", UNIT]);
    const [pid, before] = [await gateway.mainPid(), await names()];
    // It is fed while all is well, again and again.
    const fed = new Set<string>();
    await until(async () => {
      await pause(200);
      return fed.add(await gateway.property("WatchdogTimestampMonotonic")).size > 2;
    }, "the watchdog to be fed");
    expect([await gateway.mainPid(), await gateway.property("NRestarts")]).toEqual([pid, "0"]);
    // Stopped, it does not turn its event loop and answers nobody, exactly as if it hung.
    await gateway.vps.ok(["kill", "-STOP", String(pid)]);
    await until(async () => {
      const now = await gateway.mainPid();
      return now !== 0 && now !== pid && (await gateway.property("ActiveState")) === "active";
    }, "another main process");
    expect(await gateway.vps.journal(UNIT)).toContain("Watchdog timeout");
    expect(await names()).toEqual(before);
    await gateway.vps.ok(["rm", "-r", dropIn]);
    await gateway.vps.ok(["systemctl", "daemon-reload"]);
    await gateway.vps.ok(["systemctl", "restart", UNIT]);
  });

  test("its sockets let in one group each: owners here, the proxy there", async () => {
    const { vps } = gateway;
    const list = ["devices", "list"];
    expect((await gateway.cli(list, { user: "ann" })).code).toBe(3);
    await vps.ok(["usermod", "--append", "--groups", "openclaw", "ann"]);
    expect((await gateway.cli(list, { user: "ann" })).code).toBe(0);
    await vps.ok(["gpasswd", "--delete", "ann", "openclaw"]);

    const socket = "/run/openclaw-gateway/public/gateway.sock";
    await gateway.ok(["config", "set", "gateway.socket", socket]);
    await gateway.ok(["config", "set", "gateway.bind", "none"]);
    await gateway.ok(["gateway", "restart"]);
    const program = `
      require("node:http").get({ socketPath: "${socket}", path: "/healthz" }, (answer) => {
        answer.pipe(process.stdout);
      });`;
    const asks = ["node", "-e", program];
    expect(JSON.parse(await vps.ok(asks, { user: "www-data" }))).toMatchObject({ ok: true });
    expect((await vps.exec(asks, { user: "ann" })).code).not.toBe(0);
    expect(await gateway.accepts()).toBe(false);
    expect(await gateway.property("StatusText")).toContain(`listening on unix:${socket}`);
    expect((await gateway.cli(["config", "unset", "gateway.socket"])).code).not.toBe(0);
    await gateway.ok(["config", "unset", "gateway.bind"]);
    await gateway.ok(["config", "unset", "gateway.socket"]);
    await gateway.ok(["gateway", "restart"]);
    expect(await gateway.accepts()).toBe(true);
  });

  test("the unit is understood by systemd and is exposed no more than 1.5", async () => {
    const verified = await gateway.vps.exec(["systemd-analyze", "verify", UNIT]);
    expect(verified).toEqual({ code: 0, stdout: "", stderr: "" });
    const security = ["systemd-analyze", "security", "--no-pager", "--threshold=15", UNIT];
    const { code, stdout } = await gateway.vps.exec(security);
    expect([code, stdout.trim().split("\n").at(-1)]).toEqual([
      0,
      expect.stringContaining("exposure"),
    ]);
  });
});
