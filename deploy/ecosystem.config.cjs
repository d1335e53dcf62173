// The gateway under pm2: `npx pm2 start deploy/ecosystem.config.cjs`, then `npx pm2 save`.
//
// Nothing secret belongs here: pm2 keeps the environment in clear in its dump file. The shared token
// is kept hashed in the gateway's state: `openclaw token new`.
const { existsSync, realpathSync } = require("node:fs");
const { join } = require("node:path");

/** An installed release brings its own Node.js, and belongs to a user of its own. */
const installed = existsSync(join(__dirname, "../bin/node"));

/** pm2 keeps these paths: by the link they lead to the release that runs after an update too. */
const current = "/opt/openclaw-gateway/current";
const isCurrent = existsSync(current) && realpathSync(current) === join(__dirname, "..");
const home = isCurrent ? current : join(__dirname, "..");

/** Clients get 5 s to take their answers and the reason of the close; pm2 kills only after more. */
const DRAIN_MS = 5_000;

module.exports = {
  apps: [
    {
      name: "openclaw-gateway",
      script: join(home, "dist/index.js"),
      args: ["gateway", "run"],
      interpreter: installed ? join(home, "bin/node") : process.execPath,
      ...(installed && { uid: "openclaw-gateway", gid: "openclaw-gateway" }),
      // One process: the state has one writer, and pm2's cluster mode cannot share our own sockets.
      exec_mode: "fork",
      instances: 1,
      // The gateway says when it accepts. pm2 calls it online after listen_timeout in any case.
      wait_ready: true,
      listen_timeout: 30_000,
      kill_timeout: DRAIN_MS + 10_000,
      autorestart: true,
      exp_backoff_restart_delay: 200,
      // A bad configuration does not get better by itself; `openclaw config validate` says where. (pm2
      // then shows "waiting restart", though it waits for nothing but `pm2 restart`.)
      stop_exit_codes: [78],
      // pm2's own instruments inside the process: they cost memory and keep it from ending by itself.
      pmx: false,
      vizion: false,
      // The log is JSON lines with their own time.
      merge_logs: true,
      env: {
        NODE_ENV: "production",
        ...(installed && {
          OPENCLAW_STATE_DIR: "/var/lib/openclaw-gateway",
          OPENCLAW_CONFIG_PATH: "/etc/openclaw-gateway/openclaw.json",
        }),
      },
    },
  ],
};
