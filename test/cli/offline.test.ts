import { chownSync, lstatSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { makeDevice, RawClient } from "../kit/client.ts";
import { GatewayProcess, PROCESS_TOKEN } from "../kit/process.ts";

const NOBODY = 65_534;
const gateways: GatewayProcess[] = [];
const folders: string[] = [];
afterEach(async () => {
  await Promise.all(gateways.splice(0).map((gateway) => gateway.close()));
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

async function prepare(env: Record<string, string> = {}): Promise<GatewayProcess> {
  const home = mkdtempSync(join(tmpdir(), "openclaw-home-"));
  folders.push(home);
  const gateway = await GatewayProcess.prepare({ env: { HOME: home, ...env } });
  gateways.push(gateway);
  return gateway;
}

/** A command line elsewhere: by URL, with the shared token on standard input. */
function remote(gateway: GatewayProcess, words: string) {
  const args = [...words.split(" "), "--url", gateway.url, "--token", "-"];
  return gateway.cli(args, { input: `${PROCESS_TOKEN}\n` });
}

const ADMIN = "operator.admin";

/** A device with full control that came in by a link. */
async function invited(gateway: GatewayProcess) {
  const { url } = await gateway.json<{ url: string }>(["devices", "invite", "--scopes", "owner"]);
  const device = makeDevice();
  const auth = { bootstrapToken: url.split("#invite=")[1] ?? "" };
  const client = await RawClient.open(gateway.url);
  const hello = await client.connect({ device, auth, scopes: [ADMIN] });
  client.close();
  return { device, deviceToken: String(hello.payload.auth.deviceToken) };
}

describe("with the gateway stopped", () => {
  test("each command says that it acts on the state itself, or that it needs the gateway", async () => {
    const gateway = await prepare();
    await gateway.start({ OPENCLAW_GATEWAY_TOKEN: PROCESS_TOKEN });
    await gateway.stop();
    const stopped = /^The gateway is not running: this acts on its state\. To start it: /;
    for (const words of ["devices list", "nodes list", "config get gateway.port", "ssh list"]) {
      const { code, stderr } = await gateway.cli(words.split(" "));
      expect([words, code, stderr]).toEqual([words, 0, expect.stringMatching(stopped)]);
      const { stderr: forScripts } = await gateway.cli([...words.split(" "), "--json"]);
      expect([words, forScripts]).toEqual([words, ""]);
    }
    for (const words of [
      "health",
      "status",
      "gateway stop",
      "gateway restart",
      "nodes invoke a b",
    ]) {
      const { code, stderr } = await gateway.cli(words.split(" "));
      const needs = /^openclaw: the gateway is not running\n {2}next: .*gateway run\n$/;
      expect([words, code, stderr]).toEqual([words, 3, expect.stringMatching(needs)]);
    }
  });

  test("devices are approved on the state itself, and let in at the next start", async () => {
    const gateway = await prepare();
    await gateway.start({ OPENCLAW_GATEWAY_TOKEN: PROCESS_TOKEN });
    const refused = await remote(gateway, "devices list");
    expect(refused.code).toBe(4);
    const [, code = ""] = /openclaw devices approve (\S+)/.exec(refused.stderr) ?? [];
    await gateway.stop();

    const { pending } = await gateway.json<{ pending: { requestId: string }[] }>([
      "devices",
      "list",
    ]);
    expect(pending.map(({ requestId }) => requestId)).toEqual([code]);
    const card = await gateway.ok(["devices", "show", code]);
    expect(card).toMatch(/Kind {6}command line, linux\n/);
    expect(card).toContain(
      `Gateway   ${gateway.run.log.find((line) => "fingerprint" in line)?.["fingerprint"]}\n`,
    );
    const said = await gateway.ok(["devices", "approve", ...code.toLowerCase().split("-")]);
    expect(said).toContain("It gets in once the gateway runs");

    await gateway.start();
    expect((await remote(gateway, "devices list")).code).toBe(0);
  });

  test("all devices but one are revoked on the state itself, and stay out at the next start", async () => {
    const gateway = await prepare();
    await gateway.start({ OPENCLAW_GATEWAY_TOKEN: PROCESS_TOKEN });
    const made = await Promise.all([1, 2].map(() => invited(gateway)));
    const [phone, other] = made;
    if (!phone || !other) throw new Error("nobody was paired");
    await gateway.ok(["devices", "invite"]);
    await gateway.stop();

    const revokeAll = ["devices", "revoke-all", "--except", phone.device.deviceId];
    const unsure = await gateway.cli(revokeAll);
    expect([unsure.code, unsure.stderr]).toEqual([
      1,
      expect.stringContaining("it ends the tokens of 1 device, rejects 0 requests"),
    ]);
    const said = await gateway.ok([...revokeAll, "--yes"]);
    expect(said).toContain("Revoked 1 device: their tokens ended.");
    expect(said).toContain("revoked 1 link");
    expect(said).toContain(`(${phone.device.deviceId.slice(0, 12)}), operator: full control`);
    expect(said).toMatch(/token new --revoke-derived/);
    const nobody = await gateway.cli(["devices", "revoke-all", "--yes"]);
    expect([nobody.code, nobody.stderr]).toEqual([1, expect.stringContaining("--except")]);

    await gateway.start();
    const enter = async ({ device, deviceToken }: typeof phone) => {
      const client = await RawClient.open(gateway.url);
      const answer = await client.connect({ device, auth: { deviceToken }, scopes: [ADMIN] });
      client.close();
      return answer.ok;
    };
    expect([await enter(phone), await enter(other)]).toEqual([true, false]);
    expect(await gateway.ok(["audit", "verify"])).toContain("Every line follows");
  });

  test("the configuration can be written before the first start, with comments kept", async () => {
    const gateway = await prepare();
    const said = await gateway.ok(["config", "set", "gateway.name", "Haus"]);
    expect(said).toContain("In force when the gateway starts.");
    expect(await gateway.ok(["config", "get", "gateway.name"])).toBe("Haus\n");
    expect((await gateway.cli(["config", "set", "gateway.port", "many"])).code).toBe(78);
    expect(await gateway.ok(["token", "new"])).toMatch(/^\S{20,}\n$/);
  });

  test("nothing is made where there is no state to look at", async () => {
    const gateway = await prepare();
    const { code, stderr } = await gateway.cli(["devices", "list"]);
    expect(code).toBe(3);
    expect(stderr).toContain("holds no state");
    expect(readdirSync(gateway.stateDir)).toEqual([]);
  });

  test("a gateway that runs elsewhere on the same state is named, not disturbed", async () => {
    const gateway = await prepare({ OPENCLAW_ADMIN_SOCKET: "/nonexistent/a.sock" });
    await gateway.start({ OPENCLAW_ADMIN_SOCKET: join(gateway.stateDir, "admin.sock") });
    const { code, stderr } = await gateway.cli(["devices", "list"]);
    expect(code).toBe(6);
    expect(stderr).toContain(`held by process ${gateway.run.pid}`);
  });

  test.runIf(process.getuid?.() === 0)("root leaves nothing of its own behind", async () => {
    const gateway = await prepare();
    chownSync(gateway.stateDir, NOBODY, NOBODY);
    // An empty folder is no state yet; whoever owns it is still who will run the gateway.
    await gateway.ok(["config", "set", "gateway.name", "first"]);
    await gateway.ok(["config", "set", "gateway.name", "second"]);
    await gateway.ok(["token", "new"]);
    const names = readdirSync(gateway.stateDir);
    expect(names).toContain("openclaw.json");
    const owners = names.map((name) => lstatSync(join(gateway.stateDir, name)).uid);
    expect(new Set(owners)).toEqual(new Set([NOBODY]));
  });
});

describe("by URL", () => {
  test("is a device of its own: approved once, then known by its token", async () => {
    const gateway = await prepare();
    await gateway.start({ OPENCLAW_GATEWAY_TOKEN: PROCESS_TOKEN });
    const byUrl = (words: string) => gateway.cli([...words.split(" "), "--url", gateway.url]);

    const missing = await byUrl("devices list");
    expect([missing.code, missing.stderr]).toEqual([4, expect.stringContaining("add --token -")]);
    const asked = await remote(gateway, "devices list");
    const approve = /openclaw (devices approve \S+)/;
    const [, first = ""] = approve.exec(asked.stderr) ?? [];
    await gateway.ok(first.split(" "));
    expect((await remote(gateway, "devices list")).code).toBe(0);
    expect((await byUrl("devices list --json")).code).toBe(0);
    const folder = join(gateway.env["HOME"] ?? "", ".openclaw-gateway");
    expect(statSync(join(folder, "cli-identity.json")).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, "cli-tokens.json")).mode & 0o777).toBe(0o600);

    const more = await byUrl("devices invite");
    expect(more.code).toBe(4);
    const [, second = ""] = approve.exec(more.stderr) ?? [];
    await gateway.ok(second.split(" "));
    expect((await byUrl("devices invite")).stdout).toContain("#invite=");

    const { paired } = await gateway.json<{ paired: { deviceId: string }[] }>(["devices", "list"]);
    const revoke = ["devices", "revoke", paired[0]?.deviceId ?? ""];
    const refused = await gateway.cli(revoke);
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringMatching(
        /last way in .*\n {2}next: .*devices revoke \w+ --role operator --force/,
      ),
    ]);
    expect((await byUrl("devices list")).code).toBe(0);
    await gateway.ok([...revoke, "--force"]);
    expect((await byUrl("devices list")).code).toBe(4);
  });

  test("says where nobody answers, and what only the host may do", async () => {
    const gateway = await prepare();
    const nobody = await gateway.cli(["health", "--url", gateway.url]);
    expect(nobody.code).toBe(3);
    expect(nobody.stderr).toContain(`no connection to 127.0.0.1:${gateway.port}`);
    await gateway.start({ OPENCLAW_GATEWAY_TOKEN: PROCESS_TOKEN });
    const refused = await remote(gateway, "health");
    const [, approve = ""] = /openclaw (devices approve \S+)/.exec(refused.stderr) ?? [];
    await gateway.ok(approve.split(" "));
    expect((await remote(gateway, "health")).code).toBe(0);
    const hostOnly = await remote(gateway, "config set gateway.name x");
    expect([hostOnly.code, hostOnly.stdout]).toEqual([2, ""]);
    expect(hostOnly.stderr).toContain("on the gateway's own machine only");
  });
});

describe("restart and stop", () => {
  test("in the same process, then gone", async () => {
    const gateway = await prepare();
    await gateway.start();
    expect(await gateway.ok(["gateway", "restart"])).toMatch(
      /again after (\d+ ms|\d+\.\d s), on http/,
    );
    expect(await gateway.ok(["gateway", "stop"])).toContain("The gateway stopped after");
    expect(await gateway.run.end()).toBe(0);
    const { code, stderr } = await gateway.cli(["gateway", "status"]);
    expect(code).toBe(3);
    expect(stderr).toMatch(/next: node \S+index\.js gateway run/);
  });
});
