import { join } from "node:path";
import { shellWord } from "../../../lib/shell-word.ts";
import { blank, openclaw, shell } from "../../../protocol/command.ts";
import { say } from "../../../protocol/text.ts";
import { count } from "../../kit/words.ts";
import {
  asAdmin,
  asOwner,
  type Check,
  type DoctorFacts,
  doctorAsRoot,
  doctorOf,
  type StateEntry,
} from "./facts.ts";
import { fail, note, ok, type Verdict, warn } from "./verdict.ts";

const octal = (mode: number) => `0${mode.toString(8).padStart(3, "0")}`;

const folder: Check = (facts) => {
  const { state, machine, gateway } = facts;
  const { found, folder: path } = state;
  if (!found) return missing(facts);
  if (!found.isFolder) return fail(`${path} is not a folder.`, shell`ls -ld ${path}`);
  if ((found.mode & 0o077) !== 0) {
    const judge = (found.mode & 0o022) === 0 ? warn : fail;
    const can = (found.mode & 0o022) === 0 ? "look into" : "write into";
    return judge(
      `Other users can ${can} the state folder ${path} (mode ${octal(found.mode)}, 0700 wanted).`,
      asOwner(facts, shell`chmod 700 ${path}`),
    );
  }
  if (state.entries) return ok(`The state folder ${path} belongs to user ${found.uid} alone.`);
  const message = `The state folder ${path} can't be read by user ${machine.uid}.`;
  const judge = gateway.how === "running" ? note : fail;
  return judge(message, doctorAsRoot(facts));
};

function missing(facts: DoctorFacts): Verdict {
  const { state, gateway, machine } = facts;
  const { folder: path, installed } = state;
  if (installed !== undefined) {
    return warn(
      `There is no state in ${path}; the installed gateway keeps its own in ${installed}.`,
      asAdmin({ machine }, doctorOf(installed)),
    );
  }
  if (gateway.how === "running") {
    return note(`The state folder ${path} can't be seen from here.`, doctorAsRoot(facts));
  }
  return note(`There is no state in ${path} yet: no gateway ran here.`, openclaw`gateway run`);
}

/** What the gateway keeps; the configuration has its own check, and links have no mode. */
function kept({ state, config }: DoctorFacts): StateEntry[] {
  return (state.entries ?? []).filter(({ kind, name }) => {
    return kind !== "link" && join(state.folder, name) !== config.path;
  });
}

const modes: Check = (facts) => {
  const { state } = facts;
  if (!state.entries || !state.found) return undefined;
  const loose = kept(facts).filter(({ mode }) => (mode & 0o077) !== 0);
  const [first] = loose;
  if (!first) return ok("No file of the state is open to other users.");
  const more = loose.length > 1 ? ` and ${loose.length - 1} more` : "";
  const closed = (state.found.mode & 0o077) === 0;
  const but = closed ? "; only the folder's own mode keeps others out" : "";
  const judge = closed ? warn : fail;
  return judge(
    `${join(state.folder, first.name)} has mode ${octal(first.mode)}${more}, 0600 is wanted${but}.`,
    asOwner(facts, shell`chmod -R go= ${state.folder}`),
  );
};

const owners: Check = (facts) => {
  const { state, machine } = facts;
  if (!state.entries || !state.found) return undefined;
  const { uid } = state.found;
  const wrong = kept(facts).find((entry) => entry.uid !== uid);
  if (!wrong) return ok("All of the state belongs to the folder's owner.");
  const path = state.folder;
  return fail(
    `${join(state.folder, wrong.name)} belongs to user ${wrong.uid}, the folder to user ${uid}.`,
    asAdmin({ machine }, shell`chown -R --reference=${path} ${path}/.`),
  );
};

const store: Check = (facts) => {
  const { gateway, state } = facts;
  if (gateway.how === "running") {
    const { ok: well, lastError } = gateway.status.store;
    if (well) return ok("The gateway writes its state without errors.");
    const message = `The gateway can't write its state: ${lastError ?? "unknown"}.`;
    return fail(message, shell`df -h ${state.folder}`);
  }
  const found = state.inspection;
  if (!found || found.heldBy) return undefined;
  const [first] = found.problems;
  if (first?.code === "STORE_DAMAGED") return damaged(facts, first);
  if (first) return fail(`The state can't be used: ${first.message}.`, first.next);
  if (found.torn === 0) return ok("Snapshots and journals are whole.");
  return note(
    `A crash cut the last write short (${found.torn} bytes, acknowledged to nobody): ` +
      "the next start drops it.",
    gateway.how === "stopped" ? gateway.start : openclaw`gateway run`,
  );
};

/** What lies in a damaged document's files is kept aside, never removed. */
function damaged(
  facts: DoctorFacts,
  { file, message }: { file: string; message: string },
): Verdict {
  const { state } = facts;
  const copy = (state.entries ?? [])
    .map(({ name }) => join(state.folder, name))
    .filter((path) => path.startsWith(`${file}.damaged-`))
    .at(-1);
  const kept = copy === undefined ? "" : `, a copy is kept as ${copy}`;
  const path = state.folder;
  const stem = file.slice(state.folder.length + 1).replace(/\..*$/, "");
  const lost = stem === "gateway" ? "every device pairs anew" : "devices pair again";
  const parts = blank(`${shellWord(path)}/${stem}.*`);
  const aside = asOwner(facts, shell`mkdir ${path}/aside`);
  // A backup need not have every file that is here: what is damaged must not stay beside it.
  const away = asOwner(facts, shell`mv ${parts} ${path}/aside/`);
  const restore = asOwner(facts, shell`cp -a ${blank("BACKUP/.")} ${path}/`);
  return fail(
    `${file} is damaged and the gateway will not start on it: ${message}${kept}.`,
    say`${aside} && ${away} && ${restore} (without a backup leave the last one out: ${lost} then)`,
  );
}

const damagedCopies: Check = (facts) => {
  const copies = (facts.state.entries ?? []).filter(({ name }) => /\.damaged-\w+$/.test(name));
  const [first] = copies;
  if (!first) return facts.state.entries && ok("No copies of damaged files lie around.");
  const found = `${count(copies.length, "copy").replace("copys", "copies")} of damaged files`;
  const all = blank(`${shellWord(facts.state.folder)}/*.damaged-*`);
  return note(
    `${found} in the state, such as ${first.name}: of use until all is restored.`,
    asOwner(facts, shell`mv ${all} /var/tmp/`),
  );
};

/** What is younger may be a write under way. */
const LEFT_OVER_MS = 10 * 60 * 1000;

const leftovers: Check = (facts) => {
  const { state, nowMs } = facts;
  if (!state.entries) return undefined;
  const left = state.entries.filter(({ name, mtimeMs, kind }) => {
    return kind === "file" && name.endsWith(".tmp") && nowMs - mtimeMs > LEFT_OVER_MS;
  });
  const [first] = left;
  if (!first) return ok("No unfinished files lie around.");
  const every = blank(`${shellWord(state.folder)}/*.tmp`);
  const all = left.length === 1 ? join(state.folder, first.name) : every;
  const files =
    left.length === 1 ? "An unfinished file lies" : `${left.length} unfinished files lie`;
  return note(
    `${files} in the state, such as ${first.name}: a write was cut short, nothing is missing.`,
    asOwner(facts, shell`rm ${all}`),
  );
};

export const stateChecks: Readonly<Record<string, Check>> = {
  "state.folder": folder,
  "state.modes": modes,
  "state.owners": owners,
  "state.store": store,
  "state.damaged-copies": damagedCopies,
  "state.leftovers": leftovers,
};
