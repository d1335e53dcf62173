import type { HttpRequest, HttpResponse } from "uWebSockets.js";
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { MemoryAccount } from "../../src/gateway/memory.ts";
import { limitValues } from "../../src/limits/table.ts";
import type { HttpDeps } from "../../src/transport/http.ts";
import { HttpAnswers } from "../../src/transport/http-answers.ts";
import { serveHttp } from "../../src/transport/uws-http.ts";
import { until } from "../kit/until.ts";
import { HandWorld } from "../kit/world.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "uws-http-test-"));
  await writeFile(join(folder, "app.js"), "let a;");
});
afterEach(() => rm(folder, { recursive: true }));

/** A response of a client that reads all at once. */
function fakeResponse() {
  const res = {
    cork: (run: () => void) => run(),
    writeStatus: () => res,
    writeHeader: () => res,
    end: () => res,
    endWithoutBody: () => res,
    tryEnd: () => [true, true],
    onAborted: () => res,
    onWritable: () => res,
    close: () => res,
  };
  return res as unknown as HttpResponse;
}

/** Asks for a file of the web app; how often its connection was said to stay open. */
async function ask(method: string): Promise<number> {
  const file = await open(join(folder, "app.js"));
  let isDone = false;
  const done = () => {
    isDone = true;
  };
  const answer = { status: "200 OK", headers: [], body: { file, bytes: 6, done } };
  const deps = { page: new Map(), webRoot: { answer: async () => answer } };
  const answers = new HttpAnswers({
    limits: limitValues({}),
    memory: new MemoryAccount({ heldBytes: 1e9 }),
    count: () => {},
    world: new HandWorld(),
  });
  let stayed = 0;
  const stays = () => {
    stayed += 1;
  };
  const req = { getMethod: () => method, getUrl: () => "/app.js", getHeader: () => "" };
  serveHttp(fakeResponse(), req as unknown as HttpRequest, {
    deps: deps as unknown as HttpDeps,
    way: { source: "a", answers, stay: true, stays },
    failed: () => {},
  });
  await until(() => isDone, "the end of the answer");
  expect(answers.size).toBe(0);
  return stayed;
}

test.each(["get", "head"])(
  "a connection that stays open behind a file that it asked for with %s counts anew",
  async (method) => {
    expect(await ask(method)).toBe(1);
  },
);
