import { rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { expect } from "vitest";
import { resolveAdminSocket } from "../../../src/host/paths.ts";
import { RawClient } from "../../kit/client.ts";
import { TEST_TOKEN } from "../../kit/gateway.ts";
import { until } from "../../kit/until.ts";
import { listening } from "../listening.ts";
import type { Machine } from "../machine.ts";
import { asks, gatewayOf } from "../people.ts";
import { type Situation, situation } from "../situation.ts";

interface Listed {
  readonly paired: readonly { readonly deviceId: string }[];
}

/** An address that stays while gateways come and go. */
async function throughTo(port: () => number | undefined) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    const to = port();
    if (to === undefined) return socket.destroy();
    const behind = connect(to, "127.0.0.1");
    socket.on("error", () => behind.destroy());
    behind.on("error", () => socket.destroy());
    socket.pipe(behind).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port: at } = server.address() as { port: number };
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `ws://127.0.0.1:${at}`, close };
}

/** Ends what follows a log: what is at the socket now is no gateway that is away. */
async function endFollowing(m: Machine, ended: Promise<unknown>): Promise<void> {
  const path = resolveAdminSocket(m.env, m.stateDir);
  rmSync(path, { force: true });
  const refuses = (socket: Socket) =>
    socket.on("data", (text) => {
      const { id } = JSON.parse(String(text).split("\n")[0] ?? "");
      const error = { code: "INVALID_REQUEST", message: "no such method" };
      socket.write(`${JSON.stringify({ type: "res", id, ok: false, error })}\n`);
    });
  await listening(path, refuses, () => ended);
}

export const followSituations: readonly Situation[] = [
  situation(
    "logs: watched, until the gateway goes away and nothing keeps what it says",
    async (m) => {
      await m.start();
      await asks(m);
      const help = await m.says("logs --help");
      const watched = await m.follows(help, "openclaw logs -f");
      await until(() => watched.text !== "", "its lines");
      await m.stop();
      await until(() => watched.errors.includes("no file and no journal"), "what it says");
      const file = join(m.folder, "gateway.log");
      const keep = "openclaw config set logging.file /var/log/openclaw-gateway/gateway.log";
      await m.types(watched, keep, { fill: { "/var/log/openclaw-gateway/gateway.log": file } });
      await endFollowing(m, watched.ended);
      expect((await m.says("config get logging.file")).text).toBe(file);
    },
  ),
  situation("logs: watched by URL, until the gateway goes away", async (m) => {
    await m.start();
    const proxy = await throughTo(() => m.gateway?.port);
    const stranger = await RawClient.open(gatewayOf(m).url);
    expect((await stranger.connect({ auth: { token: "wrong" } })).ok).toBe(false);
    const by = ["logs", "--url", proxy.url, "--token", TEST_TOKEN];
    await m.types(await m.says(by), /^openclaw devices approve ....-....$/);
    const watched = m.following([...by, "--follow"]);
    await until(() => watched.text !== "", "its lines");
    await m.stop();
    await until(() => watched.errors.includes("went away"), "what it says");
    await m.start();
    const again = await RawClient.open(gatewayOf(m).url);
    expect((await again.connect({ auth: { token: "wrong" } })).ok).toBe(false);
    const { text } = await m.types(watched, "openclaw logs --since 15m");
    expect(text).toContain("AUTH_TOKEN_MISMATCH");
    // A device that is paired no more does not come in again.
    const { paired } = await gatewayOf(m).host<Listed>("device.pair.list");
    for (const { deviceId } of paired) await gatewayOf(m).host("device.pair.remove", { deviceId });
    expect(await watched.ended).toBe(4);
    await proxy.close();
  }),
];
