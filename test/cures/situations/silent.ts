import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import type { Socket } from "node:net";
import { expect, vi } from "vitest";
import { failureLines } from "../../../src/cli/kit/failures.ts";
import { AdminLink } from "../../../src/cli/reach/admin-link.ts";
import { resolveAdminSocket } from "../../../src/host/paths.ts";
import { limitValues } from "../../../src/limits/table.ts";
import { ProbeError, Supervision } from "../../../src/main/supervision.ts";
import { plainText } from "../../../src/protocol/text.ts";
import { answer } from "../../../src/ssh-answer/answer.ts";
import { askApprover } from "../../kit/approve-socket.ts";
import { sshKey } from "../../kit/ssh-key.ts";
import { HandWorld } from "../../kit/world.ts";
import { listening } from "../listening.ts";
import type { Machine, Told } from "../machine.ts";
import { gatewayOf } from "../people.ts";
import { type Situation, situation } from "../situation.ts";

/** Gateways that do not answer, or not as they should. */

const socketOf = (m: Machine) => resolveAdminSocket(m.env, m.stateDir);

/** Runs with a clock that is so many times as fast. */
async function hurried<T>(times: number, run: () => Promise<T>): Promise<T> {
  const real = performance.now.bind(performance);
  const from = real();
  const clock = vi.spyOn(performance, "now").mockImplementation(() => {
    return from + (real() - from) * times;
  });
  try {
    return await run();
  } finally {
    clock.mockRestore();
  }
}

const shown = (error: unknown) => {
  for (const line of failureLines(error, false)) plainText(line);
};

/**
 * A process that is a gateway for who asks it what it is, and that does nothing of what it is asked, but
 * `restart`: that it takes for its end. Resolves once it answers.
 */
async function hung(m: Machine): Promise<{ pid: number; ended: Promise<unknown> }> {
  const script = `
    const facts = { pid: process.pid, startedAtMs: 1, supervisor: "none", listening: [],
      configPath: "${m.configFile}" };
    require("node:net").createServer((socket) => {
      socket.on("error", () => {});
      socket.setEncoding("utf8").on("data", (text) => {
        for (const line of text.trim().split("\\n")) {
          const { id, method } = JSON.parse(line);
          socket.write(JSON.stringify({ type: "res", id, ok: true, payload: facts }) + "\\n", () => {
            if (method === "host.restart") process.exit(1);
          });
        }
      });
    }).listen("${socketOf(m)}", () => console.log("ready"));`;
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.once("close", resolve));
  await new Promise((resolve) => child.stdout.once("data", resolve));
  return { pid: child.pid ?? 0, ended };
}

const slow: readonly Situation[] = [
  situation("it hangs up, or does not answer in time", async (m) => {
    const hangsUp = await listening(
      socketOf(m),
      (socket) => socket.on("data", () => socket.destroy()),
      () => m.says("health"),
    );
    const late = await listening(
      socketOf(m),
      () => {},
      () =>
        m.tells(async () => {
          const link = await AdminLink.open(socketOf(m));
          shown(await link.request("health", {}, 20).catch((error: unknown) => error));
          await link.close();
        }),
    );
    await m.start();
    for (const told of [hangsUp, late]) {
      const { text } = await m.types(told, "openclaw gateway status");
      expect(text).toContain(`http://127.0.0.1:${gatewayOf(m).port}`);
    }
  }),
  situation("a restart after which it is not back", async (m) => {
    // It notes that it was asked, and goes on.
    await m.start();
    const told = await hurried(1_000, () => m.says("gateway restart"));
    expect(told.errors).toContain("after 60 s");
    const { text } = await m.types(told, "openclaw gateway status");
    expect(text).toContain(`process ${process.pid}`);
  }),
  situation(
    "a gateway that does not stop, and one that ends instead of starting anew",
    async (m) => {
      const stays = await hung(m);
      const told = await hurried(1_000, () => m.says("gateway stop"));
      await m.types(told, `kill ${stays.pid}`);
      await stays.ended;
      expect((await m.says("gateway status")).exit).toBe(3);
      rmSync(socketOf(m), { force: true });
      const gone = await hung(m);
      const ended = await m.says("gateway restart");
      expect(ended.errors).toContain("ended instead of starting again");
      await gone.ended;
      await m.types(ended, "openclaw gateway run");
      expect((await m.says("health")).exit).toBe(0);
    },
  ),
  situation("a gateway that starts and does not answer itself", async (m) => {
    const told = await m.tells(async () => {
      const world = new HandWorld();
      const none = async () => {};
      const notifier = { wanted: false, ready: none, status: none, stopping: none, alive: none };
      const deps = {
        world,
        limits: limitValues(),
        notifier: { ...notifier, extend: none } as never,
      };
      const supervision = new Supervision({ ...deps, warn: () => {} });
      const probe = { host: "127.0.0.1", port: 1 };
      const crowd = () => ({ operators: 0, nodes: 0, pending: 0 });
      const server = { listening: [], probe, crowd, commits: () => [], turnedAway: () => 0 };
      const error = await supervision.ready(server).catch((why: unknown) => why);
      expect(error).toBeInstanceOf(ProbeError);
      plainText((error as ProbeError).next);
    });
    await m.says("token new");
    // What it is that does not run, and what to do.
    const { text } = await m.types(told, "openclaw doctor");
    expect(text).toContain("openclaw gateway run");
  }),
];

/** What `answer.sh` runs for an approver's key, and what it prints. */
async function approver(socket: string, words: readonly string[]): Promise<string> {
  const out = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  try {
    expect(await answer([socket, "SHA256:x", "127.0.0.1", ...words])).toBe(3);
    return out.mock.calls.map(([text]) => String(text)).join("");
  } finally {
    out.mockRestore();
  }
}

/** Of all that was shown as `text`, what the answers to approvers are made of. */
const ofAnswers = (m: Machine, text: string): Told => {
  const told = m.everShown(text);
  return { ...told, said: told.said.filter(({ origin }) => origin?.startsWith("ssh-answer/")) };
};

const approvers: readonly Situation[] = [
  situation("ssh: an approver, and a gateway that does not run or does not answer", async (m) => {
    const socket = `${m.folder}/approve.sock`;
    expect(await approver(socket, ["list"])).toContain("  openclaw doctor\n");
    const { text } = await m.types(ofAnswers(m, "openclaw doctor"), "openclaw doctor", { exit: 0 });
    expect(text).toContain("openclaw gateway run");
    const hangsUp = (one: Socket) => one.on("data", () => one.destroy());
    const said = await listening(socket, hangsUp, () => approver(socket, ["approve", "7F3K-Q2MN"]));
    expect(said).toContain("  list\n");
    const gateway = await m.start();
    const add = { publicKey: sshKey(7), may: ["operator"] };
    const { key } = await gateway.host<{ key: { fingerprint: string } }>("host.ssh.add", add);
    await m.answers(ofAnswers(m, "list"), /^list$/, async ([verb]) => {
      const frame = { method: `approver.${verb}`, params: {}, key: key.fingerprint };
      const { payload } = await askApprover(gateway, frame);
      expect(payload.lines.join(" ")).toContain("Nobody waits");
    });
  }),
];

export const silentSituations = [...slow, ...approvers];
