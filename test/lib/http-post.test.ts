import { createServer, type Server } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type EgressPolicy, EgressRefused, egressPolicy } from "../../src/lib/egress.ts";
import {
  HttpPost,
  type PostAnswer,
  type PostRequest,
  PostTimeout,
} from "../../src/lib/http-post.ts";
import { NameLookup } from "../../src/lib/name-lookup.ts";
import { systemWorld, type World } from "../../src/lib/world.ts";
import { limitValues } from "../../src/limits/table.ts";
import { type Certificate, certificate, Receiver } from "../kit/receiver.ts";
import { until } from "../kit/until.ts";
import { HandWorld } from "../kit/world.ts";

const { notifyAnswerBytes: answerBytes } = limitValues();
const here = egressPolicy(["127.0.0.1"]);

let receiver: Receiver;
let own: Certificate;
beforeAll(async () => {
  receiver = await Receiver.open();
  own = await certificate("DNS:hook.example,IP:127.0.0.1");
});
beforeEach(() => {
  receiver.received.length = 0;
  receiver.answer = (_received, response) => response.end("ok");
});
afterAll(() => receiver.close());

/** Every name leads to 127.0.0.1, where the test's servers are. */
const toHere = async () => [{ address: "127.0.0.1", family: 4 }];

function poster(world: World = systemWorld, resolve = toHere, timeoutMs = 10_000): HttpPost {
  const names = new NameLookup({ atOnce: 1, queued: 4 }, resolve);
  return new HttpPost({ world, names, limits: { timeoutMs, answerBytes } });
}

function ask(url: string, more: Partial<PostRequest> = {}): PostRequest {
  return { url: new URL(url), headers: { title: "hello" }, body: "wörds", policy: here, ...more };
}

const hook = (path = "/hook?x=1") => `http://hook.example:${receiver.port}${path}`;

describe("a request", () => {
  test("carries method, path, headers and body, and says which host was meant", async () => {
    const answer = await poster().send(ask(hook()));
    expect(answer.status).toBe(200);
    expect(receiver.received).toEqual([
      {
        method: "POST",
        path: "/hook?x=1",
        body: "wörds",
        headers: {
          host: `hook.example:${receiver.port}`,
          title: "hello",
          "content-length": "6",
          connection: "close",
        },
      },
    ]);
  });

  test("takes user and password of the URL as Basic credentials", async () => {
    await poster().send(ask(`http://us%40er:p%3Aw@127.0.0.1:${receiver.port}/`));
    const basic = `Basic ${Buffer.from("us@er:p:w").toString("base64")}`;
    expect(receiver.received[0]?.headers.authorization).toBe(basic);
  });

  test("is not sent again to where an answer leads", async () => {
    receiver.answer = (_received, response) => {
      response.writeHead(307, { location: `http://127.0.0.1:${receiver.port}/elsewhere` });
      response.end();
    };
    const answer = await poster().send(ask(hook()));
    expect([answer.status, answer.headers.location]).toEqual([
      307,
      `http://127.0.0.1:${receiver.port}/elsewhere`,
    ]);
    expect(receiver.received.map(({ path }) => path)).toEqual(["/hook?x=1"]);
  });
});

describe("an answer", () => {
  test("notifyAnswerBytes: a body without end is not read on, and its status counts", async () => {
    let written = 0;
    let ended = false;
    receiver.answer = (_received, response) => {
      response.writeHead(201);
      const part = Buffer.alloc(4096, "x");
      const more = () => {
        while (!ended && response.write(part)) written += part.length;
      };
      response.on("drain", more).on("close", () => {
        ended = true;
      });
      more();
    };
    expect((await poster().send(ask(hook()))).status).toBe(201);
    await until(() => ended, "the connection's end");
    // What the kernel's buffers took, and no endless stream.
    expect(written).toBeLessThan(16 * 1024 * 1024);
  });

  test("whose body never comes counts by its status when the time is over", async () => {
    receiver.answer = (_received, response) => {
      response.writeHead(202);
      response.flushHeaders();
    };
    expect((await poster(systemWorld, toHere, 1_500).send(ask(hook()))).status).toBe(202);
  });

  test("with a head without end is an error", async () => {
    receiver.answer = (_received, response) => {
      response.writeHead(200, { "x-long": "x".repeat(64 * 1024) });
      response.end();
    };
    await expect(poster().send(ask(hook()))).rejects.toMatchObject({ code: "HPE_HEADER_OVERFLOW" });
  });

  test("that breaks off before its head is an error, after it its status", async () => {
    receiver.answer = (_received, response) => response.destroy();
    await expect(poster().send(ask(hook()))).rejects.toMatchObject({ code: "ECONNRESET" });
    receiver.answer = (_received, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("half");
      setTimeout(() => response.destroy(), 20);
    };
    expect((await poster().send(ask(hook()))).status).toBe(200);
  });
});

