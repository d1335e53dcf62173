import { describe, expect, test } from "vitest";
import { limitValues } from "../../src/limits/table.ts";
import type { Asking } from "../../src/notify/asking.ts";
import { composeNotice, testNotice } from "../../src/notify/notice.ts";
import { asking, NOW, sender } from "./support.ts";

const limits = limitValues();
const { notifyTextBytes: maxBytes, notifyShown, notifyAskChars } = limits;
const facts = { sender, now: NOW, limits };

function compose(requests: readonly Asking[], more = 0, by = facts) {
  const shown = requests.map((one) => ({
    requestId: one.requestId,
    source: "",
    tell: () => one,
  }));
  return composeNotice({ shown, more }, by);
}

describe("a message", () => {
  test("says who asks, from where, for what, until when, and what to type", () => {
    expect(compose([asking()])).toMatchObject({
      event: "approval.requested",
      title: "A device asks to be let in",
      body: [
        "“Kitchen tablet” (browser, Linux x86\u02cd64) from 203.0.113.7",
        "asks to be operator: see chats and devices, send messages and run the agent",
        "code 7F3K-Q2MN, key ABAB-ABAB-ABAB-ABAB, 29 min left",
        "openclaw devices approve 7F3K-Q2MN",
        "ssh root@gateway.example.com openclaw devices approve 7F3K-Q2MN",
        "",
        "Gateway home-server, fingerprint 4AEC-269E-DCCC-159C",
      ].join("\n"),
      more: 0,
      sentAtMs: NOW,
    });
  });

  test("leaves out what is not known", () => {
    const nameless = { fingerprint: "4AEC", command: "openclaw", way: { ssh: { port: 22 } } };
    const bare = { sender: nameless, now: NOW, limits };
    const { body } = compose([asking({ address: undefined, expiresAtMs: undefined })], 0, bare);
    expect(body).toBe(
      [
        "“Kitchen tablet” (browser, Linux x86\u02cd64)",
        "asks to be operator: see chats and devices, send messages and run the agent",
        "code 7F3K-Q2MN, key ABAB-ABAB-ABAB-ABAB",
        "openclaw devices approve 7F3K-Q2MN",
        "",
        "Gateway fingerprint 4AEC",
      ].join("\n"),
    );
  });

  test.each([
    ["h.example", "ssh openclaw@h.example approve 7F3K-Q2MN"],
    // Nobody could paste a line without the name of the machine.
    [undefined, "code 7F3K-Q2MN"],
  ])("with approval over SSH at %s the line for it is the last, or is not there", (host, line) => {
    const way = { ssh: { account: "openclaw", port: 22, host } };
    const { body } = compose([asking()], 0, { ...facts, sender: { ...sender, way } });
    expect(body).toContain(line);
    expect(body.match(/^ssh .*$/gm) ?? []).toEqual(host === undefined ? [] : [line]);
  });

  test.each([
    [asking(), "A device asks to be let in", "asks to be operator"],
    [asking({ roles: ["node"], asks: "node" }), "A node asks to be let in", "asks to be node"],
    [asking({ known: true }), "A device asks for more", "is paired and asks to be operator"],
    [
      asking({ kind: "node", known: true, asks: "command system.run" }),
      "A node asks for its commands",
      "is paired and asks for command system\u2024run",
    ],
  ])("has a title that says what it is about (%#)", (request, title, words) => {
    const notice = compose([request]);
    expect(notice.title).toBe(title);
    expect(notice.body).toContain(words);
    const verb = request.kind === "node" ? "nodes" : "devices";
    expect(notice.body).toContain(`\nopenclaw ${verb} approve 7F3K-Q2MN\n`);
  });

  test("about several says how many, and where the rest is", () => {
    const two = [asking(), asking({ requestId: "AAAA-BBBB", name: "Attic" })];
    const { title, body } = compose(two, 54);
    expect(title).toBe("56 requests wait for approval");
    expect(body).toContain("“Kitchen tablet”");
    expect(body).toContain("“Attic”");
    expect(body).toContain("\n\nand 54 more: openclaw devices list\n\n");
  });

  test("shows an address as it is, and what is none as a stranger's text", () => {
    expect(compose([asking({ address: "2001:db8::1" })]).body).toContain(") from 2001:db8::1\n");
    const { body } = compose([asking({ address: "http://evil.example" })]);
    expect(body).toContain(") from http:/evil\u2024example\n");
  });

  test("about who is let in already says what it has, and what of it is new or would end", () => {
    const { body } = compose([
      asking({
        kind: "node",
        known: true,
        asks: "command a; permission b",
        has: "commands a, c",
        new: "permission b",
        ends: "command c",
      }),
    ]);
    expect(body.split("\n").slice(1, 5)).toEqual([
      "is paired and asks for command a; permission b",
      "has now: commands a, c",
      "new: permission b",
      "ends: command c",
    ]);
  });

  const commands = Array.from({ length: 40 }, (_, at) => `command${at}`).join(", ");
  const long = { kind: "node", known: true, asks: `commands system.run, ${commands}` } as const;

  test("shows all that is asked for where it fits, with the line that approves it", () => {
    const { body } = compose([asking(long)]);
    expect(body).toContain(`is paired and asks for commands system\u2024run, ${commands}\n`);
    expect(body).toContain("\nopenclaw nodes approve 7F3K-Q2MN\n");
  });

  test("notifyAskChars: what is cut nobody is told how to approve", () => {
    const way = { ssh: { account: "openclaw", port: 22, host: "h.example" } };
    const several = [asking(), asking({ ...long, requestId: "AAAA-BBBB", has: commands })];
    const crowd = [...several, asking({ ...long, requestId: "CCCC-DDDD" })];
    const { body, requests } = compose(crowd, 0, { ...facts, sender: { ...sender, way } });
    expect(requests).toHaveLength(3);
    const [first = "", second = "", third = ""] = body.split("\n\n");
    expect(first).toContain("\nopenclaw devices approve 7F3K-Q2MN\nssh openclaw@h.example approve");
    for (const [part, code] of [
      [second, "AAAA-BBBB"],
      [third, "CCCC-DDDD"],
    ] as const) {
      const asks = /asks for (.*)/.exec(part)?.[1] ?? "";
      expect([...asks].length).toBe(notifyAskChars);
      expect(asks).toMatch(/^commands system\u2024run, .*…$/);
      expect(part).not.toContain("approve");
      expect(part).toContain(
        `\nopenclaw devices show ${code}\nssh openclaw@h.example show ${code}`,
      );
    }
    // Every fact is in the other shape, so there is the line.
    expect(requests[1]).toMatchObject({ approveCommand: "openclaw nodes approve AAAA-BBBB" });
  });

  test("notifyNameChars, notifyClientChars: names are cut, and nothing depends on them", () => {
    const { notifyNameChars, notifyClientChars } = limits;
    const { body } = compose([asking({ name: "n".repeat(99), client: "c".repeat(99) })]);
    const name = `${"n".repeat(notifyNameChars - 1)}…`;
    expect(body).toContain(`“${name}” (${"c".repeat(notifyClientChars - 1)}…)`);
    expect(body).toContain("openclaw devices approve 7F3K-Q2MN");
  });

  test("never tells of time that is over", () => {
    expect(compose([asking({ expiresAtMs: NOW - 1 })]).body).toContain(", 0 min left");
  });

  test("notifyTextBytes: shows fewer requests where all would be too long", () => {
    const long = Array.from({ length: notifyShown }, (_, at) =>
      asking({
        requestId: `AAAA-BBB${at}`,
        name: "𝔛".repeat(64),
        client: "語".repeat(300),
        address: "2001:db8:1111:2222:3333:4444:5555:6666",
        asks: `commands ${"x".repeat(128)}, ${"語".repeat(400)}`,
      }),
    );
    const target = `ssh://${"u".repeat(32)}@${"h".repeat(200)}:65535`;
    const huge = {
      ...facts,
      sender: { ...sender, name: "🦞".repeat(64), way: { ssh: { port: 22 }, sshTarget: target } },
    };
    const { body, requests, more } = compose(long, 3, huge);
    expect(Buffer.byteLength(body)).toBeLessThanOrEqual(maxBytes);
    expect(requests.length).toBeGreaterThan(0);
    expect(requests.length).toBeLessThan(notifyShown);
    expect(requests.length + more).toBe(notifyShown + 3);
    // The newest are the last to go.
    expect(requests.at(-1)?.requestId).toBe("AAAA-BBB4");
    expect(body).toContain(`and ${more} more: openclaw devices list`);
  });

  test("holds no client's text in its title, nor anything that could be followed or break out", () => {
    const name = "<!channel> ```http://evil.example\nX-Priority: max";
    const { title, body } = compose([asking({ name, client: name, asks: name })]);
    expect(title).toMatch(/^[\x20-\x7e]+$/);
    expect(body).not.toMatch(/<|`|\/\/|evil\.example|\nX-Priority/);
  });
});

test("a test says that it is one", () => {
  const { event, title, body, requests } = testNotice(facts);
  expect([event, title, requests]).toEqual(["test", "Test of the gateway's webhook", []]);
  expect(body).toContain("This is a test: nobody asks for anything.");
  expect(body).not.toContain("approve");
});
