import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FakeAdmin, Refuse } from "../support/admin-server.ts";
import { NOW, openclaw } from "../support/io.ts";
import { pairedRow, pendingRow } from "../support/rows.ts";

const ID = "fe812c12f3ab4ce6ac5db69ac352f906cb1b11ef43fb33e252ef7ff552263889";
const OTHER = `fe812c99${"0".repeat(56)}`;

const node = (more: object = {}) => ({
  nodeId: ID,
  displayName: "attic",
  platform: "linux",
  clientId: "node-host",
  commands: ["system.notify", "system.which"],
  approvalState: "approved",
  connected: true,
  hostStats: {
    cpuCount: 2,
    loadAverage: [0.5, 0.4, 0.3],
    memoryTotalBytes: 4 * 1024 ** 3,
    memoryFreeBytes: 1024 ** 3,
    updatedAtMs: NOW,
  },
  ...more,
});

const offer = (more: object = {}) => ({
  requestId: "92GT-T8FN",
  nodeId: ID,
  displayName: "attic",
  platform: "linux",
  clientId: "node-host",
  commands: ["system.run", "system.which"],
  requiredApproveScopes: ["operator.pairing", "operator.admin"],
  ts: NOW - 120_000,
  ...more,
});

let admin: FakeAdmin;
beforeEach(async () => {
  admin = await new FakeAdmin().listen();
  admin.answers = {
    "node.list": () => ({ ts: NOW, nodes: [node()] }),
    "node.pair.list": () => ({ pending: [offer()], paired: [] }),
    "device.pair.list": () => ({ pending: [], paired: [] }),
    "node.describe": ({ nodeId }) => node({ nodeId, version: "1.0" }),
    "node.pair.approve": ({ requestId }) => ({ requestId, node: node() }),
    "node.pair.reject": ({ requestId }) => ({ requestId, nodeId: ID }),
    "node.pair.remove": ({ nodeId }) => ({ nodeId }),
    "node.rename": ({ nodeId, displayName }) => ({ nodeId, displayName }),
    "node.invoke": () => ({ ok: true, payload: { bins: { df: "/bin/df" } } }),
  };
});
afterEach(() => admin.close());

