// The npm client `openclaw-node`, in an application that runs by itself.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Program } from "../../../test/kit/program.mjs";
import { jsonLines, must } from "../judge.mjs";
import { until } from "../processes.mjs";
import { TOKEN } from "../stage.mjs";
import { inArea } from "./row.mjs";

const program = fileURLToPath(new URL("../npm-client.mjs", import.meta.url));

const BACKEND = "gateway-client";
const EXCEPTION = "gateway.auth.devicelessCli";

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
  return until(() => jsonLines(app.stdout).find(fits), what);
}

/** What came of one of its calls. */
const answered = (stage, name) =>
  printed(stage, ({ call }) => call === name, `an answer to ${name}`);

export const npmClientRows = inArea("npm client openclaw-node", [
  [
    "new OpenClawClient({ url, token }).connect()",
    "it is let in with its scopes; its key needs no approval and leaves no record, as with OpenClaw's own gateway",
    async (stage) => {
      await start(stage);
      const { scopes } = await printed(stage, ({ event }) => event === "connected", "it connects");
      must(scopes?.includes("operator.write"), `its scopes are ${scopes}`);
      const { pending, paired } = await stage.ours("devices", "list");
      const known = [...pending, ...paired].filter(({ clientId }) => clientId === BACKEND);
      must(known.length === 0, `${known.length} records of it`);
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
  [
    "openclaw-node where gateway.auth.devicelessCli is never",
    "the code in its event `pairingRequired`; the running application connects by itself once it is approved",
    async (stage) => {
      await stage.ours("config", "set", EXCEPTION, "never");
      try {
        await start(stage);
        const { requestId } = await printed(stage, ({ event }) => event === "pairing", "its event");
        await stage.ours("devices", "approve", requestId);
        await printed(stage, ({ event }) => event === "connected", "it connects");
        await stage.found.app.ended;
      } finally {
        await stage.ours("config", "unset", EXCEPTION);
      }
    },
  ],
]);
