import { printJson } from "../../kit/context.ts";
import type { Run } from "../../kit/declare.ts";
import { shown } from "../../kit/words.ts";
import { withGateway } from "../../reach/connect.ts";

/** The test goes through the running gateway: only its process knows what it may connect to. */
const needs = { scopes: [], hostOnly: true } as const;

/** `openclaw notify test`: exit code 0 once the webhook took the message. */
export const notifyTest: Run<unknown> = async (context) => {
  await withGateway(context, needs, async (gateway) => {
    const tested = await gateway.request("host.notify.test");
    if (context.options.json) return printJson(context, tested);
    const { to, status, ms } = tested;
    context.io.out(`${shown(to, 200)} took the test message: status ${status} after ${ms} ms.`);
    context.io.out("It should have arrived where you read such messages.");
  });
};
