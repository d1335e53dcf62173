// The npm client `openclaw-node`, in an application that runs by itself.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Program } from "../../../test/kit/program.mjs";
import { must } from "../judge.mjs";
import { until } from "../processes.mjs";
import { TOKEN } from "../stage.mjs";
import { inArea } from "./row.mjs";

const program = fileURLToPath(new URL("../npm-client.mjs", import.meta.url));

async function start(stage) {
  const home = join(stage.folder, "app");
  await stage.makeHome("app");
  const words = [stage.node, program, stage.packages, stage.url, join(home, "identity.json")];
  const env = { ...stage.theirEnv("app"), OPENCLAW_GATEWAY_TOKEN: TOKEN };
  stage.found.app = new Program(words, { env, cwd: home, group: true });
}

/** The first thing the application printed that fits, waited for. */
function printed(stage, fits, what) {
  const { app } = stage.found;
  must(app, "the application did not start");
  return until(() => {
    const lines = app.stdout.split("\n").filter((line) => line.startsWith("{"));
    return lines.map((line) => JSON.parse(line)).find(fits);
  }, what);
}

/** What came of one of its calls. */
const answered = (stage, name) =>
  printed(stage, ({ call }) => call === name, `an answer to ${name}`);

export const npmClientRows = inArea("npm client openclaw-node", [
  [
    "new OpenClawClient({ url, token }).connect()",
    "the code in its event `pairingRequired`",
    async (stage) => {
      await start(stage);
      const { requestId } = await printed(stage, ({ event }) => event === "pairing", "its event");
      const { pending } = await stage.ours("devices", "list");
      must(
        pending.some((row) => row.requestId === requestId),
        `no request ${requestId} waits`,
      );
      stage.found.appRequest = requestId;
    },
  ],
  [
    "openclaw-node: its device is approved",
    "the running application connects by itself",
    async (stage) => {
      must(stage.found.appRequest, "it did not ask");
      await stage.ours("devices", "approve", stage.found.appRequest);
      const { scopes } = await printed(stage, ({ event }) => event === "connected", "it connects");
      must(scopes?.includes("operator.write"), `its scopes are ${scopes}`);
    },
  ],
  [
    "client.health()",
    "ok",
    async (stage) => {
      const { answer, error } = await answered(stage, "health");
      must(answer?.ok === true, `${error}`);
    },
  ],
  [
    "client.sessions.list()",
    "a list",
    async (stage) => {
      const { answer, error } = await answered(stage, "sessions.list");
      must(Array.isArray(answer?.sessions ?? answer), `${error ?? JSON.stringify(answer)}`);
    },
  ],
  [
    "client.agents.list()",
    "the default agent",
    async (stage) => {
      const { answer, error } = await answered(stage, "agents.list");
      must(answer?.defaultId === "main", `${error ?? JSON.stringify(answer)}`);
    },
  ],
  [
    'client.chat("hello")',
    "a clear refusal: no agent is set up here",
    async (stage) => {
      const { answer } = await answered(stage, "chat");
      const refusal = answer?.find(({ type }) => type === "error")?.text;
      must(/no agent is configured/.test(refusal ?? ""), JSON.stringify(answer));
      await stage.found.app.ended;
    },
  ],
]);
