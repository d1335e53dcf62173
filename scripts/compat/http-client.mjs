// A small application on two libraries for OpenAI's API, `openai` and `ai`: makes a call with each, and
// prints one JSON line for what came of it. Arguments: folder of packages.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [packages] = process.argv.slice(2);
const { resolve } = createRequire(`${packages}/`);
/** @param {string} name */
const load = (name) => import(pathToFileURL(resolve(name)).href);
const apiKey = process.env["OPENCLAW_GATEWAY_TOKEN"];
const baseURL = `${process.env["OPENCLAW_URL"]}/v1`;

const { default: OpenAI } = await load("openai");
const { generateText } = await load("ai");
const { createOpenAICompatible } = await load("@ai-sdk/openai-compatible");

const openai = new OpenAI({ baseURL, apiKey });
const wrong = new OpenAI({ baseURL, apiKey: "sk-wrong" });
const provider = createOpenAICompatible({ name: "openclaw", baseURL, apiKey });
const model = "openclaw";
/** @type {{ role: "user", content: string }[]} */
const messages = [{ role: "user", content: "hello" }];

const calls = {
  "models.list": () => openai.models.list(),
  "chat.completions": () => openai.chat.completions.create({ model, messages }),
  stream: () => openai.chat.completions.create({ model, messages, stream: true }),
  "wrong key": () => wrong.models.list(),
  generateText: () => generateText({ model: provider(model), prompt: "hello" }),
};

for (const [call, run] of Object.entries(calls)) {
  const outcome = await run().then(
    (answer) => ({ call, answer }),
    (error) => ({ call, kind: error.constructor.name, code: error.code, error: error.message }),
  );
  console.log(JSON.stringify(outcome));
}
