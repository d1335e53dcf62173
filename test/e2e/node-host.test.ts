import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { AdminLink } from "../../src/cli/reach/admin-link.ts";
import { HostMachine } from "../kit/node-host.ts";
import { GatewayProcess } from "../kit/process.ts";
import { TlsFront } from "../kit/tls.ts";
import { until } from "../kit/until.ts";

let gateway: GatewayProcess;
const machines: HostMachine[] = [];
beforeAll(async () => {
  gateway = await GatewayProcess.start({ token: null });
});
afterAll(() => gateway?.close());
afterEach(async () => {
  for (const machine of machines.splice(0)) await machine.close();
});

async function machine(allow: readonly string[] = []): Promise<HostMachine> {
  const made = await HostMachine.make(allow);
  machines.push(made);
  return made;
}

async function link(): Promise<string> {
  const [url = ""] = (await gateway.ok(["devices", "invite", "--role", "node"])).split("\n");
  return url;
}

const APPROVES = /nodes approve ([0-9A-Z]{4}-[0-9A-Z]{4})/;

/** A machine that is connected and answers. */
async function joined(name: string, allow: readonly string[] = []): Promise<HostMachine> {
  const made = await machine(allow);
  made.connect(await link(), ["--name", name]);
  await made.says(/Connected to /);
  const said = await made.says(/nodes approve [0-9A-Z-]{9}|answers now/);
  const code = APPROVES.exec(said[0])?.[1];
  if (code !== undefined) await gateway.ok(["nodes", "approve", code]);
  await made.says(/answers now/);
  return made;
}

function invoke(node: string, command: string, params: object = {}) {
  return gateway.cli(["nodes", "invoke", node, command, "--params", JSON.stringify(params)]);
}

/** Invokes until the node is there again. */
async function answersAgain(node: string): Promise<void> {
  await until(async () => {
    const { code } = await invoke(node, "system.which", { bins: ["sh"] });
    return code === 0;
  }, `${node} to answer again`);
}

describe("a machine that asks", () => {
  test("shows its code, comes in by itself, has its commands approved, and answers", async () => {
    const host = await machine(["printf ..."]);
    host.connect(gateway.url, ["--name", "asker"]);
    const [, code = ""] = await host.says(/devices approve ([0-9A-Z]{4}-[0-9A-Z]{4})/);
    await gateway.ok(["devices", "approve", code]);
    const [, commandsCode = ""] = await host.says(APPROVES);
    const before = await invoke("asker", "system.which", { bins: ["sh"] });
    expect(before.code).not.toBe(0);
    await gateway.ok(["nodes", "approve", commandsCode.toLowerCase()]);
    await host.says(/answers now/);
    const ran = await invoke("asker", "system.run", { command: ["printf", "%s", "$HOME;x"] });
    expect(JSON.parse(ran.stdout)).toMatchObject({ exitCode: 0, stdout: "$HOME;x" });
    const refused = await invoke("asker", "system.run", { command: ["id"] });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(`add this line to ${join(host.folder, "allow")}: id`);
    const [described] = [await gateway.ok(["nodes", "describe", "asker"])];
    expect(described).toMatch(/load .* memory .* disk /);
    host.signal("SIGTERM");
    expect(await host.end()).toBe(0);
    for (const name of ["identity.json", "tokens.json"]) {
      expect((await stat(join(host.folder, name))).mode & 0o777).toBe(0o600);
    }
    expect(host.output).not.toContain("trying again");
  });

  test("goes away when it is turned down, with a code of its own for that", async () => {
    const host = await machine();
    host.connect(gateway.url, ["--name", "stranger"]);
    const [, code = ""] = await host.says(/devices approve ([0-9A-Z]{4}-[0-9A-Z]{4})/);
    await gateway.ok(["devices", "reject", code]);
    expect(await host.end()).toBe(4);
    expect(host.output).toContain(`the request ${code} was turned down`);
  });
});

describe("a machine with a link", () => {
  test("is paired at once, and the same link brings it back", async () => {
    const host = await machine();
    const url = await link();
    host.connect(url, ["--name", "linked"]);
    await host.says(/Connected to /);
    expect(host.output).toContain("Offers system.notify, system.which\n");
    expect(host.output).not.toContain(url.split("#invite=")[1]);
    host.signal("SIGTERM");
    expect(await host.end()).toBe(0);
    const from = host.output.length;
    host.connect(url, ["--name", "linked"]);
    await host.says(/Connected to /, from);
  });

  test("of another role is told so", async () => {
    const host = await machine();
    const [url = ""] = (await gateway.ok(["devices", "invite"])).split("\n");
    host.connect(url);
    expect(await host.end()).not.toBe(0);
    expect(host.output).toMatch(/--role node/);
  });

  test("that was used by another machine does not get in", async () => {
    const url = await link();
    const [first, second] = [await machine(), await machine()];
    first.connect(url);
    await first.says(/Connected to /);
    second.connect(url);
    expect(await second.end()).toBe(4);
    expect(second.output).toMatch(/next: on the gateway host: openclaw devices invite/);
  });
});

