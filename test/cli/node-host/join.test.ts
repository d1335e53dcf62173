import { createServer, type Server, type ServerResponse } from "node:http";
import { afterEach, expect, test, vi } from "vitest";
import { fetchJoined } from "../../../src/cli/node-host/join.ts";
import { readTarget } from "../../../src/cli/node-host/target.ts";
import { nodeHostLimitTable as limits } from "../../../src/limits/node-host.ts";
import { at, openclaw } from "../../../src/protocol/command.ts";
import { commandsIn } from "../../../src/protocol/text.ts";

const CODE = "AAAAAAAAAAAAAAAAAAAAAA";
const payload = { url: "wss://gw.example.com", bootstrapToken: "secret", expiresAtMs: 5 };

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  vi.restoreAllMocks();
});

/** A server that answers every request so; the join address there, and what was asked. */
async function serve(answer: (response: ServerResponse) => void) {
  const asked: string[] = [];
  const started = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    answer(response);
  });
  server = started;
  await new Promise<void>((resolve) => started.listen(0, "127.0.0.1", resolve));
  const address = started.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return { url: `http://127.0.0.1:${port}/j/${CODE}`, asked };
}

test("a join address becomes the code behind it, which is fetched once", async () => {
  const { url, asked } = await serve((response) => response.end(JSON.stringify(payload)));
  const target = readTarget(await fetchJoined(url));
  expect(target.url.href).toBe("wss://gw.example.com/");
  expect(target.invite).toBe("secret");
  expect(asked).toEqual([`GET /j/${CODE}`]);
});

test.each([
  "https://gw.example.com/#invite=abc",
  "wss://gw.example.com",
  "https://gw.example.com/j/short",
  "gw.example.com",
  "oc-pair://eyJ9",
])("%s is taken as it is", async (typed) => {
  expect(await fetchJoined(typed)).toBe(typed);
});

test("no join address is asked in clear but on this machine", async () => {
  const asks = vi.spyOn(globalThis, "fetch");
  const far = fetchJoined(`http://gw.example.com/j/${CODE}`);
  await expect(far).rejects.toMatchObject({ exit: "usage" });
  expect(asks).not.toHaveBeenCalled();
});

test.each<[string, (response: ServerResponse) => void, string]>([
  ["unknown, used or old", (r) => r.writeHead(404).end("{}"), "credentials"],
  ["no code", (r) => r.end("<!doctype html>"), "failed"],
  [
    "a redirection",
    (r) => r.writeHead(302, { location: "http://127.0.0.1/" }).end(),
    "unreachable",
  ],
  ["a connection that ends", (r) => r.destroy(), "unreachable"],
])("%s is refused, with where to get another", async (_name, answer, exit) => {
  const { url } = await serve(answer);
  const error = await fetchJoined(url).catch((thrown) => thrown);
  expect(error).toMatchObject({ exit });
  expect(commandsIn(error.next)[0]).toEqual(at("gateway", openclaw`devices invite --role node`));
});

test("hostJoinChars: an answer that is longer is no code", async () => {
  const filler = "x".repeat(limits.hostJoinChars.value);
  const { url } = await serve((response) => response.end(JSON.stringify({ ...payload, filler })));
  await expect(fetchJoined(url)).rejects.toMatchObject({ exit: "failed" });
});

test("hostJoinMs: a server that does not answer is given up", async () => {
  const timeout = vi.spyOn(AbortSignal, "timeout").mockReturnValue(AbortSignal.abort());
  const { url } = await serve(() => undefined);
  await expect(fetchJoined(url)).rejects.toMatchObject({ exit: "unreachable" });
  expect(timeout).toHaveBeenCalledWith(limits.hostJoinMs.value);
});
