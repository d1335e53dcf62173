import { readFile, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { AuditEvent } from "../../src/audit/chain.ts";
import { invalidRequest } from "../../src/protocol/errors.ts";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";
import { capabilitiesCode, pairNode } from "../nodes/support.ts";
import { byHost } from "./support.ts";

const event: AuditEvent = { event: "config.changed", by: byHost, from: "203.0.113.7" };

describe("on a gateway", () => {
  let gateway: TestGateway;
  beforeEach(async () => {
    gateway = await startTestGateway();
  });
  afterEach(() => gateway.close());

  const events = async () =>
    (await gateway.core.audit.read({ limit: 100 })).map(
      ({ event, what }) => [event, what] as const,
    );

  /** Runs `first` when the next line of a change of the configuration is durable, before its file is written. */
  function beforeFile(first: () => Promise<unknown>): void {
    const { configTrail } = gateway.core;
    const { ahead } = configTrail;
    configTrail.ahead = async (...given) => {
      configTrail.ahead = ahead;
      const line = await ahead.apply(configTrail, given);
      await first();
      return line;
    };
  }

  test("the line of a change of the configuration is there while the file is still the old one", async () => {
    const { path } = gateway.core.config;
    let then: unknown;
    beforeFile(async () => {
      then = [await readFile(path, "utf8").catch(() => "none"), (await events()).at(-1)];
    });
    await gateway.host("host.config.set", { path: "gateway.name", value: "home" });
    expect(then).toEqual(["none", ["config.changed", { keys: ["gateway.name"] }]]);
  });

  test("a change of the configuration that fails has a second line", async () => {
    beforeFile(() => writeFile(gateway.core.config.path, "{}\n"));
    const changing = gateway.host("host.config.set", { path: "gateway.name", value: "home" });
    await expect(changing).rejects.toThrow("config changed since last load");
    const all = await events();
    expect(all.slice(-2)).toEqual([
      ["config.changed", { keys: ["gateway.name"] }],
      ["change.failed", { line: all.length - 1, change: "config.changed", why: "CONFIG_CHANGED" }],
    ]);
  });

  describe("a change that is stored elsewhere", () => {
    const wanted = { kind: "set", path: "gateway.name", value: "home" } as const;
    const file = () => readFile(gateway.core.config.path, "utf8").catch(() => "none");

    /** A change of the configuration that is made by `change`, once its line is written. */
    function changing<Result>(change: (commit: () => Promise<void>) => Promise<Result>) {
      const { config, configTrail } = gateway.core;
      return config.exclusive(async (turn) => {
        const plan = await turn.plan(wanted);
        const line = await configTrail.ahead(plan, event);
        return configTrail.settle(
          line,
          change(() => turn.commit(plan)),
        );
      });
    }

    const takesNone = () => {
      gateway.core.decisions.admit = () => {
        throw new Error("the audit can't be written");
      };
    };

    test("comes after its line, which is durable by then", async () => {
      const said: unknown[] = [];
      const result = await changing(async (commit) => {
        said.push((await events()).at(-1)?.[0], await file());
        await commit();
        said.push((await file()).includes('"home"'));
        return "done";
      });
      expect([result, said]).toEqual(["done", ["config.changed", "none", true]]);
    });

    test("is not made where its line can't be written", async () => {
      takesNone();
      const change = changing((commit) => commit());
      await expect(change).rejects.toThrow("the audit can't be written");
      expect([await events(), await file()]).toEqual([[], "none"]);
    });

    test.each<[string, unknown, string]>([
      [
        "of the store",
        Object.assign(new Error("full"), { code: "STORE_DISK_FULL" }),
        "STORE_DISK_FULL",
      ],
      ["that its caller was told", invalidRequest("unknown requestId"), "unknown requestId"],
      ["of a bug", new TypeError("x is not a function"), "an error of the gateway; see its log"],
    ])("that fails for a reason %s leaves a second line", async (_name, error, why) => {
      await expect(changing(() => Promise.reject(error))).rejects.toBe(error);
      const [ahead, failed] = await gateway.core.audit.read({ limit: 9 });
      const what = { line: ahead?.seq, change: "config.changed", why };
      const failure = { event: "change.failed", by: byHost, what, from: "203.0.113.7" };
      expect(failed).toMatchObject(failure);
    });

    test("that fails says so also where the audit takes no more lines", async () => {
      const change = changing(async () => {
        takesNone();
        throw new Error("no");
      });
      await expect(change).rejects.toThrow("no");
      expect((await events()).map(([name]) => name)).toEqual(["config.changed", "change.failed"]);
    });

    test("that turned out to be none leaves no line", async () => {
      const set = (value: string) =>
        gateway.host("host.config.set", { path: "gateway.pairing.open", value });
      await set("false");
      const before = await events();
      expect(await set("false")).toMatchObject({ changedPaths: [], diff: "" });
      await expect(set("many")).rejects.toThrow("gateway.pairing.open");
      expect(await events()).toEqual(before);
    });
  });

  test("a secret is not set where the line of it can't be written", async () => {
    const before = gateway.core.secretStore.secrets;
    gateway.core.decisions.line = () => {
      throw new Error("no room");
    };
    await expect(gateway.host("host.token.new", {})).rejects.toThrow();
    expect(gateway.core.secretStore.secrets).toBe(before);
  });

  test("of two who approve what a node offers one is late, and leaves no line", async () => {
    const node = await pairNode(gateway, ["system.which"]);
    const requestId = await capabilitiesCode(gateway, node.nodeId);
    const both = await Promise.allSettled([
      gateway.host("node.pair.approve", { requestId }),
      gateway.host("node.pair.approve", { requestId }),
    ]);
    expect(both.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    const names = (await events()).map(([name]) => name);
    expect(names.slice(-2)).toEqual(["device.approved", "node.approved"]);
  });

  test("what was turned down a moment before its approval is not approved", async () => {
    const node = await pairNode(gateway, ["system.which"]);
    const requestId = await capabilitiesCode(gateway, node.nodeId);
    const rejecting = gateway.host("node.pair.reject", { requestId });
    const approving = gateway.host("node.pair.approve", { requestId });
    await expect(approving).rejects.toThrow("unknown requestId");
    await rejecting;
    expect(gateway.core.nodes.record(node.nodeId)?.surface).toBeUndefined();
    const names = (await events()).map(([name]) => name);
    expect(names.slice(-2)).toEqual(["device.approved", "node.rejected"]);
  });

  test("what was approved a moment before its rejection stays approved, and nobody is told otherwise", async () => {
    const node = await pairNode(gateway, ["system.which"]);
    const requestId = await capabilitiesCode(gateway, node.nodeId);
    const told: string[] = [];
    gateway.core.pairing.requests.listen((event) => {
      if (event.name === "resolved") told.push(event.why);
    });
    const both = await Promise.allSettled([
      gateway.host("node.pair.approve", { requestId }),
      gateway.host("node.pair.reject", { requestId }),
    ]);
    expect(both.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    expect(told).toEqual(["approved"]);
    expect(gateway.core.nodes.record(node.nodeId)?.surface?.commands).toEqual(["system.which"]);
    expect((await events()).at(-1)?.[0]).toBe("node.approved");
  });

  test("a node's capabilities are rejected also where the audit takes no line", async () => {
    const node = await pairNode(gateway, ["system.which"]);
    const requestId = await capabilitiesCode(gateway, node.nodeId);
    gateway.core.decisions.admit = () => {
      throw new Error("no room");
    };
    await expect(gateway.host("node.pair.approve", { requestId })).rejects.toThrow();
    await gateway.host("node.pair.reject", { requestId });
    expect(gateway.core.nodes.request(node.nodeId)).toBeUndefined();
    expect((await events()).at(-1)?.[0]).toBe("node.rejected");
  });
});

test("the token of a first start has a line, and says where it came from", async () => {
  const { firstStart } = await import("../../src/gateway/first-start.ts");
  const gateway = await startTestGateway({ token: null });
  const { world, secretStore, pairing, secrets, decisions, documents } = gateway.core;
  const document = documents.secrets;
  const deps = {
    world,
    secretStore,
    document,
    decisions,
    pairing,
    secrets,
    kind: "token" as const,
    terminal: false,
  };
  await firstStart({ ...deps, given: { token: TEST_TOKEN } });
  await firstStart({ ...deps, given: { token: TEST_TOKEN } });
  const lines = await gateway.core.audit.read({ limit: 10 });
  expect(lines).toMatchObject([
    { event: "secret.set", by: { kind: "gateway" }, what: { kind: "token", how: "environment" } },
  ]);
  expect(JSON.stringify(lines)).not.toContain(TEST_TOKEN);
  await gateway.close();
});
