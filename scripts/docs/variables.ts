import { configPaths, specOf } from "../../src/config/schema.ts";

/** A variable that programs of this project read. */
interface Variable {
  readonly what: string;
  /** Who reads it. */
  readonly by: "gateway" | "commands" | "both" | "node";
}

const KEY_VARIABLES: Readonly<Record<string, Variable>> = Object.fromEntries(
  configPaths().flatMap((path): [string, Variable][] => {
    const { env } = specOf(path);
    if (env === undefined) return [];
    const list = Array.isArray(specOf(path).default) ? " Several are separated by commas." : "";
    return [[env, { what: `\`${path}\`, before what the file says.${list}`, by: "both" }]];
  }),
);

/** Every variable by its name. */
export const variables: Readonly<Record<string, Variable>> = {
  OPENCLAW_STATE_DIR: {
    what: "The folder with the state; `~/.openclaw-gateway` without it.",
    by: "both",
  },
  OPENCLAW_CONFIG_PATH: {
    what: "The configuration's file; `openclaw.json` in the state folder without it.",
    by: "both",
  },
  ...KEY_VARIABLES,
  OPENCLAW_GATEWAY_TOKEN: {
    what: "The shared token. It is stored as a hash at the first start, and changes nothing where one is set already. `docker inspect` shows it to all who may use docker: the file is the better way.",
    by: "gateway",
  },
  OPENCLAW_GATEWAY_TOKEN_FILE: {
    what: "A file with the shared token, such as `/run/secrets/openclaw_token`; likewise.",
    by: "gateway",
  },
  OPENCLAW_GATEWAY_PASSWORD_FILE: {
    what: "A file with the shared password, where `gateway.auth.mode` is `password`; likewise.",
    by: "gateway",
  },
  OPENCLAW_COMMAND: {
    what: "What people type to run the command line, as all hints show it, such as `docker compose exec openclaw-gateway openclaw`.",
    by: "both",
  },
  OPENCLAW_CONTAINER: {
    what: "`1`: this is the gateway's container, so hints lead through `docker compose exec openclaw-gateway` where `OPENCLAW_COMMAND` names no other way. The image sets it; `0`, `false` or `no` turns it off.",
    by: "both",
  },
  OPENCLAW_ADMIN_SOCKET: {
    what: "The owner's Unix socket, where it is not in its usual place.",
    by: "both",
  },
  OPENCLAW_APPROVE_SOCKET: {
    what: "The Unix socket for approval over SSH, where it is not in its usual place.",
    by: "both",
  },
  OPENCLAW_ALLOW_INSECURE_PRIVATE_WS: {
    what: "`1`: a command with `--url` may use `ws://` to private addresses, as OpenClaw's client does.",
    by: "commands",
  },
  OPENCLAW_NODE_URL: { what: "The link of `openclaw connect`.", by: "node" },
  OPENCLAW_NODE_OPTIONS: { what: "Options of `openclaw connect`.", by: "node" },
  OPENCLAW_NODE_DIR: { what: "The folder with a node's key.", by: "node" },
  OPENCLAW_NODE_ALLOW: { what: "The file with what a node may run.", by: "node" },
};

/** The variables as Markdown, with how they stand to the file. */
export function variableReference(): string {
  const readers = { gateway: "the gateway", commands: "commands", both: "both", node: "a node" };
  return [
    "## Variables of the environment",
    "",
    "A key comes from the command line's flag, else from its variable, else from the file, else it has its default. A variable that is set and empty counts as not set. `openclaw config get KEY` and `openclaw doctor` say which of them it comes from. [In a container](docker.md#settings) they stand in `.env` beside compose.yaml or in `compose.override.yaml`.",
    "",
    "| variable | what it does | who reads it |",
    "|---|---|---|",
    ...Object.entries(variables).map(
      ([name, { what, by }]) => `| \`${name}\` | ${what} | ${readers[by]} |`,
    ),
  ].join("\n");
}
