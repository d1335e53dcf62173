import { isLoopbackHost } from "../../../lib/net.ts";
import { type Command, openclaw, shell } from "../../../protocol/command.ts";
import { say } from "../../../protocol/text.ts";
import {
  asAdmin,
  asOwner,
  type Check,
  type ConfigFacts,
  type DoctorFacts,
  doctorAsRoot,
} from "./facts.ts";
import { fail, note, ok, type Verdict, warn } from "./verdict.ts";

const VALIDATE = openclaw`config validate`;
const ORIGINS = "gateway.controlUi.allowedOrigins";

const file: Check = (facts) => {
  const { config, gateway, machine } = facts;
  const [first, ...more] = config.errors;
  if (isUnreadable(config) && machine.uid !== 0) {
    const judge = gateway.how === "running" ? note : fail;
    const message = `The configuration ${config.path} can't be read by user ${machine.uid}.`;
    return judge(message, doctorAsRoot(facts));
  }
  if (!first) {
    const rest = overridden(config);
    if (!config.exists) return ok(`There is no ${config.path}; the defaults are in force${rest}.`);
    return ok(`The configuration ${config.path} can be read and holds only good values${rest}.`);
  }
  const place = first.line === undefined ? "" : ` line ${first.line}`;
  const message = `The configuration ${config.path}${place} has an error: ${first.message}`;
  if (more.length === 0) return fail(`${message}.`, first.next);
  return fail(`${message} (and ${more.length} more).`, VALIDATE);
};

/** Which keys come from elsewhere. */
function overridden({ overrides }: ConfigFacts): string {
  const from = overrides.map(({ path, by, name }) => {
    return by === "env" ? `${path} (${name})` : `${path} (a flag)`;
  });
  return from.length === 0 ? "" : `, but for what comes from elsewhere: ${from.join(", ")}`;
}

function isUnreadable({ errors }: ConfigFacts): boolean {
  return errors.some(({ code }) => code === "CONFIG_READ");
}

const keys: Check = ({ config }) => {
  if (isUnreadable(config)) return undefined;
  const unknown = config.warnings.filter(({ code }) => code === "CONFIG_UNKNOWN_KEY");
  // Only a likely typing error comes with the place to edit; the rest is another program's.
  const typo = unknown.find(({ nearest }) => nearest !== undefined);
  if (typo) return warn(`In line ${typo.line ?? 1} ${typo.message}`, typo.next);
  const [foreign] = unknown;
  if (foreign) return note(`The configuration has ${foreign.message}.`, foreign.next);
  return ok("Every key of the configuration is known.");
};

const clearSecrets: Check = ({ config }) => {
  if (isUnreadable(config)) return undefined;
  const names = clearSecretNames(config);
  if (names.length === 0) return ok("No secret stands in the configuration in clear.");
  return warn(
    `${names.join(" and ")} stands in the configuration in clear.`,
    openclaw`config migrate-secrets`,
  );
};

function clearSecretNames({ warnings }: ConfigFacts): string[] {
  return warnings.filter(({ code }) => code === "CONFIG_CLEAR_SECRET").map(({ path }) => path);
}

const access: Check = (facts) => {
  const { config, state } = facts;
  const { file: found, path } = config;
  if (!found) return undefined;
  const owner = state.found?.uid ?? found.uid;
  if (found.uid !== owner && found.uid !== 0) {
    const message = `${path} belongs to user ${found.uid}, who can change how the gateway runs.`;
    return fail(message, giveToOwner(facts));
  }
  if ((found.mode & 0o022) !== 0) {
    return fail(`Other users can write ${path}.`, asOwner(facts, shell`chmod go-w ${path}`));
  }
  if (clearSecretNames(config).length > 0 && (found.mode & 0o044) !== 0) {
    const message = `Other users can read ${path}, and a secret stands there in clear.`;
    return fail(message, asOwner(facts, shell`chmod 600 ${path}`));
  }
  if (!isReadable(facts)) {
    return fail(`The gateway's user ${owner} may not read ${path}.`, giveToOwner(facts));
  }
  return ok("Only its owner can change the configuration.");
};

function giveToOwner(facts: DoctorFacts): Command {
  const { config, state } = facts;
  return asAdmin(facts, shell`chown --reference=${state.folder} ${config.path}`);
}

/** Whether the state's owner can read the file, as its mode says. */
function isReadable({ config, state }: DoctorFacts): boolean {
  const [found, owner] = [config.file, state.found];
  if (!found || !owner || owner.uid === 0 || found.uid === owner.uid) return true;
  return (found.mode & (found.gid === owner.gid ? 0o044 : 0o004)) !== 0;
}