describe("a machine with a setup code", () => {
  const args = ["devices", "invite", "--setup-code", "--access", "node"];
  const address = () => ["--public-url", gateway.url.replace("ws", "http")];
  type Made = { setupId: string; setupCode: string };

  test.each(["", "oc-pair://"])(
    "typed with %j before it is paired, and its code is used",
    async (scheme) => {
      const { setupId, setupCode } = await gateway.json<Made>([...args, ...address()]);
      const host = await machine();
      host.connect(`${scheme}${setupCode}`, ["--name", "coded"]);
      await host.says(/Connected to /);
      expect(host.output).not.toContain(setupCode);
      const status = { setupId };
      const owner = await AdminLink.open(gateway.adminSocket);
      const answer = await owner.request("device.pair.setupStatus", status);
      expect(answer).toMatchObject({
        completion: { setupId, deviceName: "coded", access: "node" },
      });
      await owner.close();
      const other = await machine();
      other.connect(`${scheme}${setupCode}`);
      expect(await other.end()).toBe(4);
    },
  );

  test("fetches it once from a join address, and comes back by the gateway's own", async () => {
    const owner = await AdminLink.open(gateway.adminSocket);
    const publicUrl = gateway.url.replace("ws", "http");
    const params = { publicUrl, joinUrl: true, includeQr: false };
    const made = (await owner.request("device.pair.setupCode", params)) as { joinUrl: string };
    await owner.close();
    const host = await machine();
    host.connect(made.joinUrl, ["--name", "fetched"]);
    await host.says(/Connected to /);
    host.signal("SIGTERM");
    expect(await host.end()).toBe(0);
    const from = host.output.length;
    host.connect(made.joinUrl);
    expect(await host.end()).toBe(4);
    expect(host.output.slice(from)).toContain("was used already");
    host.connect(gateway.url);
    await host.says(/Connected to /, from);
  });
});

describe("a machine that is connected", () => {
  test("comes back after a restart and after kill -9, of either side", async () => {
    const host = await joined("durable");
    await answersAgain("durable");
    await gateway.ok(["gateway", "restart"]);
    await answersAgain("durable");
    await gateway.kill();
    await gateway.start();
    await answersAgain("durable");
    host.signal("SIGKILL");
    await host.end();
    const gone = await invoke("durable", "system.which", { bins: ["sh"] });
    expect(gone.stderr).toMatch(/“durable” is not connected\n {2}next: .*nodes describe /);
    host.connect(gateway.url, ["--name", "durable"]);
    await answersAgain("durable");
  });

  test("answers ten thousand invokes from fifty callers, each once, without growing", async () => {
    const host = await joined("busy", ["sleep *"]);
    const { nodes } = await gateway.json<{ nodes: { nodeId: string; displayName: string }[] }>([
      "nodes",
      "list",
    ]);
    const nodeId = nodes.find(({ displayName }) => displayName === "busy")?.nodeId ?? "";
    // A key for each: what is asked again under one is answered from what is kept.
    const round = async (name: string, callers: number, each: number) => {
      const lanes = Array.from({ length: callers }, async (_, lane) => {
        const link = await AdminLink.open(gateway.adminSocket);
        let right = 0;
        for (let i = 0; i < each; i += 1) {
          const idempotencyKey = `${name}-${lane}-${i}`;
          const params = { bins: ["sh", `absent-${idempotencyKey}`] };
          const ask = { nodeId, command: "system.which", params, idempotencyKey };
          const answer = await link.request("node.invoke", ask);
          const { bins } = (answer as { payload: { bins: object } }).payload;
          right += Object.keys(bins).join() === "sh" ? 1 : 0;
        }
        await link.close();
        return right;
      });
      return (await Promise.all(lanes)).reduce((sum, right) => sum + right, 0);
    };
    // Its memory is what a machine under this load takes only once it was under it for a while.
    expect(await round("first", 50, 100)).toBe(5000);
    const before = await host.memoryBytes();
    expect(await round("second", 50, 100)).toBe(5000);
    expect((await host.memoryBytes()) - before).toBeLessThan(32 * 1024 * 1024);
  });

  test("ends what runs when its caller gives up, and when it is stopped itself", async () => {
    const host = await joined("sleeper", ["sleep *"]);
    const command = ["sleep", "297"];
    const slow = await gateway.cli([
      ...["nodes", "invoke", "sleeper", "system.run", "--timeout", "1500"],
      ...["--params", JSON.stringify({ command, timeoutMs: 600_000 })],
    ]);
    expect(JSON.parse(slow.stdout)).toMatchObject({ timedOut: true, success: false });
    const running = invoke("sleeper", "system.run", { command });
    await host.says(/runs sleep 297\n[\s\S]*runs sleep 297/);
    host.signal("SIGTERM");
    expect(await host.end()).toBe(0);
    expect((await running).code).toBe(1);
  });

  test("that is removed asks to be paired again", async () => {
    const host = await joined("removed");
    const { nodes } = await gateway.json<{ nodes: { nodeId: string; displayName: string }[] }>([
      "nodes",
      "list",
    ]);
    const id = nodes.find(({ displayName }) => displayName === "removed")?.nodeId ?? "";
    await gateway.ok(["nodes", "remove", id]);
    await host.says(/devices approve [0-9A-Z]{4}-[0-9A-Z]{4}/);
  });
});