describe("no answer", () => {
  test("ends at the deadline", async () => {
    const world = new HandWorld();
    receiver.answer = () => {};
    const sent = poster(world).send(ask(hook()));
    await until(() => receiver.received.length === 1, "the request");
    world.advance(9_999);
    let over = false;
    sent.catch(() => {
      over = true;
    });
    await Promise.resolve();
    expect(over).toBe(false);
    world.advance(1);
    await expect(sent).rejects.toBeInstanceOf(PostTimeout);
  });

  test("ends at the deadline also while the name is looked up", async () => {
    const world = new HandWorld();
    const silent = () => new Promise<never>(() => {});
    const sent = poster(world, silent).send(ask(hook()));
    await until(() => world.pendingTimers > 0, "the deadline");
    world.advance(10_000);
    await expect(sent).rejects.toBeInstanceOf(PostTimeout);
    expect(receiver.received).toEqual([]);
  });

  test("from nobody is an error at once", async () => {
    const server: Server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    const sent = poster().send(ask(`http://127.0.0.1:${port}/`));
    await expect(sent).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  test("is not waited for once the request was abandoned", async () => {
    const abandon = new AbortController();
    receiver.answer = () => {};
    const sent = poster().send(ask(hook(), { signal: abandon.signal }));
    await until(() => receiver.received.length === 1, "the request");
    abandon.abort();
    await expect(sent).rejects.toThrow("abandoned");
    await expect(poster().send(ask(hook(), { signal: abandon.signal }))).rejects.toThrow();
    expect(receiver.received).toHaveLength(1);
  });
});

describe("an address that is not allowed", () => {
  const refusedTo = async (url: string, policy = egressPolicy([])) => {
    const before = receiver.connections;
    const sent: Promise<PostAnswer> = poster().send(ask(url, { policy }));
    const error = await sent.catch((one) => one);
    expect(error).toBeInstanceOf(EgressRefused);
    expect(receiver.connections).toBe(before);
    return error as EgressRefused;
  };

  test.each([
    ["127.0.0.1", "127.0.0.1"],
    ["0x7f.1", "127.0.0.1"],
    ["2130706433", "127.0.0.1"],
    ["[::ffff:127.0.0.1]", "::ffff:7f00:1"],
    ["[::1]", "::1"],
    ["0.0.0.0", "0.0.0.0"],
    ["[::]", "::"],
  ])("is not connected to when it is written as %s", async (host, address) => {
    expect((await refusedTo(`http://${host}:${receiver.port}/`)).address).toBe(address);
  });

  test("is not connected to by any name", async () => {
    expect(await refusedTo(hook())).toMatchObject({ address: "127.0.0.1", never: false });
    expect(await refusedTo(`http://localhost:${receiver.port}/`)).toMatchObject({ never: false });
  });

  test("is not connected to by a name that leads elsewhere the second time", async () => {
    const answers = ["127.0.0.2", "127.0.0.1"];
    const resolve = async () => [{ address: answers.shift() ?? "", family: 4 }];
    const before = receiver.connections;
    const http = poster(systemWorld, resolve);
    const policy = egressPolicy(["127.0.0.2"]);
    // Allowed, but nobody listens there.
    await expect(http.send(ask(hook(), { policy }))).rejects.toMatchObject({
      code: "ECONNREFUSED",
    });
    await expect(http.send(ask(hook(), { policy }))).rejects.toBeInstanceOf(EgressRefused);
    expect([answers, receiver.connections]).toEqual([[], before]);
  });
});

test("where a connection really leads is judged once more, before anything is said", async () => {
  let judged = 0;
  const policy: EgressPolicy = {
    allowed: [],
    judge: () => {
      judged += 1;
      return judged === 1 ? { ok: true } : { ok: false, never: false, what: "elsewhere" };
    },
  };
  const sent = poster().send(ask(`http://127.0.0.1:${receiver.port}/`, { policy }));
  await expect(sent).rejects.toThrow("127.0.0.1 is elsewhere");
  expect([judged, receiver.received]).toEqual([2, []]);
});

describe("TLS", () => {
  let secure: Receiver;
  beforeAll(async () => {
    secure = await Receiver.open(own);
  });
  afterAll(() => secure.close());

  test("a certificate that nobody vouches for ends it before anything is said", async () => {
    const url = `https://hook.example:${secure.port}/secret-path`;
    await expect(poster().send(ask(url))).rejects.toMatchObject({
      code: "DEPTH_ZERO_SELF_SIGNED_CERT",
    });
    expect(secure.received).toEqual([]);
  });

  test("no variable of the environment makes it trusted", async () => {
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    try {
      const sent = poster().send(ask(`https://127.0.0.1:${secure.port}/`));
      await expect(sent).rejects.toMatchObject({ code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
    } finally {
      delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
    }
  });

  test("where nobody speaks it, it is an error", async () => {
    const sent = poster().send(ask(`https://127.0.0.1:${receiver.port}/`));
    await expect(sent).rejects.toMatchObject({ code: "EPROTO" });
  });
});
