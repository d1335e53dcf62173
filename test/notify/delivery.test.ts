import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { HttpPost } from "../../src/lib/http-post.ts";
import { NameLookup } from "../../src/lib/name-lookup.ts";
import { readSmallFile } from "../../src/lib/small-file.ts";
import { systemWorld, type World } from "../../src/lib/world.ts";
import { limitValues } from "../../src/limits/table.ts";
import { Delivery, type DeliveryOutcome } from "../../src/notify/delivery.ts";
import { edit, notifyCodes } from "../../src/notify/failure.ts";
import { composeNotice } from "../../src/notify/notice.ts";
import type { WebhookSettings } from "../../src/notify/target.ts";
import { openclaw, shell } from "../../src/protocol/command.ts";
import { plainText } from "../../src/protocol/text.ts";
import { certificate, Receiver } from "../kit/receiver.ts";
import { until } from "../kit/until.ts";
import { HandWorld } from "../kit/world.ts";
import { asking, NOW, sender } from "./support.ts";

const limits = limitValues();
const { notifyTimeoutMs, notifyAnswerBytes: answerBytes } = limits;

/** Stands for whatever in a URL or a file must never be seen elsewhere. */
const SECRET = "s3cr3t";

const notice = composeNotice(
  { shown: [{ requestId: "7F3K-Q2MN", source: "", tell: () => asking() }], more: 0 },
  { sender, now: NOW, limits },
);

const folder = mkdtempSync(join(tmpdir(), "delivery-"));
let receiver: Receiver;
let secure: Receiver;
beforeAll(async () => {
  receiver = await Receiver.open();
  secure = await Receiver.open(await certificate("DNS:other.example"));
});
beforeEach(() => {
  receiver.received.length = 0;
  receiver.answer = (_received, response) => response.end("ok");
});
afterAll(async () => {
  await receiver.close();
  await secure.close();
  rmSync(folder, { recursive: true, force: true });
});

function delivery(world: World = systemWorld, names: Record<string, string> = {}): Delivery {
  const resolve = async (name: string) => {
    const address = names[name];
    const code = "ENOTFOUND";
    if (address === undefined)
      throw Object.assign(new Error(`getaddrinfo ${code} ${name}`), { code });
    return [{ address, family: 4 }];
  };
  const lookup = new NameLookup({ atOnce: 1, queued: 4 }, resolve);
  const http = new HttpPost({
    world,
    names: lookup,
    limits: { timeoutMs: notifyTimeoutMs, answerBytes },
  });
  const read = (path: string) => readSmallFile(path, limits.notifyFileBytes + 1);
  return new Delivery({
    world,
    limits,
    read,
    post: (ask) => http.send(ask),
    log: { error: () => {} },
  });
}

function settings(more: Partial<WebhookSettings> = {}): WebhookSettings {
  const url = `${receiver.origin}/${SECRET}`;
  return { url, format: "text", egress: ["127.0.0.1"], ...more };
}

/** How one try ends; nothing that it says may hold the secret. */
async function attempt(
  more: Partial<WebhookSettings> = {},
  by = delivery(),
): Promise<DeliveryOutcome> {
  const outcome = await by.attempt(notice, settings(more));
  const { failure } = outcome;
  expect(JSON.stringify([outcome, failure?.message, failure?.next])).not.toContain(SECRET);
  if (failure) {
    expect(Object.keys(notifyCodes)).toContain(failure.code);
    expect(plainText(failure.next)).not.toBe("");
  }
  return outcome;
}

const answers = (status: number, headers: Record<string, string> = {}) => {
  receiver.answer = (_received, response: ServerResponse) => {
    response.writeHead(status, headers);
    response.end();
  };
};