const exposure: Check = (facts) => {
  const { gateway: settings, bindByFlag } = facts.config;
  if (!settings) return undefined;
  const open = openAddresses(facts, settings.bind);
  const { publicUrl } = settings;
  if (open.length === 0) return ok("The gateway listens on this machine only.");
  const where = open.join(", ");
  if (publicUrl?.toLowerCase().startsWith("https://")) {
    return ok(`The gateway listens on ${where}; people reach it by ${publicUrl}.`);
  }
  return warn(
    `The gateway listens on ${where} without encryption, and no https:// public URL is set: ` +
      "secrets and messages cross the network readable.",
    bindByFlag
      ? say`${openclaw`gateway stop`} && ${openclaw`gateway run`}`
      : openclaw`config set gateway.bind loopback`,
  );
};

/** Where others can reach it: as it listens, or as it would. */
export function openAddresses({ gateway }: DoctorFacts, bind: string): string[] {
  if (gateway.how === "running") {
    return gateway.info.listening.filter((where) => {
      return URL.canParse(where) && /^http:/.test(where) && !isLoopbackHost(new URL(where).host);
    });
  }
  if (
    bind === "loopback" ||
    bind === "none" ||
    isLoopbackHost(bind.includes(":") ? `[${bind}]` : bind)
  )
    return [];
  return [bind === "lan" ? "every interface (lan)" : bind];
}

const publicUrl: Check = ({ config }) => {
  if (!config.gateway) return undefined;
  const { publicUrl: url, socket, trustedProxies } = config.gateway;
  if (url === undefined) {
    // An allowed origin tells nothing: it may be that of another program's page.
    if (socket === undefined && trustedProxies.length === 0) return undefined;
    const why = `gateway.${socket === undefined ? "trustedProxies" : "socket"} is set`;
    return note(
      `${why}, but gateway.publicUrl is not: links that the gateway makes lead to this machine.`,
      openclaw`config set gateway.publicUrl https://gateway.example.com`,
    );
  }
  const { protocol, host, pathname } = new URL(url);
  if (protocol === "https:" || isLoopbackHost(host)) return ok(`The public URL is ${url}.`);
  return warn(
    `The public URL ${url} is not encrypted: secrets cross the network readable.`,
    openclaw`config set gateway.publicUrl ${`https://${host}${pathname.replace(/\/$/, "")}`}`,
  );
};

const origins: Check = ({ config }) => {
  if (!config.gateway) return undefined;
  const { allowedOrigins } = config.gateway.controlUi;
  if (allowedOrigins.includes("*")) {
    return warn(
      "Any web page in a paired browser may connect: the allowed origins are *.",
      without("*", allowedOrigins),
    );
  }
  return originBeside(config.gateway) ?? ok("The allowed origins fit the public URL.");
};

/** An origin with the public URL's name but another scheme or port: one of the two is mistyped. */
function originBeside(gateway: NonNullable<ConfigFacts["gateway"]>): Verdict | undefined {
  if (gateway.publicUrl === undefined) return undefined;
  const own = new URL(gateway.publicUrl);
  const { allowedOrigins } = gateway.controlUi;
  const other = allowedOrigins.find((one) => {
    return URL.canParse(one) && new URL(one).hostname === own.hostname && one !== own.origin;
  });
  if (other === undefined) return undefined;
  return note(
    `${ORIGINS} names ${other}, the public URL is ${own.origin}: the same host in two ways.`,
    without(other, allowedOrigins),
  );
}

/** Takes one origin out, and no other. */
function without(origin: string, allowed: readonly string[]): Command {
  const kept = allowed.filter((one) => one !== origin);
  return kept.length === 0
    ? openclaw`config unset ${ORIGINS}`
    : openclaw`config set ${ORIGINS} ${JSON.stringify(kept)}`;
}

export const configChecks: Readonly<Record<string, Check>> = {
  "config.file": file,
  "config.keys": keys,
  "config.secrets": clearSecrets,
  "config.access": access,
  "config.exposure": exposure,
  "config.public-url": publicUrl,
  "config.origins": origins,
};

const root: Check = ({ config }) => {
  const { webRoot } = config;
  if (!webRoot) return undefined;
  const { folder, verdict } = webRoot;
  if (verdict.ok) return ok(`The web app in ${folder} is served.`);
  const unset = openclaw`config unset dashboard.root`;
  if (verdict.why === "private") {
    return fail(`dashboard.root must not be served: ${verdict.reason}.`, unset);
  }
  return warn(`No web app is served: ${verdict.reason}.`, unset);
};

export const webChecks: Readonly<Record<string, Check>> = { "dashboard.root": root };
