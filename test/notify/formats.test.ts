import { describe, expect, test } from "vitest";
import { limitValues } from "../../src/limits/table.ts";
import { render } from "../../src/notify/formats.ts";
import { composeNotice } from "../../src/notify/notice.ts";
import { asking, NOW, sender } from "./support.ts";

const limits = limitValues();

const compose = (asks = asking()) =>
  composeNotice(
    { shown: [{ requestId: "7F3K-Q2MN", source: "", tell: () => asks }], more: 2 },
    { sender, now: NOW, limits },
  );
const notice = compose();

describe("json", () => {
  const { headers, body } = render.json(notice);
  const facts = JSON.parse(body);

  test("is JSON with every fact of the requests, and the lines that approve them", () => {
    expect(headers).toEqual({ "content-type": "application/json" });
    expect(facts).toMatchObject({
      event: "approval.requested",
      gateway: { name: "home-server", fingerprint: "4AEC-269E-DCCC-159C" },
      more: 2,
      sentAtMs: NOW,
    });
    expect(facts.requests).toEqual([
      {
        ...asking(),
        minutesLeft: 29,
        approveCommand: "openclaw devices approve 7F3K-Q2MN",
        sshCommand: "ssh root@gateway.example.com openclaw devices approve 7F3K-Q2MN",
      },
    ]);
  });

  test("has the keys that Apprise reads, with values that it takes", () => {
    expect(facts.title).toBe("3 requests wait for approval");
    expect(facts.body).toBe(notice.body);
    expect(["info", "success", "warning", "failure"]).toContain(facts.type);
    for (const key of ["tag", "tags", "format", "attach", "attachment", "urls"]) {
      expect(facts).not.toHaveProperty(key);
    }
  });
});

test("notifyRequestBytes: a request that is too long keeps its code, and no line that approves it", () => {
  const { notifyRequestBytes, notifyAskChars } = limits;
  const commands = Array.from({ length: 256 }, (_, at) => `system.run${"x".repeat(100)}${at}`);
  const node = asking({
    kind: "node",
    commands,
    caps: commands,
    permissions: commands,
    asks: `commands ${commands.join(", ")}`,
    has: "nothing any more",
  });
  const { requests } = JSON.parse(render.json(compose(node)).body);
  const [told] = requests;
  expect(Buffer.byteLength(JSON.stringify(told))).toBeLessThanOrEqual(notifyRequestBytes);
  expect(told).toMatchObject({
    requestId: "7F3K-Q2MN",
    has: "nothing any more",
    showCommand: "openclaw devices show 7F3K-Q2MN",
    sshCommand: "ssh root@gateway.example.com openclaw devices show 7F3K-Q2MN",
  });
  expect([...told.asks].length).toBe(notifyAskChars);
  for (const key of ["approveCommand", "commands", "caps", "permissions", "scopes"]) {
    expect(told).not.toHaveProperty(key);
  }
});

test("text is the message itself, with the title in a header that any server takes", () => {
  const { headers, body } = render.text(notice);
  expect(body).toBe(notice.body);
  expect(headers).toEqual({
    "content-type": "text/plain; charset=utf-8",
    title: "3 requests wait for approval",
    tags: "key",
  });
});

describe("slack", () => {
  test("is one text: the title, and the rest in a block of code", () => {
    const { headers, body } = render.slack(notice);
    expect(headers).toEqual({ "content-type": "application/json" });
    const message = JSON.parse(body);
    expect(Object.keys(message)).toEqual(["text"]);
    expect(message.text).toBe(`3 requests wait for approval\n\`\`\`\n${notice.body}\n\`\`\``);
  });

  test("stays within what Discord takes, and no name gets out of the block", () => {
    const name = "``` @everyone <!channel> &amp; [x](http://evil.example)";
    const loud = composeNotice(
      {
        shown: Array.from({ length: 5 }, (_, at) => ({
          requestId: `AAAA-BBB${at}`,
          source: "",
          tell: () => asking({ name, asks: "<&>".repeat(100) }),
        })),
        more: 9,
      },
      { sender, now: NOW, limits },
    );
    const { text } = JSON.parse(render.slack(loud).body);
    expect(text.length).toBeLessThanOrEqual(2000);
    expect(text.split("```")).toHaveLength(3);
    expect(text).not.toMatch(/[<>&]/);
  });
});
