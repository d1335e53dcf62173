import { expect, test } from "vitest";
import { confirm } from "../../../src/cli/kit/confirm.ts";
import { openclaw } from "../../../src/protocol/command.ts";
import { FakeIo } from "../support/io.ts";

function asking(...answers: string[]) {
  const io = new FakeIo();
  io.asksPerson = true;
  io.answers.push(...answers);
  return { io, context: { io, options: {} } };
}

test.each(["y", "Y", "yes", " YES "])("%j is a yes", async (answer) => {
  const { io, context } = asking(answer);
  await confirm(context, {});
  expect(io.questions).toEqual(["Do it? [y/N] "]);
});

test.each(["", "n", "no", "yess", "oh yes"])("%j is a no", async (answer) => {
  const { context } = asking(answer);
  await expect(confirm(context, {})).rejects.toMatchObject({
    exit: "failed",
    message: "nothing was changed",
  });
});

test("--yes asks nobody, also where nobody could be asked", async () => {
  const { io, context } = asking();
  io.asksPerson = false;
  await confirm(context, { yes: true });
  expect(io.questions).toEqual([]);
});

test("the question is the command's own", async () => {
  const { io, context } = asking("y");
  await confirm(context, { question: "Go on?" });
  expect(io.questions).toEqual(["Go on? [y/N] "]);
});

test("where nobody can be asked it says what to type instead", async () => {
  const { io, context } = asking();
  io.asksPerson = false;
  const message = "the above was not done: nobody can be asked here";
  await expect(confirm(context, {})).rejects.toMatchObject({
    message,
    next: "repeat the command with --yes",
  });
  const next = openclaw`config migrate-secrets --yes`;
  await expect(confirm(context, { next })).rejects.toMatchObject({ message, next });
});