describe("over TLS with a certificate that nobody vouches for", () => {
  let front: TlsFront;
  beforeAll(async () => {
    front = await TlsFront.open(gateway.port);
  });
  afterAll(() => front?.close());

  const wrong = "00".repeat(32);

  test("the node host gets in by the fingerprint alone", async () => {
    const pinned = await machine();
    const secret = new URL(await link()).hash;
    pinned.connect(`${front.url}/${secret}`, ["--tls-fingerprint", front.fingerprint]);
    await pinned.says(/Connected to localhost/);
    for (const args of [[], ["--tls-fingerprint", wrong]]) {
      const host = await machine();
      host.connect(front.url, args);
      const [said] = await host.says(/no connection to localhost[\s\S]*next: .*/);
      expect(said).toMatch(args.length === 0 ? /add --tls-fingerprint/ : /fingerprint mismatch/);
      expect(host.output).not.toContain("approve");
    }
  });

  test("a setup code brings the fingerprint along, and a wrong one lets nobody in", async () => {
    const publicUrl = front.url.replace("wss", "https");
    const code = async (pin: string) => {
      const args = ["devices", "invite", "--setup-code", "--access", "node", "--pin", pin];
      return (await gateway.ok([...args, "--public-url", publicUrl])).trim();
    };
    const host = await machine();
    host.connect(await code(front.fingerprint));
    await host.says(/Connected to localhost/);
    const other = await machine();
    other.connect(await code(wrong));
    await other.says(/fingerprint mismatch/);
  });

  test("so does the command line", async () => {
    const [, token = ""] = /^(\S+)$/m.exec(await gateway.ok(["token", "new"])) ?? [];
    const run = (...pin: string[]) =>
      gateway.cli(["--url", front.url, ...pin, "--token", "-", "health"], { input: token });
    const none = await run();
    expect(none.code).toBe(3);
    expect(none.stderr).toContain("add --tls-fingerprint");
    const mismatch = await run("--tls-fingerprint", wrong);
    expect(mismatch.code).toBe(3);
    expect(mismatch.stderr).toContain("fingerprint mismatch");
    const right = await run("--tls-fingerprint", front.fingerprint);
    expect(right.stderr).toContain("devices approve");
    const [, code = ""] = /devices approve (\S+)/.exec(right.stderr) ?? [];
    await gateway.ok(["devices", "approve", code]);
    const plain = front.fingerprint.replaceAll(":", "").toLowerCase();
    expect((await run("--tls-fingerprint", plain)).code).toBe(0);
  });
});

describe("the secret of a link in the list of processes", () => {
  const secretOf = (url: string) => url.slice(url.indexOf("=") + 1);

  test("is never there with - and a file", async () => {
    for (const way of ["-", "--link-file"]) {
      const host = await machine();
      const url = await link();
      const file = join(host.folder, "link.txt");
      await writeFile(file, `${url}\n`, { mode: 0o600 });
      if (way === "-") host.connect("-", [], `${url}\n`);
      else host.connect("--link-file", [file]);
      let seen = "";
      const look = async () => {
        seen += await host.commandLine();
        return host.output.includes("Connected to ");
      };
      await until(look, () => `Connected in: ${host.output}`);
      expect(seen).toContain("connect");
      expect(seen).not.toContain(secretOf(url));
      expect(host.output).not.toContain("process lists");
    }
  });

  test("as a word of the command line it is warned about, and gone once it was read", async () => {
    const host = await machine();
    const url = await link();
    host.connect(url);
    await host.says(/better: .*connect -/);
    await host.says(/Connected to /);
    expect(await host.commandLine()).not.toContain(secretOf(url));
  });
});
