import { shellWord } from "../../../lib/shell-word.ts";
import { limitTable } from "../../../limits/table.ts";
import { asRoot, blank, openclaw, shell } from "../../../protocol/command.ts";
import { say } from "../../../protocol/text.ts";
import { spanWords } from "../../kit/age.ts";
import { UNIT } from "../../reach/connect.ts";
import { asAdmin, type Check } from "./facts.ts";
import { fail, note, ok, warn } from "./verdict.ts";

const MiB = 1024 * 1024;
const space: Check = ({ state }) => {
  if (!state.space) return undefined;
  const { bytes, inodes } = state.space;
  const { folder: path } = state;
  const free = `${Math.floor(bytes / MiB)} MiB`;
  if (bytes < MiB) return fail("The disk with the state is full.", shell`df -h ${path}`);
  if (inodes !== undefined && inodes < 16) {
    return fail("The disk with the state has no inodes left for new files.", shell`df -i ${path}`);
  }
  if (bytes < 100 * MiB) {
    return warn(`The disk with the state has only ${free} left.`, shell`df -h ${path}`);
  }
  if (inodes !== undefined && inodes < 1000) {
    return warn(`The disk with the state has only ${inodes} inodes left.`, shell`df -i ${path}`);
  }
  return ok(`The disk with the state has ${free} left.`);
};

/** No gateway of this project was ever started before this. */
const EARLIEST_MS = Date.UTC(2026, 0, 1);
/** Clients whose clock differs by more are refused. */
const TOLERATED_MS = 2 * 60 * 1000;
export const SET_CLOCK = asRoot(shell`timedatectl set-ntp true`);

/** By how many milliseconds the clock was set since the gateway started, as its uptime shows. */
function wasSetBy(info: { startedAtMs: number; uptimeMs: number }, nowMs: number): number {
  return nowMs - (info.startedAtMs + info.uptimeMs);
}

const clock: Check = ({ nowMs, state, config, gateway }) => {
  const says = new Date(nowMs).toISOString().replace(/\.\d+/, "");
  if (nowMs < EARLIEST_MS) {
    return fail(`The clock says ${says}, which is long past: clients are refused.`, SET_CLOCK);
  }
  const setBy = gateway.how === "running" ? wasSetBy(gateway.info, nowMs) : 0;
  if (Math.abs(setBy) > TOLERATED_MS) {
    const way = setBy > 0 ? "forward" : "back";
    return warn(
      `The clock says ${says}: it was set ${way} by ${spanWords(Math.abs(setBy))} since the gateway ` +
        "started, or the machine slept; clients whose clock differs by two minutes are refused.",
      SET_CLOCK,
    );
  }
  const times = [...(state.entries ?? []), ...(config.file ? [config.file] : [])];
  const ahead = Math.max(0, ...times.map(({ mtimeMs }) => mtimeMs)) - nowMs;
  if (ahead <= TOLERATED_MS) return ok(`The clock says ${says}, later than all that was written.`);
  return warn(
    `The clock says ${says}, ${spanWords(ahead)} before the newest file of the state was written: ` +
      "clients whose clock differs by two minutes are refused.",
    SET_CLOCK,
  );
};

const port: Check = ({ machine, gateway }) => {
  if (gateway.how !== "stopped" || !machine.port) return undefined;
  const { number, takenBy } = machine.port;
  if (takenBy === undefined) return ok(`Port ${number} is free.`);
  const listener = asAdmin({ machine }, shell`ss -ltnp ${`sport = :${number}`}`);
  const another = openclaw`config set gateway.port ${blank("PORT")}`;
  return fail(
    `Port ${number} is taken by ${takenBy}, so the gateway can't listen there.`,
    say`${listener} (or another: ${another})`,
  );
};

const supervision: Check = ({ machine, gateway }) => {
  const by = gateway.how === "running" ? gateway.info.supervisor : "none";
  const { unit, pm2 } = machine;
  const unitUp = unit !== undefined && ["active", "activating", "reloading"].includes(unit.active);
  const byPm2 = by === "pm2" || pm2.alive || pm2.saved;
  if (!(unitUp || unit?.enabled || by === "systemd") || !byPm2) {
    return ok("At most one supervisor starts the gateway.");
  }
  const both = `systemd (${UNIT}) and pm2 both`;
  const next =
    by === "pm2"
      ? asRoot(shell`systemctl disable --now ${UNIT}`)
      : say`${shell`pm2 delete ${UNIT}`} && ${shell`pm2 save --force`}`;
  return unitUp && (by === "pm2" || pm2.alive)
    ? fail(`${both} run the gateway: one of them fails again and again.`, next)
    : warn(`${both} start the gateway: only one of them can succeed.`, next);
};

/** Files that the gateway has open besides its connections. */
const SPARE_FILES = 500;
const WANTED_FILES = 20_000;
/** The process id of the shell where it is typed, which starts the gateway. */
const OWN_SHELL = blank("$$");

const openFiles: Check = ({ machine, gateway }) => {
  if (!machine.openFiles) return undefined;
  const { soft, hard } = machine.openFiles;
  const most = limitTable.connections.value;
  if (soft >= most + SPARE_FILES)
    return ok(`${soft} files may be open: enough for ${most} connections.`);
  const said = `Only ${soft} files may be open (at most ${hard}), which is less than ${most} connections need`;
  if (gateway.how === "running" && gateway.info.supervisor === "systemd") {
    const line = `LimitNOFILE=${WANTED_FILES}`;
    return warn(`${said}; [Service] ${line} raises it.`, asRoot(shell`systemctl edit ${UNIT}`));
  }
  const pid = gateway.how === "running" ? String(gateway.info.pid) : OWN_SHELL;
  const raise = shell`prlimit --pid ${pid} --nofile=${WANTED_FILES}:${WANTED_FILES}`;
  return warn(`${said}.`, asAdmin({ machine }, raise));
};

const otherCommand: Check = ({ machine, program }) => {
  const { binary } = machine.others;
  if (binary === undefined) return ok("No other program is called openclaw here.");
  return warn(
    `${binary} is another program: a command that starts with openclaw reaches that one.`,
    shell`export ${blank(`OPENCLAW_COMMAND=${shellWord(program.call)}`)}`,
  );
};

const otherGateway: Check = ({ machine }) => {
  const { home, defaultPort } = machine.others;
  const signs = [
    ...(home === undefined ? [] : [`its state ${home}`]),
    ...(defaultPort ? ["a listener on its port 18789"] : []),
  ];
  if (signs.length === 0) return ok("No other OpenClaw is on this machine.");
  return note(
    `Another OpenClaw is on this machine (${signs.join(", ")}); it is left alone.`,
    openclaw`config get gateway.port`,
  );
};

export const machineChecks: Readonly<Record<string, Check>> = {
  "disk.space": space,
  clock,
  port,
  supervision,
  "open-files": openFiles,
  "other.command": otherCommand,
  "other.gateway": otherGateway,
};
