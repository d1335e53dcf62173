// Programs and libraries that speak to OpenClaw over HTTP.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { contains, jsonLines, must, refuses } from "../judge.mjs";
import { runToEnd } from "../processes.mjs";
import { TOKEN } from "../stage.mjs";
import { inArea } from "./row.mjs";

const RUN_MS = 120_000;

/** What a program of theirs finds the gateway by. */
const envOf = (stage, token = TOKEN) => ({
  ...stage.theirEnv("http"),
  OPENCLAW_URL: stage.origin,
  OPENCLAW_GATEWAY_TOKEN: token,
  OPENCLAW_TOKEN: token,
});

/** @param {readonly string[]} words */
async function run(stage, words, env = envOf(stage)) {
  await stage.makeHome("http");
  return runToEnd([stage.node, ...words], { env, cwd: join(stage.folder, "http"), ms: RUN_MS });
}

/** What came of each call of an application beside this folder, by its name; it is run once. */
async function called(stage, application) {
  const { found } = stage;
  if (!found[application]) {
    const path = fileURLToPath(new URL(`../${application}`, import.meta.url));
    const { code, stdout, stderr } = await run(stage, [path, stage.packages]);
    must(code === 0, `exit code ${code}: ${stderr.slice(0, 200)}`);
    found[application] = Object.fromEntries(jsonLines(stdout).map((one) => [one.call, one]));
  }
  return found[application];
}

const libraries = (stage) => called(stage, "http-client.mjs");
const mcp = (stage) => called(stage, "mcp-client.mjs");

function lobster(stage, token = TOKEN) {
  const program = join(stage.packages, "@clawdbot/lobster/bin/lobster.js");
  const pipeline = "openclaw.invoke --tool sessions_list --action json";
  return run(stage, [program, "run", pipeline], envOf(stage, token));
}

const NEXT = /no agent is configured on this gateway.*openclaw devices invite/;

export const httpClientRows = inArea("Programs and libraries over HTTP", [
  [
    "openai: models.list()",
    "a `NotFoundError` that says why, and what to do",
    async (stage) => {
      const { kind, error } = (await libraries(stage))["models.list"];
      must(kind === "NotFoundError", `${kind}`);
      contains(error, NEXT);
    },
  ],
  [
    "openai: chat.completions.create({ messages })",
    "the same, with and without `stream`",
    async (stage) => {
      const calls = await libraries(stage);
      contains(calls["chat.completions"].error, NEXT);
      contains(calls.stream.error, NEXT);
    },
  ],
  [
    'openai: new OpenAI({ apiKey: "sk-wrong" })',
    "an `AuthenticationError` with the code `invalid_api_key` that says which secret to send",
    async (stage) => {
      const { kind, code, error } = (await libraries(stage))["wrong key"];
      must(kind === "AuthenticationError" && code === "invalid_api_key", `${kind} ${code}`);
      contains(error, "the gateway's shared secret");
    },
  ],
  [
    "ai: generateText() with @ai-sdk/openai-compatible",
    "its error says why, and what to do",
    async (stage) => contains((await libraries(stage)).generateText.error, NEXT),
  ],
  [
    "lobster run 'openclaw.invoke --tool sessions_list'",
    "refused, with why and what to do",
    async (stage) => {
      const ran = await lobster(stage);
      refuses(ran, "(404)", "no agent is configured on this gateway", "openclaw nodes invoke");
    },
  ],
  [
    "lobster run 'openclaw.invoke …' with a wrong token",
    "refused, with which secret to send",
    async (stage) => refuses(await lobster(stage, "wrong"), "(401)", "the gateway's shared secret"),
  ],
  [
    "openclaw-mcp: the tool openclaw_status",
    "the gateway answers",
    async (stage) => contains((await mcp(stage)).openclaw_status.answer, '"status": "ok"'),
  ],
  [
    "openclaw-mcp: the tool openclaw_chat",
    "a refusal, of whose words it shows the status alone",
    async (stage) => contains((await mcp(stage)).openclaw_chat.answer, "404 Not Found"),
  ],
]);
