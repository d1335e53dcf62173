import { describe, expect, test } from "vitest";
import { askText } from "../../src/methods/request-news.ts";
import { plainText } from "../../src/protocol/text.ts";
import type { RequestRow } from "../../src/words/request-kinds.ts";
import { startTestGateway } from "../kit/gateway.ts";
import { approvedNode, capabilitiesCode, reconnect } from "../nodes/support.ts";

const askLine = (row: RequestRow, askChars = 60) =>
  plainText(askText(row, askChars), { here: "oc" });

describe("what the log says of a request", () => {
  const row: RequestRow = { requestId: "7F3K-Q2MN", ts: 0, nodeId: "n", commands: ["system.run"] };

  test("is what it asks for and the line that allows it, as people type it here", () => {
    expect(askLine(row)).toBe("command system.run; to allow it: oc nodes approve 7F3K-Q2MN");
  });

  test("is what of it is new, where something was approved before", () => {
    const more = { ...row, approvedCommands: [], permissions: { "a.b": true } };
    expect(askLine(more)).toBe(
      "command system.run; permission a.b (new: command system.run…; all of it: oc devices show 7F3K-Q2MN",
    );
    expect(askLine(more, 200)).toBe(
      "command system.run; permission a.b (new: command system.run; permission a.b); to allow it: oc nodes approve 7F3K-Q2MN",
    );
  });

  test("askChars: where not all of it fits, names the command that shows it and none that allows it", () => {
    const commands = [...Array.from({ length: 9 }, (_, at) => `aaaa.${at}`), "system.run"];
    const line = askLine({ ...row, commands });
    expect(line).toMatch(
      /^commands system\.run, aaaa\.0, .*…; all of it: oc devices show 7F3K-Q2MN$/,
    );
    expect(line).not.toContain("approve");
  });
});

test("askChars: a node that asks for much is one line of the log, cut and without the command that allows it", async () => {
  const gateway = await startTestGateway();
  const node = await approvedNode(gateway, ["system.notify"]);
  const caps = Array.from({ length: 60 }, (_, at) => `ability-number-${at}`);
  await reconnect(gateway, node, ["system.notify", "system.run"], { caps });
  const code = await capabilitiesCode(gateway, node.nodeId);
  const line = gateway.log.find(({ facts }) => facts["requestId"] === code);
  expect(line?.message).toMatch(new RegExp(`…; all of it: .* show ${code}$`));
  await gateway.close();
});
