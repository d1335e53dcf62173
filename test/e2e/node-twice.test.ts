import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { HostMachine } from "../kit/node-host.ts";
import { GatewayProcess } from "../kit/process.ts";

let gateway: GatewayProcess;
const machines: HostMachine[] = [];
beforeAll(async () => {
  gateway = await GatewayProcess.start({ token: null });
});
afterAll(() => gateway?.close());
afterEach(async () => {
  for (const machine of machines.splice(0).reverse()) await machine.close();
});

/** A machine that came in by a link, as a service does. */
async function joined(name: string): Promise<HostMachine> {
  const host = await HostMachine.make(["sleep *", "printf ..."]);
  machines.push(host);
  const [url = ""] = (await gateway.ok(["devices", "invite", "--role", "node"])).split("\n");
  host.connect(url, ["--name", name]);
  await host.says(/answers now/);
  return host;
}

function besides(host: HostMachine, name: string, ...more: string[]): HostMachine {
  const other = host.beside();
  machines.push(other);
  other.connect(gateway.url, ["--name", name, ...more]);
  return other;
}

async function answers(node: string): Promise<void> {
  const params = JSON.stringify({ command: ["printf", "%s", "here"] });
  const ran = await gateway.ok(["nodes", "invoke", node, "system.run", "--params", params]);
  expect(JSON.parse(ran)).toMatchObject({ stdout: "here" });
}

test("a service and a hand-run connect: both stay, what runs goes on, and the service takes over again", async () => {
  const service = await joined("attic");
  const params = JSON.stringify({ command: ["sleep", "3"] });
  const slow = gateway.cli(["nodes", "invoke", "attic", "system.run", "--params", params]);
  await service.says(/runs sleep 3/);
  const byHand = besides(service, "attic");
  await byHand.says(/answers now/);
  await service.says(/this one stands by/);
  await answers("attic");
  expect(byHand.output).toContain("runs printf");
  const ran = await slow;
  expect(JSON.parse(ran.stdout)).toMatchObject({ exitCode: 0, success: true });
  const list = await gateway.ok(["nodes", "list"]);
  expect(list).toContain("(1 on standby)");
  expect(list).toContain("two programs use one node's key");
  const from = service.output.length;
  byHand.signal("SIGTERM");
  expect(await byHand.end()).toBe(0);
  await service.says(/answers now/, from);
  await answers("attic");
  expect(service.output.slice(from)).toContain("runs printf");
  expect(service.output).not.toContain("Connection lost");
  expect(await gateway.ok(["nodes", "list"])).not.toContain("standby");
});

test("a copy of a machine is named as that, until it has a key of its own", async () => {
  const first = await joined("original");
  const copy = besides(first, "copy");
  await copy.says(/answers now/);
  for (const words of [
    ["nodes", "list"],
    ["nodes", "describe", "copy"],
    ["devices", "list"],
  ]) {
    expect(await gateway.ok(words)).toMatch(/two machines use one node's key[\s\S]*--new-key/);
  }
  const { stdout } = await gateway.cli(["doctor"]);
  expect(stdout).toMatch(/“(copy|original)” and “(copy|original)” .*two machines/);
  copy.signal("SIGTERM");
  await copy.end();
  const [url = ""] = (await gateway.ok(["devices", "invite", "--role", "node"])).split("\n");
  const anew = first.beside();
  machines.push(anew);
  anew.connect(url, ["--name", "copy", "--new-key"]);
  await anew.says(/The key that was here is kept in /);
  await anew.says(/answers now/);
  await answers("original");
  await answers("copy");
  expect(await gateway.ok(["nodes", "list"])).not.toContain("two machines");
});