describe("what is shown", () => {
  test("list: what waits, with the command, and all nodes, in 80 columns", async () => {
    const io = admin.io();
    expect(await openclaw("nodes list", io)).toBe(0);
    expect(io.lines).toEqual([
      "Commands that wait for approval (1)",
      "  CODE       NODE          OFFERS                             ASKED",
      "  92GT-T8FN  attic         commands system.run, system.which  2 minutes ago",
      "             node, linux",
      "             fe812c12f3ab",
      "",
      "To approve: openclaw nodes approve 92GT-T8FN",
      "",
      "Nodes (1)",
      "  ID            NODE         ANSWERS                      SEEN",
      "  fe812c12f3ab  attic        system.notify, system.which  connected",
      "                node, linux",
    ]);
  });

  test.each(["nodes list", "nodes status", "nodes describe attic", "devices list"])(
    "%s: a copied key is named as that, with what to do",
    async (words) => {
      const twice = {
        connections: 3,
        keyUsedBy: "machines",
        standbys: [
          { connectedAtMs: NOW - 120_000, displayName: "cellar", remoteIp: "10.0.0.2" },
          { connectedAtMs: NOW - 180_000, displayName: "attic" },
        ],
      };
      admin.answers["node.list"] = () => ({ ts: NOW, nodes: [node(twice)] });
      admin.answers["node.describe"] = () => node(twice);
      admin.answers["device.pair.list"] = () => ({
        pending: [],
        paired: [pairedRow({ deviceId: ID, displayName: "attic", connected: true, ...twice })],
        total: 1,
      });
      const io = admin.io();
      expect(await openclaw(words, io)).toBe(0);
      expect(io.text).toContain("“attic”: two machines use one node's key");
      const next = io.lines.find((line) => line.startsWith("  next: "));
      expect(next).toContain("openclaw devices invite --role node");
      expect(next).toContain("openclaw connect - --new-key");
      if (words.includes("describe")) {
        expect(io.text).toContain("Standby    “cellar”, from 10.0.0.2, connected 2 minutes ago");
      } else expect(io.text).toMatch(/connected[\s\S]*\(2 on standby\)[\s\S]*\(a copied key\)/);
    },
  );

  test("list and describe: what waits is said to who may not know its code", async () => {
    const row = node({ approvalState: "pending-reapproval" });
    admin.answers["node.list"] = () => ({ ts: NOW, nodes: [row] });
    admin.answers["node.pair.list"] = () => ({ pending: [], paired: [] });
    admin.answers["node.describe"] = () => row;
    const io = admin.io();
    await openclaw("nodes list", io);
    expect(io.text).toContain("(more waits)");
    await openclaw(`nodes describe ${ID}`, io);
    expect(io.text).toContain("It offers more, on the gateway host: openclaw nodes pending");
  });

  test("pending: both steps of a node", async () => {
    admin.answers["device.pair.list"] = () => ({
      pending: [
        pendingRow({ role: "node", roles: ["node"] }),
        pendingRow({ requestId: "AAAA-BBBB" }),
      ],
      paired: [],
    });
    const io = admin.io();
    await openclaw("nodes pending", io);
    expect(io.text).toContain("Ask to become nodes (1)");
    expect(io.text).toContain("To approve one: openclaw devices approve 7F3K-Q2MN");
    expect(io.text).toContain("To approve: openclaw nodes approve 92GT-T8FN");
  });

  test("with several waiting nobody's code is put into a person's mouth", async () => {
    const pending = [offer(), offer({ requestId: "AAAA-BBBB", nodeId: OTHER })];
    admin.answers["node.pair.list"] = () => ({ pending, paired: [] });
    const io = admin.io();
    await openclaw("nodes pending", io);
    expect(io.lines.at(-1)).toBe("To approve: openclaw nodes approve CODE");
    expect(await openclaw("nodes approve", io)).toBe(2);
    expect(io.errors.at(-1)).toBe("  next: openclaw nodes approve CODE");
  });

  test("status: the machine's figures; nothing of them is no zero", async () => {
    admin.answers["node.list"] = () => ({
      nodes: [node(), node({ nodeId: OTHER, hostStats: undefined, connected: false })],
    });
    const io = admin.io();
    await openclaw("nodes status", io);
    expect(io.lines[0]).toBe("2 nodes, 1 connected");
    expect(io.text).toContain("load 0.5 on 2 cores");
    expect(io.text).toContain("memory 3.0 of 4.0 GB used");
    expect(io.text).toContain("no figures yet");
    const connected = admin.io();
    await openclaw("nodes status --connected", connected);
    expect(connected.text).not.toContain("no figures yet");
  });

  test("hostile names reach no terminal", async () => {
    const bad = { displayName: "a\u001b[2J\u202e", platform: "x\ny", commands: ["a\u0007b"] };
    admin.answers["node.list"] = () => ({ nodes: [node(bad)] });
    admin.answers["node.describe"] = () => node(bad);
    admin.answers["node.pair.list"] = () => ({ pending: [offer(bad)] });
    for (const command of ["nodes list", "nodes status", `nodes describe ${ID}`, "nodes pending"]) {
      const io = admin.io();
      expect(await openclaw(command, io)).toBe(0);
      for (const bad of ["\u001b", "\u0007", "\u202e"]) expect(io.text).not.toContain(bad);
    }
  });

  test("--json is what the gateway said", async () => {
    for (const [command, key] of [
      ["nodes list", "nodes"],
      ["nodes pending", "pending"],
      ["nodes status", "nodes"],
      [`nodes describe ${ID}`, "nodeId"],
    ] as const) {
      const io = admin.io();
      await openclaw(`${command} --json`, io);
      expect(JSON.parse(io.text)).toHaveProperty(key);
      expect(io.text).not.toContain("deviceId");
    }
  });
});

