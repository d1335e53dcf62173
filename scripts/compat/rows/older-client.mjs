// The npm client `openclaw-node` as it was first published: it speaks protocol 3 alone, as many apps do that
// are installed.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { jsonLines, must } from "../judge.mjs";
import { runToEnd } from "../processes.mjs";
import { TOKEN } from "../stage.mjs";
import { inArea } from "./row.mjs";

const PACKAGE = "openclaw-node-0.1.0";
const RUN_MS = 60_000;
const application = fileURLToPath(new URL("../npm-client.mjs", import.meta.url));

/** What the application printed, which is run once. @param {import("../stage.mjs").Stage} stage */
async function printed(stage) {
  const { found } = stage;
  if (!found.older) {
    const home = join(stage.folder, "older-app");
    await stage.makeHome("older-app");
    const identity = join(home, "identity.json");
    const words = [stage.node, application, stage.packages, stage.url, identity, PACKAGE];
    const env = { ...stage.theirEnv("older-app"), OPENCLAW_GATEWAY_TOKEN: TOKEN };
    const { stdout } = await runToEnd(words, { env, cwd: home, ms: RUN_MS });
    found.older = jsonLines(stdout);
  }
  return found.older;
}

/** What came of one of its calls. */
const answered = async (stage, name) =>
  (await printed(stage)).find(({ call }) => call === name) ?? {};

export const olderClientRows = inArea("npm client openclaw-node 0.1.0 (protocol 3)", [
  [
    "openclaw-node@0.1.0: new OpenClawClient({ url, token }).connect()",
    "it is let in with its scopes, and protocol 3 is spoken",
    async (stage) => {
      const lines = await printed(stage);
      const { scopes } = lines.find(({ event }) => event === "connected") ?? {};
      must(scopes?.includes("operator.write"), JSON.stringify(lines[0]));
    },
  ],
  [
    "openclaw-node@0.1.0: client.health()",
    "ok",
    async (stage) => {
      const { answer, error } = await answered(stage, "health");
      must(answer?.ok === true, `${error}`);
    },
  ],
  [
    "openclaw-node@0.1.0: client.sessions.list()",
    "a list",
    async (stage) => {
      const { answer, error } = await answered(stage, "sessions.list");
      must(Array.isArray(answer?.sessions), `${error}`);
    },
  ],
  [
    'openclaw-node@0.1.0: client.chat("hello")',
    "a clear refusal: no agent is set up here",
    async (stage) => {
      const { answer, error } = await answered(stage, "chat");
      must(/no agent is configured/.test(JSON.stringify(error ?? answer)), JSON.stringify(answer));
    },
  ],
]);
