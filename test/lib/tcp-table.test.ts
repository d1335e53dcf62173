import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { expect, test } from "vitest";
import { countEnded, endedConnections } from "../../src/lib/tcp-table.ts";
import { until } from "../kit/until.ts";

const head =
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";
const row = (remote: string, state: string, inode = 7, local = "0100007F:4965") =>
  `   0: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0`;

test("counts what this side ended and the other did not, by address", () => {
  const counts = new Map<string, number>();
  const rows = [
    row("0704007F:D431", "05"),
    row("0704007F:D432", "04"),
    row("0804007F:D433", "05"),
    row("0804007F:D434", "01"),
    row("0804007F:D435", "06", 0),
    row("0804007F:D436", "05", 0),
    row("0804007F:D437", "05", 7, "0100007F:4966"),
    "",
  ];
  countEnded([head, ...rows].join("\n"), new Set([0x4965]), counts);
  expect([...counts]).toEqual([
    ["127.0.4.7", 2],
    ["127.0.4.8", 1],
  ]);
});

test("knows addresses of both kinds", () => {
  const counts = new Map<string, number>();
  const rows = [
    row("B80D012001000000000000000B000000:D431", "05"),
    row("0000000000000000FFFF00000704007F:D431", "05"),
    row("what:D431", "05"),
  ];
  countEnded([head, ...rows].join("\n"), new Set([0x4965]), counts);
  expect([...counts]).toEqual([
    ["2001:db8:0:1:0:0:0:b", 1],
    ["127.0.4.7", 1],
  ]);
});

test("finds a real one, as long as it is there", async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket.on("error", () => {})));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const client = connect({
    port,
    host: "127.0.0.1",
    localAddress: "127.0.4.9",
    allowHalfOpen: true,
  });
  await until(() => sockets.length === 1, "the connection");
  const there = async () => (await endedConnections(new Set([port])))?.get("127.0.4.9") ?? 0;
  expect(await there()).toBe(0);
  sockets[0]?.end();
  await until(async () => (await there()) === 1, "the ended one");
  client.destroy();
  await until(async () => (await there()) === 0, "its end");
  server.close();
});