describe("a message that arrives", () => {
  test("is sent as the format says, under the gateway's name, with one's own headers before ours", async () => {
    const headersFile = join(folder, "headers");
    writeFileSync(headersFile, `Authorization: Bearer ${SECRET}\nTags: door\n`, { mode: 0o600 });
    const outcome = await attempt({ headersFile });
    expect(outcome).toMatchObject({ to: receiver.origin, status: 200 });
    expect(outcome.failure).toBeUndefined();
    const [got] = receiver.received;
    expect(got).toMatchObject({
      method: "POST",
      path: `/${SECRET}`,
      body: notice.body,
      headers: {
        "user-agent": "openclaw-gateway",
        "content-type": "text/plain; charset=utf-8",
        title: notice.title,
        tags: "door",
        authorization: `Bearer ${SECRET}`,
      },
    });
  });

  test.each([200, 201, 202, 204])("counts as arrived with status %i", async (status) => {
    answers(status);
    expect(await attempt()).toMatchObject({ status });
  });

  test("goes where the file says at that moment", async () => {
    const urlFile = join(folder, "url");
    const headersFile = join(folder, "token");
    for (const word of ["one", "two"]) {
      writeFileSync(urlFile, `${receiver.origin}/${word}?k=${SECRET}\n`);
      writeFileSync(headersFile, `X-Token: ${word}\n`);
      await attempt({ url: "http://127.0.0.1:9/never", urlFile, headersFile });
    }
    expect(receiver.received.map(({ path, headers }) => [path, headers["x-token"]])).toEqual([
      [`/one?k=${SECRET}`, "one"],
      [`/two?k=${SECRET}`, "two"],
    ]);
  });
});

