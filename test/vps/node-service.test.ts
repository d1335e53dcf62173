import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "../kit/until.ts";
import { BASE_MS, whyNoVps } from "../kit/vps-base.ts";
import { VpsGateway } from "../kit/vps-gateway.ts";
import { ServiceCures } from "./support/service-cures.ts";

const PORT = 29_431;
const UNIT = "openclaw-node.service";

const reason = whyNoVps();
if (reason) console.log(`The tests of the node's service are skipped: ${reason}.`);

let gateway: VpsGateway;

async function link(): Promise<string> {
  const [url = ""] = (await gateway.ok(["devices", "invite", "--role", "node"])).split("\n");
  return url;
}

async function runs(command: readonly string[]): Promise<{ stdout: string } | undefined> {
  const params = JSON.stringify({ command });
  const args = ["nodes", "invoke", "attic", "system.run", "--params", params];
  const { code, stdout } = await gateway.cli(args);
  return code === 0 ? JSON.parse(stdout) : undefined;
}

const which = ["--params", '{"bins":["df"]}'];

/** A node in a terminal, so to say, with a copy of the service's key. */
async function byHand(...words: string[]): Promise<void> {
  const own = ["--setenv=OPENCLAW_NODE_DIR=/root/other", "--setenv=HOME=/root"];
  const run = ["systemd-run", "--quiet", "--collect", "--unit=by-hand", ...own];
  await gateway.vps.ok([...run, "openclaw", "connect", gateway.url, ...words]);
}

