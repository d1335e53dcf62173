// Starts the MCP server `openclaw-mcp` as an assistant does, and prints what its tools answer, one JSON
// line each. Arguments: folder of packages.
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [packages = ""] = process.argv.slice(2);
const { resolve } = createRequire(`${packages}/`);
/** @param {string} name */
const load = (name) => import(pathToFileURL(resolve(`@modelcontextprotocol/sdk/${name}`)).href);
const { Client } = await load("client/index.js");
const { StdioClientTransport } = await load("client/stdio.js");

const server = join(packages, "openclaw-mcp/dist/index.js");
const client = new Client({ name: "compat", version: "1.0.0" });
await client.connect(
  new StdioClientTransport({
    command: process.execPath,
    args: [server],
    env: { ...process.env },
    stderr: "ignore",
  }),
);
for (const [name, args] of Object.entries({
  openclaw_status: {},
  openclaw_chat: { message: "hello" },
})) {
  const { content } = await client.callTool({ name, arguments: args });
  console.log(JSON.stringify({ call: name, answer: content[0].text }));
}
await client.close();
