import { lazily, type Shell } from "../kit/shell.ts";

/** `openclaw notify …` */
export function addNotifyCommands(shell: Shell): void {
  const notify = shell.program
    .command("notify")
    .description("the webhook that is told who waits for approval");
  const test = notify.command("test").description("send it a test message and say how that went");
  lazily(shell, test, async () => (await import("./notify-test.ts")).notifyTest);
}
