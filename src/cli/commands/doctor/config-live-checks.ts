import { openclaw } from "../../../protocol/command.ts";
import { notesOf, type ReportedNote } from "../../kit/notes.ts";
import type { Check, DoctorFacts } from "./facts.ts";
import { fail, note, ok, warn } from "./verdict.ts";

/** Notes of a running gateway that {@link inForce} gives, in the order of their weight. */
export const APART: readonly string[] = ["CONFIG_REPLACED", "CONFIG_NOT_IN_FORCE", "CONFIG_WATCH"];

function reported({ gateway }: DoctorFacts): ReportedNote[] {
  return gateway.how === "running" ? notesOf(gateway.info) : [];
}

const STATUS = openclaw`gateway status`;

/** Whether what the gateway does is what the file says. */
const inForce: Check = (facts) => {
  const { gateway, config } = facts;
  if (gateway.how !== "running") return undefined;
  const notes = reported(facts);
  const [worst] = APART.flatMap((code) => notes.filter((one) => one.code === code));
  if (worst) {
    const judge = worst.code === "CONFIG_WATCH" ? warn : fail;
    const message = worst.message.charAt(0).toUpperCase() + worst.message.slice(1);
    return judge(`${message}.`, worst.next ?? STATUS);
  }
  const { configMark } = gateway.info;
  if (configMark === undefined || config.mark === undefined) return undefined;
  if (configMark !== config.mark) {
    return fail(
      `The gateway does not see the ${config.path} that this program sees: another file is mounted there, or it is an older one.`,
      openclaw`config get`,
    );
  }
  return ok("What the configuration says is what the gateway read.");
};

/** Names in the lists of node commands that no node has. */
const nodeCommands: Check = ({ gateway, config }) => {
  // A gateway that runs knows which of them a node of another program has, and warns of the others.
  if (gateway.how === "running") return undefined;
  const unknown = config.warnings.filter(({ code }) => code === "CONFIG_UNKNOWN_COMMAND");
  const slip = unknown.find(({ nearest }) => nearest !== undefined);
  if (slip) return warn(`In line ${slip.line ?? 1} ${slip.message}`, slip.next);
  const [foreign] = unknown;
  return foreign && note(`In line ${foreign.line ?? 1} ${foreign.message}.`, foreign.next);
};

export const configLiveChecks: Readonly<Record<string, Check>> = {
  "config.in-force": inForce,
  "config.node-commands": nodeCommands,
};
