import { expect, test } from "vitest";
import { eventFacts, eventLines, type HostEvent } from "../../../src/cli/node-host/words.ts";
import { openclaw, shell } from "../../../src/protocol/command.ts";
import { onGateway, plainText, say } from "../../../src/protocol/text.ts";

const lines = (event: HostEvent) => eventLines(event, "key").map((line) => plainText(line));

test("what helps is data on the way, a line for people, and a string for programs", () => {
  const next = say`compare, ${onGateway(openclaw`gateway status`)}`;
  const event: HostEvent = { event: "unreachable", message: "no connection", next };
  expect(lines(event)).toEqual([
    "no connection; trying again",
    "  next: compare, on the gateway host: openclaw gateway status",
  ]);
  expect(eventFacts(event)).toEqual({
    event: "unreachable",
    message: "no connection",
    next: "compare, on the gateway host: openclaw gateway status",
  });
});

test("a note that tells a command has it as a fact too", () => {
  const message = say`the allow-list is not to be trusted: ${shell`ls -l ${"/a b"}`}`;
  expect(eventFacts({ event: "note", message })).toEqual({
    event: "note",
    message: "the allow-list is not to be trusted: ls -l '/a b'",
    next: "ls -l '/a b'",
  });
  expect(eventFacts({ event: "note", message: "plain" })).toEqual({
    event: "note",
    message: "plain",
  });
});

test("a text from elsewhere stays on its line", () => {
  const next = "one\ntwo\u001b[31m";
  expect(lines({ event: "unreachable", message: "m", next })[1]).toBe("  next: one two[31m");
});
