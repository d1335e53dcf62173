import { expect, test } from "vitest";
import { FakeIo, openclaw } from "./support/io.ts";

async function typed(command: string) {
  const io = new FakeIo();
  return { exit: await openclaw(command, io), text: io.text, errors: io.errorText };
}

test.each([
  ["help", "openclaw [options] [command]"],
  ["help devices", "openclaw devices [options]"],
  ["help devices approve", "openclaw devices approve [options]"],
  ["devices help approve", "openclaw devices approve [options]"],
  ["help devices invite list", "openclaw devices invite list [options]"],
  ["help devices approve 7F3K-Q2MN", "openclaw devices approve [options]"],
  ["--url wss://gw.example help logs", "openclaw logs [options]"],
  ["devices approve --help", "openclaw devices approve [options]"],
])("%s", async (words, usage) => {
  const { exit, text } = await typed(words);
  expect([exit, text]).toEqual([0, expect.stringContaining(`Usage: ${usage}`)]);
});

test.each([
  ["help bogus", "unknown command 'bogus'", "--help"],
  ["bogus --help", "unknown command 'bogus'", "--help"],
  ["help devices bogus", "unknown command 'bogus'", "devices --help"],
  ["devices help bogus", "unknown command 'bogus'", "devices --help"],
  ["devices bogus --help", "unknown command 'bogus'", "devices --help"],
  ["help pairing", "there is no command “pairing” here", "devices list"],
])("%s is refused", async (words, said, next) => {
  const { exit, text, errors } = await typed(words);
  expect([exit, text, errors]).toEqual([2, "", expect.stringContaining(said)]);
  expect(errors).toContain(`next: openclaw ${next}`);
});
