import { declare } from "../../kit/declare.ts";

const test = declare({
  name: "test",
  summary: "send it a test message and say how that went",
}).runs(async () => (await import("./test.ts")).notifyTest);

/** `openclaw notify …` */
export const notify = declare({
  name: "notify",
  summary: "the webhook that is told who waits for approval",
  under: [test],
});