describe("decisions", () => {
  test.each(["92GT-T8FN", "92gt t8fn", "92gtt8fn", ID])("approve %s", async (typed) => {
    const io = admin.io();
    expect(await openclaw(`nodes approve ${typed}`, io)).toBe(0);
    expect(admin.askedOf("node.pair.approve")).toEqual([{ requestId: "92GT-T8FN" }]);
    expect(io.text).toContain("Approved: “attic” (");
  });

  test("the code of the step before leads to its own command", async () => {
    admin.answers["device.pair.list"] = () => ({
      pending: [pendingRow({ role: "node", roles: ["node"] })],
      paired: [],
    });
    const io = admin.io();
    expect(await openclaw("nodes approve 7F3K-Q2MN", io)).toBe(1);
    expect(io.errors.at(-1)).toBe("  next: openclaw devices approve 7F3K-Q2MN");
    expect(admin.askedOf("node.pair.approve")).toEqual([]);
  });

  test("a code that is not listed is asked about: the gateway knows what became of it", async () => {
    admin.answers["node.pair.approve"] = () => {
      const details = { code: "UNKNOWN_REQUEST" };
      const message = "unknown requestId: replaced by X";
      throw new Refuse({ code: "INVALID_REQUEST", message, details });
    };
    const io = admin.io();
    expect(await openclaw("nodes approve AAAA-AAAA", io)).toBe(5);
    expect(io.errorText).toContain("replaced by X");
  });

  test("reject, rename and remove", async () => {
    const io = admin.io();
    expect(await openclaw("nodes reject 92GT-T8FN", io)).toBe(0);
    expect(await openclaw("nodes rename attic Loft server", io)).toBe(0);
    expect(await openclaw("nodes remove fe812c12", io)).toBe(0);
    expect(admin.askedOf("node.pair.reject")).toEqual([{ requestId: "92GT-T8FN" }]);
    expect(admin.askedOf("node.rename")).toEqual([{ nodeId: ID, displayName: "Loft server" }]);
    expect(admin.askedOf("node.pair.remove")).toEqual([{ nodeId: ID }]);
  });

  test("a name alone removes nothing where nobody can be asked", async () => {
    const io = admin.io();
    expect(await openclaw("nodes remove attic", io)).toBe(1);
    expect(admin.askedOf("node.pair.remove")).toEqual([]);
  });
});

describe("invoke", () => {
  test("by id or by a name that one node has; the answer as JSON", async () => {
    for (const typed of ["attic", "ATTIC", "fe812c12", ID]) {
      const io = admin.io();
      expect(
        await openclaw(`nodes invoke ${typed} system.which --params '{"bins":["df"]}'`, io),
      ).toBe(0);
      expect(JSON.parse(io.text)).toEqual({ bins: { df: "/bin/df" } });
    }
    const [asked] = admin.askedOf("node.invoke");
    expect(asked).toMatchObject({ nodeId: ID, command: "system.which", params: { bins: ["df"] } });
    const keys = admin.askedOf("node.invoke").map(({ idempotencyKey }) => idempotencyKey);
    expect(new Set(keys).size).toBe(4);
  });

  test("as OpenClaw's own command line is typed", async () => {
    const words = `--node attic --command system.which --params {} --invoke-timeout 7000`;
    expect(await openclaw(`nodes invoke ${words}`, admin.io())).toBe(0);
    expect(admin.askedOf("node.invoke")[0]).toMatchObject({
      command: "system.which",
      timeoutMs: 7000,
    });
  });

  test("a name that two have, or nobody, is refused", async () => {
    admin.answers["node.list"] = () => ({ nodes: [node(), node({ nodeId: OTHER })] });
    const io = admin.io();
    expect(await openclaw("nodes invoke attic system.which", io)).toBe(1);
    expect(io.errorText).toContain(OTHER);
    expect(await openclaw("nodes invoke fe8 system.which", io)).toBe(5);
    expect(io.errors.at(-1)).toBe("  next: openclaw nodes list");
    expect(admin.askedOf("node.invoke")).toEqual([]);
  });

  test("a command that ran and failed fails", async () => {
    admin.answers["node.invoke"] = () => ({ ok: true, payload: { exitCode: 1, success: false } });
    expect(await openclaw("nodes invoke attic system.run", admin.io())).toBe(1);
  });

  test("--timeout 0 wants none, and waits as long as the gateway lets any take", async () => {
    expect(await openclaw("nodes invoke attic system.which --timeout 0", admin.io())).toBe(0);
    expect(admin.askedOf("node.invoke")[0]).toMatchObject({ timeoutMs: 0 });
  });

  test("of a node that went meanwhile: that nobody knows whether it ran", async () => {
    admin.answers["node.invoke"] = () => {
      const message = "DISCONNECTED: node disconnected (system.run)";
      throw new Refuse({
        code: "UNAVAILABLE",
        message,
        details: { nodeError: { code: "DISCONNECTED" } },
      });
    };
    const io = admin.io();
    expect(await openclaw("nodes invoke attic system.run", io)).toBe(1);
    expect(io.errorText).toContain("whether the command ran is not known");
  });

  test.each(["", "attic", "attic x --params [1]", "attic x --timeout soon"])(
    "%s",
    async (words) => {
      expect(await openclaw(`nodes invoke ${words}`, admin.io())).toBe(2);
    },
  );
});
