// A small application on the npm client `openclaw-node`: connects, makes a few calls, prints one JSON
// line for each thing that happened, and ends. Arguments: folder of packages, URL, identity file, and the
// name that the client's package has there.
import { createRequire } from "node:module";

const [packages, url, deviceIdentityPath, name = "openclaw-node"] = process.argv.slice(2);
const { OpenClawClient } = createRequire(`${packages}/`)(name);
const token = process.env["OPENCLAW_GATEWAY_TOKEN"];

/** @param {Record<string, unknown>} facts */
const print = (facts) => console.log(JSON.stringify(facts));

/** Calls and what came of them: an answer, or the words of the refusal. */
const calls = {
  health: () => client.health(),
  "sessions.list": () => client.sessions.list(),
  "agents.list": () => client.agents.list(),
  // Not chatSync: it drops refusals and answers with an empty text.
  chat: async () => {
    const chunks = [];
    for await (const chunk of client.chat("hello")) chunks.push(chunk);
    return chunks;
  },
};

const client = new OpenClawClient({ url, token, deviceIdentityPath });
client.on("pairingRequired", ({ requestId, reason }) =>
  print({ event: "pairing", requestId, reason }),
);
client.on("error", ({ message }) => print({ event: "error", message }));
client.on("connected", async ({ auth }) => {
  print({ event: "connected", scopes: auth?.scopes });
  for (const [call, run] of Object.entries(calls)) {
    // An older client has not all of them.
    const outcome = await Promise.resolve()
      .then(run)
      .then(
        (answer) => ({ call, answer }),
        (error) => ({ call, error: error.message }),
      );
    print(outcome);
  }
  await client.disconnect();
});
client.connect().catch(({ message }) => print({ event: "failed", message }));
