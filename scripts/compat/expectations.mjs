// Rows that are known to work with a difference, or not at all, and why. All others are expected to
// work. A run ends with exit code 1 when a row is not seen to do what its line here, or no line, says.

const NO_AGENT = "This gateway has no agent, so nobody can answer";
const ASKS =
  "OpenClaw's own gateway lets programs of its machine in without asking; here the owner does";

/** @type {Record<string, { outcome: "differs" | "refused" | "fails", why: string }>} */
export const expectations = {
  "openclaw gateway stability": {
    outcome: "differs",
    why: "Refusals and closes are counted by name; single events are in the log",
  },
  "openclaw node run --host 127.0.0.1 --port <port>": { outcome: "differs", why: ASKS },
  "web app: open /#token=…": { outcome: "differs", why: ASKS },
  'openclaw agent --agent main --message "hello"': { outcome: "refused", why: NO_AGENT },
  'openclaw-node@0.1.0: client.chat("hello")': { outcome: "refused", why: NO_AGENT },
  "openai: models.list()": { outcome: "refused", why: NO_AGENT },
  "openai: chat.completions.create({ messages })": { outcome: "refused", why: NO_AGENT },
  "ai: generateText() with @ai-sdk/openai-compatible": { outcome: "refused", why: NO_AGENT },
  "lobster run 'openclaw.invoke --tool sessions_list'": { outcome: "refused", why: NO_AGENT },
  "openclaw-mcp: the tool openclaw_chat": { outcome: "refused", why: NO_AGENT },
  'client.chat("hello")': { outcome: "refused", why: NO_AGENT },
  "openclaw devices list (SSH tunnel to a VPS)": {
    outcome: "refused",
    why: "To a loopback address their command line sends no key, and with `gateway.auth.devicelessCli` at `never` nobody has rights without one. Use the gateway's `wss://` address, or this gateway's own `openclaw` on the VPS",
  },
};
