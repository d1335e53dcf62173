import { once } from "node:events";
import { lstatSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ConfigFlags } from "../config/load.ts";
import { type FirstStart, firstStart, type GivenSecrets } from "../gateway/first-start.ts";
import { inContainer } from "../host/container.ts";
import { stateFolder } from "../host/paths.ts";
import type { StopSignal } from "../host/stop-signal.ts";
import { detectSupervisor } from "../host/supervisor.ts";
import { systemdNotifier } from "../host/systemd.ts";
import type { Environment } from "../lib/environment.ts";
import type { Logger } from "../lib/log.ts";
import type { LogRing } from "../lib/log-ring.ts";
import { version } from "../lib/version.ts";
import { systemWorld } from "../lib/world.ts";
import { limitValues } from "../limits/table.ts";
import { openclaw } from "../protocol/command.ts";
import { type CodedFailure, isCoded } from "../protocol/errors.ts";
import { plainText, say, typedFact } from "../protocol/text.ts";
import { callsOfStopped } from "../words/command.ts";
import { foldText } from "../words/fold.ts";
import { folderOwnerCure, type MountCure, ownUser } from "../words/mount-owner.ts";
import { tunnelLine } from "../words/tunnel.ts";
import { banner } from "./banner.ts";
import { containerNotes } from "./container-notes.ts";
import { type Core, openCore } from "./core.ts";
import { takeSecrets } from "./given-secrets.ts";
import { newRing, openLog } from "./log.ts";
import { type RunningServer, startServer } from "./server.ts";
import { type SupervisedServer, Supervision } from "./supervision.ts";

const EXIT_CONFIG = 78;
const EXIT_STATE = 6;
const EXIT_FAILED = 1;
/** How long an answer has to go out before what it says is done, in milliseconds. */
const ANSWER_MS = 20;
/** How long an announced restart is believed, in milliseconds. */
const EXPECT_MS = 30_000;

export interface RunOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly flags: { readonly port?: number | undefined; readonly bind?: string | undefined };
  /** A person sees the output: secrets of a first start may be shown, and logs are readable lines. */
  readonly terminal: boolean;
  /** Heard since the program began to load. */
  readonly stop: StopSignal;
}

/** Runs the gateway in the foreground until it is told to stop. Resolves with the exit code. */
export async function runGateway(options: RunOptions): Promise<number> {
  let port = options.flags.port;
  let given: GivenSecrets | undefined;
  const logRing = newRing();
  for (;;) {
    const { log, close, reopen } = await openLog(options, logRing);
    try {
      given ??= await takeSecrets(options.env);
      const flags = { ...options.flags, port };
      const ended = await runOnce({
        ...options,
        flags,
        given,
        log,
        reopenLog: reopen,
        logRing,
      });
      if (ended === "stop" || options.stop.asked) return 0;
      // A gateway on any free port keeps the one that clients know.
      if (port === 0) port = ended.port;
    } catch (error) {
      return explainStart(error, options.env, log);
    } finally {
      await close();
    }
  }
}

type OnceOptions = RunOptions & {
  given: GivenSecrets;
  log: Logger;
  reopenLog: () => void;
  logRing: LogRing;
};

/** `stop`, or a restart and the TCP port that it listened on. */
type Ended = "stop" | { readonly port: number };

async function runOnce(options: OnceOptions): Promise<Ended> {
  const { env, log, stop } = options;
  const supervision = superviseBy(options);
  // The journal's copy of the audit is there to compare with, whatever `logging.level` says.
  const core = await supervision.during(
    openCore({ env, flags: flagsOf(options), log, journal: log.child({}, { level: "info" }) }),
  );
  try {
    if (!stop.asked) return await serve({ core, supervision }, options);
    // Told to stop while the state was read: no client was let in yet, so there is none to tell.
    log.info({ why: "stop" }, "stopping before the start was over");
    return "stop";
  } finally {
    supervision.end();
    await supervision.during(core.close());
  }
}

interface Prepared {
  readonly core: Core;
  readonly supervision: Supervision;
}

/** Listens until it is asked to restart or stop, and drains. */
async function serve(prepared: Prepared, options: OnceOptions): Promise<Ended> {
  const { core, supervision } = prepared;
  const { env, log, stop } = options;
  const ending = new AbortController();
  // The client that asked gets its answer first. A second client's request changes nothing.
  const ask = (what: "restart" | "stop") => void setTimeout(() => ending.abort(what), ANSWER_MS);
  let expectedUntil = 0;
  let first: FirstStart = { notes: [] };
  const server = await startServer(core, {
    log,
    logRing: options.logRing,
    supervisor: detectSupervisor(env),
    pageFolder: join(dirname(fileURLToPath(import.meta.url)), "dashboard"),
    setLogLevel: (level) => {
      log.level = level;
    },
    // A client must not meet a gateway whose secret is not set yet; and where the port is taken, no
    // secret must have been made that nobody is shown.
    beforeReady: async () => {
      first = await prepare(core, options);
    },
    ask,
    expectRestart: () => {
      // The client that announced it may then lack the right to do it.
      expectedUntil = core.world.monotonic() + EXPECT_MS;
    },
  });
  stop.listen({ stop: () => ask("stop"), reload: () => reload(core, options) });
  let why: "restart" | "stop" = "stop";
  try {
    await supervision.ready(supervised(core, server));
    welcome(core, { server, first }, options);
    why = await reasonOf(ending.signal);
    log.info({ why }, why === "restart" ? "restarting" : "stopping");
    await supervision.stopping(why);
  } finally {
    const again = core.world.monotonic() < expectedUntil;
    await supervision.during(server.close(again ? "restart" : why));
  }
  return why === "stop" ? why : { port: server.port };
}