describe("a message that does not", () => {
  test.each([
    [
      301,
      {},
      false,
      /answered 301: redirects are not followed/,
      /config set notify\.webhook\.url /,
    ],
    [400, {}, false, /answered 400: it does not take .*format text/, /webhook\.format json$/],
    [401, {}, false, /answered 401: it wants other credentials/, /webhook\.headersFile /],
    [403, {}, false, /answered 403: it wants other credentials/, /webhook\.headersFile /],
    [404, {}, false, /answered 404: there is no such webhook/, /config set notify\.webhook\.url /],
    [410, {}, false, /answered 410: there is no such webhook/, /config set notify\.webhook\.url /],
    [413, {}, false, /answered 413: it does not take/, /webhook\.format json$/],
    [
      429,
      { "retry-after": "30" },
      true,
      /answered 429: too many messages/,
      /^openclaw notify test$/,
    ],
    [500, {}, true, /answered 500: it has a fault of its own/, /^openclaw notify test$/],
    [503, { "retry-after": "7" }, true, /answered 503/, /^openclaw notify test$/],
  ])("with status %i says why and what to type", async (status, headers, retry, why, next) => {
    answers(status, headers);
    const { failure, ...rest } = await attempt();
    expect(rest).toMatchObject({ to: receiver.origin, status });
    expect(failure).toMatchObject({ code: "NOTIFY_STATUS", retry, status });
    expect(failure?.message).toMatch(why);
    expect(plainText(failure?.next ?? "")).toMatch(next);
    const after = (headers as Record<string, string>)["retry-after"];
    expect(failure?.retryAfterMs).toBe(after === undefined ? undefined : Number(after) * 1000);
    expect(receiver.received).toHaveLength(1);
  });

  test("names the file to edit where the URL and the headers stand in files", async () => {
    const [urlFile, headersFile] = [join(folder, "u"), join(folder, "h")];
    writeFileSync(urlFile, `${receiver.origin}/${SECRET}`);
    writeFileSync(headersFile, "X-A: 1");
    answers(404);
    expect((await attempt({ urlFile })).failure?.next).toEqual(edit(urlFile));
    answers(401);
    expect((await attempt({ headersFile })).failure?.next).toEqual(edit(headersFile));
    expect(plainText(edit(urlFile))).toBe(`\${EDITOR:-nano} ${urlFile}`);
  });

  test("is told of a redirect by its host alone", async () => {
    answers(308, { location: `https://other.example/${SECRET}?x` });
    const { failure } = await attempt();
    expect(failure?.message).toContain("it leads to https://other.example");
  });

  test("reads a Retry-After that is a date, or has decimals", async () => {
    const world = new HandWorld(Date.parse("2026-11-27T10:00:00Z"));
    for (const [date, ms] of [
      ["Fri, 27 Nov 2026 10:01:00 GMT", 60_000],
      ["Fri, 27 Nov 2026 09:00:00 GMT", 0],
      ["soon", undefined],
      ["64.57", 64_570],
      ["2.5", 2_500],
    ] as const) {
      answers(503, { "retry-after": date });
      expect((await attempt({}, delivery(world))).failure?.retryAfterMs).toBe(ms);
    }
  });

  test("notifyTimeoutMs: is waited for no longer than that", async () => {
    const world = new HandWorld();
    receiver.answer = () => {};
    const outcome = attempt({}, delivery(world));
    await until(() => receiver.received.length === 1, "the request");
    world.advance(notifyTimeoutMs);
    expect((await outcome).failure).toMatchObject({
      code: "NOTIFY_TIMEOUT",
      message: `${receiver.origin}: no answer within 10 s`,
      next: shell`curl -m 10 -sSo /dev/null ${receiver.origin}`,
      retry: true,
    });
  });

  test("was refused by nobody's port, or broken off", async () => {
    const gone = await Receiver.open();
    const { origin } = gone;
    await gone.close();
    expect((await attempt({ url: `${origin}/${SECRET}` })).failure).toMatchObject({
      code: "NOTIFY_CONNECT",
      message: `${origin}: nothing answers there`,
      next: shell`curl -sSo /dev/null ${origin}`,
      retry: true,
    });
    receiver.answer = (_received, response) => response.destroy();
    expect((await attempt()).failure).toMatchObject({ code: "NOTIFY_CONNECT", retry: true });
  });

  test("leads to a name that nobody knows", async () => {
    const { failure } = await attempt({ url: `https://nowhere.example/${SECRET}` });
    expect(failure).toMatchObject({
      code: "NOTIFY_NAME",
      message: "the name nowhere.example leads nowhere: no machine of that name is known",
      next: shell`getent ahosts nowhere.example`,
      retry: true,
    });
  });

  test("met a certificate that nobody vouches for, or none at all", async () => {
    const { failure } = await attempt({ url: `${secure.origin}/${SECRET}` });
    expect(failure).toMatchObject({ code: "NOTIFY_TLS", retry: false });
    expect(failure?.message).toMatch(/self-signed certificate/);
    expect(failure?.next).toEqual(shell`curl -sSo /dev/null ${secure.origin}`);
    expect(secure.received).toEqual([]);
    const plain = await attempt({ url: `https://127.0.0.1:${receiver.port}/${SECRET}` });
    expect(plain.failure).toMatchObject({ code: "NOTIFY_TLS", retry: false });
  });

  test("may not go there: the refusal names the command", async () => {
    const { failure } = await attempt({ egress: ["10.0.0.0/8"] });
    expect(failure).toMatchObject({
      code: "NOTIFY_EGRESS",
      next: openclaw`config set gateway.egress 10.0.0.0/8,127.0.0.1`,
      retry: false,
    });
    const names = { "ntfy.lan": "127.0.0.1", "meta.example": "169.254.169.254" };
    const by = delivery(systemWorld, names);
    const named = await attempt({ url: `http://ntfy.lan/${SECRET}`, egress: [] }, by);
    expect(named.failure).toMatchObject({
      message:
        "http://ntfy.lan leads to 127.0.0.1, this machine; this gateway connects there only if gateway.egress says so",
      next: openclaw`config set gateway.egress 127.0.0.1`,
    });
    const meta = await attempt({ url: `http://meta.example/${SECRET}`, egress: ["0.0.0.0/0"] }, by);
    expect(meta.failure).toMatchObject({
      code: "NOTIFY_EGRESS",
      message:
        "http://meta.example leads to 169.254.169.254, a cloud's metadata service; this gateway never connects there",
      next: openclaw`config get notify.webhook`,
    });
    expect(receiver.received).toEqual([]);
  });

  test("has a file that can't be read, or no webhook at all", async () => {
    const urlFile = join(folder, "none");
    expect(await attempt({ urlFile })).toMatchObject({
      failure: {
        code: "NOTIFY_FILE",
        message: `${urlFile} can't be read: there is no such file`,
        retry: false,
      },
    });
    expect(await attempt({ urlFile: folder })).toMatchObject({
      failure: { code: "NOTIFY_FILE", message: `${folder} can't be read: it is not a file` },
    });
    const none = await attempt({ url: undefined });
    expect(none.failure).toMatchObject({
      code: "NOTIFY_NOT_SET",
      next: openclaw`config set notify.webhook.url https://ntfy.example.com/gateway`,
    });
  });
});
