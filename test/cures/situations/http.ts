import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, vi } from "vitest";
import type { Frame } from "../../kit/client.ts";
import { TEST_TOKEN } from "../../kit/gateway.ts";
import type { Machine, Told } from "../machine.ts";
import { gatewayOf, serves } from "../people.ts";
import { type Situation, situation } from "../situation.ts";

const base = (m: Machine) => `http://127.0.0.1:${gatewayOf(m).port}`;

/** Asks once, with this secret; resolves with what the answer names and its status. */
async function asked(m: Machine, path: string, secret?: string): Promise<Told & Asked> {
  const headers = secret === undefined ? {} : { authorization: `Bearer ${secret}` };
  let status = 0;
  let body: Frame;
  const told = await m.tells(async () => {
    const answer = await fetch(`${base(m)}${path}`, { headers });
    ({ status } = answer);
    const text = await answer.text();
    body = text.startsWith("{") ? JSON.parse(text) : text;
  });
  return { ...told, status, body };
}

interface Asked {
  readonly status: number;
  readonly body: Frame;
}

/** The state's last write failed, while it lasts: a disk that is full can't be made here. */
export function fullDisk(m: Machine) {
  const { state } = gatewayOf(m).core;
  const before = state.stats;
  const lastError = { code: "STORE_DISK_FULL", message: "disk full", at: 0 };
  return vi.spyOn(state, "stats", "get").mockReturnValue({ ...before, lastError } as never);
}

export const httpSituations: readonly Situation[] = [
  situation("HTTP: a wrong secret, where a new one is shown then", async (m) => {
    await m.start();
    for (const path of ["/control-ui-config.json", "/v1/models"]) {
      const told = await asked(m, path, "wrong");
      expect(told.status).toBe(401);
      const { text } = await m.types(told, "openclaw token new");
      const [token = ""] = text.split("\n");
      expect((await asked(m, path, token)).status).not.toBe(401);
    }
  }),
  situation("HTTP: not ready, because the state can't be written", async (m) => {
    await m.start();
    const full = fullDisk(m);
    const told = await asked(m, "/readyz");
    expect([told.status, told.body.failing]).toEqual([503, ["store"]]);
    expect((await m.types(told, "openclaw status")).text).toContain("disk full");
    full.mockRestore();
    expect((await asked(m, "/readyz")).status).toBe(200);
  }),
  situation("HTTP: a join address whose use can't be stored", async (m) => {
    await m.start();
    const publicUrl = "https://gateway.example.com";
    const made = await gatewayOf(m).host<Frame>("device.pair.setupCode", {
      publicUrl,
      joinUrl: true,
    });
    const path = new URL(made.joinUrl).pathname;
    const full = fullDisk(m);
    const { pairing } = gatewayOf(m).core.documents;
    const decide = vi.spyOn(pairing, "decide").mockRejectedValue(new Error("disk full"));
    const told = await asked(m, path);
    expect(told.body.code).toBe("state-not-writable");
    const { text } = await m.types(told, "openclaw doctor", { exit: 1 });
    expect(text).toContain("[state.store]");
    decide.mockRestore();
    full.mockRestore();
    // The address was not used up by it.
    expect((await asked(m, path)).status).toBe(200);
  }),
  situation("HTTP: a defect of the gateway is in its log", async (m) => {
    await m.start();
    const { secrets } = gatewayOf(m).core;
    const defect = vi.spyOn(secrets, "verify").mockRejectedValue(new Error("no such thing"));
    const told = await asked(m, "/control-ui-config.json", "any-secret");
    expect(told.status).toBe(500);
    defect.mockRestore();
    expect((await m.types(told, "openclaw logs")).text).toContain("an HTTP request failed");
  }),
  situation("HTTP: the web app's page is gone", async (m) => {
    const root = join(m.folder, "app");
    mkdirSync(root);
    writeFileSync(join(root, "index.html"), "<html></html>");
    m.config({ gateway: { name: "Haus" }, dashboard: { root } });
    await m.start();
    expect((await asked(m, "/")).status).toBe(200);
    rmSync(join(root, "index.html"));
    const told = await asked(m, "/");
    expect(told.body.code).toBe("web-app-missing");
    const found = await m.types(told, "openclaw doctor");
    expect(found.text).toContain("[dashboard.root]");
    await m.types(found, "openclaw config unset dashboard.root");
    expect((await m.says("doctor")).text).not.toContain("[dashboard.root]");
    expect(m.config()).toContain("Haus");
  }),
  situation("HTTP: what OpenClaw serves to programs, and this gateway does not", async (m) => {
    await m.start();
    const agent = await asked(m, "/v1/chat/completions", TEST_TOKEN);
    expect(agent.status).toBe(404);
    expect((await m.types(agent, "openclaw devices invite")).text).toContain("#invite=");
    const node = await serves(m, ["system.which"]);
    const tools = await asked(m, "/tools/invoke", TEST_TOKEN);
    const fill = { NODE: node.nodeId, COMMAND: "system.which" };
    const done = await m.types(tools, "openclaw nodes invoke NODE COMMAND", { fill });
    expect(done.text).toContain('"ok": 1');
  }),
];
