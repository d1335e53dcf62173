import { fixesEnded, isSupported, suitsNewerNode } from "../../../host/node-support.ts";
import { asRoot, openclaw, shell } from "../../../protocol/command.ts";
import { say, type Text } from "../../../protocol/text.ts";
import { agoWords } from "../../kit/age.ts";
import { notesOf } from "../../kit/notes.ts";
import { UNIT } from "../../reach/connect.ts";
import { APART } from "./config-live-checks.ts";
import { type Check, type DoctorFacts, doctorAsRoot } from "./facts.ts";
import { fail, ok, type Verdict, warn } from "./verdict.ts";

const INSTALL_NODE = asRoot(shell`npx --yes n 24`);
const UNIT_LOG = shell`journalctl -u ${UNIT} -n 50 --no-pager`;

const node: Check = ({ program, nowMs }) => {
  const { node: version, glibc } = program;
  if (!isSupported(version)) {
    return fail(`Node.js ${version} is too old: 20.19 or newer is needed.`, INSTALL_NODE);
  }
  const ended = fixesEnded(version, nowMs);
  if (ended === undefined) return ok(`Node.js ${version} gets security fixes.`);
  const words = `Node.js ${version} gets no more security fixes from its makers since ${ended}`;
  if (suitsNewerNode(glibc)) return warn(`${words}.`, INSTALL_NODE);
  return warn(
    `${words}, and newer versions need a newer system (C library ${glibc}, 2.38 needed): ` +
      "Debian 13 and Ubuntu 24.04 have it.",
    say`${shell`cat /etc/os-release`} (and move to one of those when it suits you; until then Node.js 20 keeps working)`,
  );
};

const running: Check = (facts) => {
  const { gateway, nowMs } = facts;
  if (gateway.how === "running") {
    const { version, pid, startedAtMs, supervisor } = gateway.info;
    const by = supervisor === "none" ? "" : ` by ${supervisor}`;
    const since = agoWords(startedAtMs, nowMs);
    return ok(`The gateway ${version} runs, started ${since}${by}, process ${pid}.`);
  }
  if (gateway.how === "stopped") return stopped(facts, gateway.start);
  if (gateway.denied) {
    const message = `Whether the gateway runs can't be told: ${gateway.message}.`;
    return warn(message, doctorAsRoot(facts));
  }
  const next = facts.machine.unit
    ? asRoot(shell`systemctl restart ${UNIT}`)
    : openclaw`gateway restart`;
  return fail(`The gateway does not answer: ${gateway.message}.`, next);
};

function stopped({ machine, state }: DoctorFacts, start: Text): Verdict {
  const held = state.inspection?.heldBy;
  if (held) {
    const who = held.pid === undefined ? "A process" : `Process ${held.pid}`;
    const where = held.adminSocket ?? "an unknown admin socket";
    return warn(
      `${who} uses this state and answers on ${where}, not where this program asked.`,
      held.adminSocket === undefined
        ? openclaw`doctor`
        : { ...openclaw`doctor`, env: { OPENCLAW_ADMIN_SOCKET: held.adminSocket } },
    );
  }
  const active = machine.unit?.active ?? "inactive";
  if (active === "inactive") return warn("The gateway is not running.", start);
  const why = active === "active" ? "says it runs, yet it does not answer" : `calls it ${active}`;
  return fail(`The gateway is not running: systemd ${why}.`, UNIT_LOG);
}

const version: Check = ({ gateway, program }) => {
  if (gateway.how !== "running") return undefined;
  const { version: theirs, supervisor } = gateway.info;
  if (theirs === program.version) return ok("The gateway runs the installed version.");
  return warn(
    `The gateway that runs is version ${theirs}, the program on disk is ${program.version}.`,
    supervisor === "none"
      ? say`${openclaw`gateway stop`} && ${openclaw`gateway run`}`
      : openclaw`gateway restart`,
  );
};

/** Warnings about the configuration that a check here gives as well, where it may read the file. */
const CHECKED = ["CONFIG_UNKNOWN_KEY", "CONFIG_CLEAR_SECRET"];

/** What the gateway found itself, but for what has a check of its own here. */
const warnings: Check = ({ gateway, config }) => {
  if (gateway.how !== "running") return undefined;
  const news = notesOf(gateway.info).filter(({ code = "" }) => {
    const isChecked = CHECKED.includes(code) && config.warnings.some((one) => one.code === code);
    return code !== "NO_SHARED_SECRET" && !isChecked && !APART.includes(code);
  });
  const [first, ...more] = news;
  if (first === undefined) return ok("The gateway itself warns of nothing else.");
  const status = openclaw`gateway status`;
  if (more.length > 0) {
    return warn(`The gateway warns: ${first.message} (and ${more.length} more).`, status);
  }
  return warn(`The gateway warns: ${first.message}.`, first.next ?? status);
};

export const gatewayChecks: Readonly<Record<string, Check>> = {
  "node.version": node,
  "gateway.running": running,
  "gateway.version": version,
  "gateway.warnings": warnings,
};