/** Resolves with what was asked for, once it was. */
async function reasonOf(signal: AbortSignal): Promise<"restart" | "stop"> {
  if (!signal.aborted) await once(signal, "abort");
  return signal.reason;
}

/** The configuration is followed anyway; some have the habit of asking for it, and so does logrotate. */
function reload(core: Core, { log, reopenLog }: OnceOptions): void {
  reopenLog();
  log.info({}, "SIGHUP: the configuration is read again");
  core.config.reload().catch((error) => log.warn({ err: error }, "it could not be read"));
}

function superviseBy({ env, log }: OnceOptions): Supervision {
  const warn = (message: string) => log.warn(message);
  const notifier = systemdNotifier(env, warn);
  return new Supervision({ world: systemWorld, limits: limitValues(), notifier, warn });
}

function supervised(core: Core, server: RunningServer): SupervisedServer {
  return {
    listening: server.info.listening,
    probe: server.probe,
    turnedAway: () => server.turnedAway,
    crowd: () => {
      const { operator, node } = server.gateway.registry.byRole();
      return { operators: operator, nodes: node, pending: core.pairing.counts().pending };
    },
    commits: () => [core.state.stats],
  };
}

/** What only a first start does: the shared token and the owner's link. */
function prepare(core: Core, { given, terminal }: OnceOptions): Promise<FirstStart> {
  return firstStart({
    world: core.world,
    secretStore: core.secretStore,
    document: core.documents.secrets,
    decisions: core.decisions,
    pairing: core.pairing,
    secrets: core.secrets,
    kind: core.config.current.gateway.auth.mode,
    given,
    terminal,
  });
}

/** Says where the gateway is and what to do next. */
function welcome(
  core: Core,
  started: { server: RunningServer; first: FirstStart },
  options: OnceOptions,
): void {
  const { env, log, terminal } = options;
  const { server, first } = started;
  for (const note of first.notes) server.warn(note);
  if (core.isContainer) containerNotes(core.config.started).forEach(server.warn);
  const { info } = server;
  const { calls } = core;
  const { fingerprint } = core.secretStore.identity;
  const counts = core.pairing.counts();
  if (terminal) {
    const tunnel = tunnelLine(info.pageUrl, env);
    const text = banner({ info, first, fingerprint, counts, tunnel });
    const width = process.stdout.columns || Number.POSITIVE_INFINITY;
    process.stdout.write(foldText(text, { width, calls }));
  }
  const ready = { version, pid: process.pid, listening: info.listening, fingerprint };
  // The banner said it already.
  if (terminal) log.debug(ready, "gateway ready");
  else log.info(ready, "gateway ready");
  if (!terminal && counts.devices === 0) {
    const text = say`no browser is paired yet; this prints the link that pairs the first one: ${openclaw`devices invite`}`;
    log.info(typedFact(text, calls), plainText(text, calls));
  }
  for (const { code, text } of info.notes) {
    log.warn({ code, ...typedFact(text, calls) }, plainText(text, calls));
  }
  process.send?.("ready");
}

function flagsOf(options: RunOptions): ConfigFlags {
  const { port, bind } = options.flags;
  return {
    ...(port !== undefined && { "gateway.port": port }),
    ...(bind !== undefined && { "gateway.bind": bind }),
  };
}

/** Says why the gateway could not start, with the next step, and returns the exit code. */
function explainStart(error: unknown, env: Environment, log: Logger): number {
  if (!isCoded(error)) {
    log.fatal({ err: error }, "the gateway could not start");
    return EXIT_FAILED;
  }
  const { code } = error;
  const mount = isAboutState(error) && inContainer(env) ? mountCure(stateFolder(env)) : undefined;
  const message = mount === undefined ? error.message : `${error.message}: ${mount.why}`;
  log.fatal({ code, next: plainText(mount?.next ?? error.next, callsOfStopped(env)) }, message);
  if (code.startsWith("CONFIG_")) return EXIT_CONFIG;
  return code.startsWith("STORE_") ? EXIT_STATE : EXIT_FAILED;
}

/** What helps where the state's folder is mounted into a container and belongs to another user. */
function mountCure(folder: string): MountCure | undefined {
  const self = ownUser();
  const other = [".", ...namesIn(folder)]
    .map((name) => lstatSync(join(folder, name), { throwIfNoEntry: false }))
    .find((found) => found && found.uid !== self.uid);
  return other && folderOwnerCure(folder, other, { isContainer: true, self });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** What the state's folder keeps may be what it is about. */
function isAboutState({ code, ...error }: CodedFailure): boolean {
  if (code === "CONFIG_READ") return "issues" in error && (error.issues as unknown[]).length > 0;
  return code === "STORE_DENIED" || code === "STORE_OWNER";
}