describe.skipIf(reason !== undefined)("a node as a service", () => {
  beforeAll(async () => {
    gateway = await VpsGateway.install(PORT);
    await gateway.start();
  }, BASE_MS);
  afterAll(() => gateway?.close());

  test("is shown first, and only root and a person who says so get it done", async () => {
    const args = ["connect", gateway.url, "--install-service"];
    const ann = await gateway.cli(args, { user: "ann" });
    expect(ann.code).toBe(1);
    expect(ann.stdout).toContain("ExecStart=");
    expect(ann.stderr).toContain(`next: sudo openclaw connect ${gateway.url} --install-service\n`);
    const root = await gateway.cli(args);
    expect(root.code).toBe(1);
    expect(root.stderr).toContain("--yes");
    expect((await gateway.vps.exec(["test", "-e", `/etc/systemd/system/${UNIT}`])).code).toBe(1);
  });

  test("pairs by the link, keeps no secret of it, and runs what root lists", async () => {
    const url = await link();
    const said = await gateway.ok(["connect", url, "--install-service", "--yes"]);
    expect(said).toContain("Connected to ");
    const secret = url.split("#invite=")[1] ?? "";
    const found = await gateway.vps.exec(["grep", "-rl", secret, "/etc", "/var/lib/openclaw-node"]);
    expect(found.stdout).toBe("");
    expect(await gateway.vps.property(UNIT, "ActiveState")).toBe("active");
    const { nodes } = await gateway.json(["nodes", "list"]);
    await gateway.ok(["nodes", "rename", nodes[0].nodeId, "attic"]);
    expect(await runs(["id", "-un"])).toBeUndefined();
    const add = "echo 'id -un' >>/etc/openclaw-node/allow && systemctl restart openclaw-node";
    await gateway.vps.ok(["sh", "-c", add]);
    const code = await until(async () => {
      const { pending } = await gateway.json(["nodes", "pending"]);
      return pending[0]?.requestId;
    }, "the node to offer more");
    await gateway.ok(["nodes", "approve", code]);
    const ran = await until(() => runs(["id", "-un"]), "the node to run it");
    expect(ran.stdout).toBe("openclaw-node\n");
  });

  test("a link that the service's user planted in its folder gives away nothing of root's", async () => {
    const { vps } = gateway;
    const [mine, key] = ["/etc/root-only.json", "/var/lib/openclaw-node/identity.json"];
    await vps.ok(["sh", "-c", `echo '{}' >${mine}; chmod 600 ${mine}; mv ${key} ${key}.kept`]);
    await vps.ok(["ln", "-s", mine, key]);
    const tried = await gateway.cli(["connect", await link(), "--install-service", "--yes"]);
    expect(tried.code).not.toBe(0);
    expect(await vps.ok(["stat", "-c", "%a %U", mine])).toBe("600 root\n");
    expect(await vps.ok(["cat", mine])).toBe("{}\n");
    await vps.ok(["sh", "-c", `rm ${key}; mv ${key}.kept ${key}; systemctl restart ${UNIT}`]);
    await until(() => runs(["id", "-un"]), "the node to be back");
  });

  test("is back after a kill -9 of it, and ends cleanly", async () => {
    const pid = await gateway.vps.property(UNIT, "MainPID");
    await gateway.vps.ok(["kill", "-9", pid]);
    await until(() => runs(["id", "-un"]), "the node to be back");
    await gateway.vps.ok(["systemctl", "stop", UNIT]);
    expect(await gateway.vps.property(UNIT, "Result")).toBe("success");
    const modes = await gateway.vps.ok([
      "stat",
      "-c",
      "%a %U",
      "/var/lib/openclaw-node/identity.json",
    ]);
    expect(modes).toBe("600 openclaw-node\n");
  });

  describe("what people are told to type helps", () => {
    let cures: ServiceCures;
    beforeAll(() => {
      cures = new ServiceCures(gateway);
    });

    test("the node, as a service", () => cures.nodeAsService());
    test("the node, without systemd", () => cures.nodeWithoutSystemd());
    test("the gateway, stopped", () => cures.stopped());
    test("the gateway, where systemd refuses", () => cures.systemdRefuses());
    test("a journal that may not be read", () => cures.journalThatIsNotRead());
    test("an audit that somebody changed", () => cures.changedAudit());
  });

  test("that is away is started again, as the refusal says", async () => {
    await gateway.vps.ok(["systemctl", "stop", "openclaw-node"]);
    const asks = () => gateway.cli(["nodes", "invoke", "attic", "system.which", ...which]);
    const refused = async () => [await asks()].find(({ code }) => code !== 0);
    const away = await until(refused, "the node to be away");
    expect(away.stderr).toContain("sudo systemctl start openclaw-node");
    await gateway.vps.ok(["systemctl", "start", "openclaw-node"]);
    await until(() => runs(["id", "-un"]), "the node to be back");
  });

  test("whose key is used twice is stopped, or gets a key of its own, as the list says", async () => {
    const { vps } = gateway;
    const list = () => gateway.ok(["nodes", "list"]);
    await vps.ok(["cp", "-r", "/var/lib/openclaw-node", "/root/other"]);
    await vps.ok(["chown", "-R", "root:root", "/root/other"]);
    await byHand();
    const twice = await until(async () => /two programs.*\n.*/.exec(await list())?.[0], "two");
    expect(twice).toContain("sudo systemctl stop openclaw-node");
    await vps.ok(["systemctl", "stop", "openclaw-node"]);
    await until(async () => !(await list()).includes("two programs"), "one of them alone");

    await vps.ok(["systemctl", "stop", "by-hand"]);
    await byHand("--name", "original");
    await vps.ok(["systemctl", "start", "openclaw-node"]);
    const copied = await until(async () => /two machines.*\n.*/.exec(await list())?.[0], "a copy");
    expect(copied).toContain("sudo openclaw connect - --new-key --install-service");
    await gateway.ok(["connect", "-", "--new-key", "--install-service", "--yes"], {
      input: `${await link()}\n`,
    });
    await until(async () => !(await list()).includes("two machines"), "a key of its own");
    const { nodes } = await gateway.json(["nodes", "list"]);
    expect(nodes.filter(({ connected }: { connected: boolean }) => connected)).toHaveLength(2);
    await vps.ok(["systemctl", "stop", "by-hand"]);
  });
});
