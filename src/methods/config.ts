import { auditOf } from "../audit/events.ts";
import { configHints, configSchema, schemaAt } from "../config/json-schema.ts";
import type { PatchKind } from "../config/patch-plan.ts";
import type { ConfigPlan } from "../config/plan.ts";
import type { ConfigApplied, ConfigChanged, ConfigTurn, ConfigWritten } from "../config/service.ts";
import { ADMIN, covers, READ } from "../protocol/access.ts";
import { openclaw } from "../protocol/command.ts";
import { invalidRequest } from "../protocol/errors.ts";
import * as t from "../protocol/typed-schema.ts";
import { wireSchemas } from "../protocol/wire-schemas.ts";
import { type Call, method } from "./method.ts";
import * as results from "./results/config.ts";
import { secretChanged, secretKind } from "./results/host.ts";

export const configGet = method({
  name: "config.get",
  summary:
    "The configuration in force, secrets hidden. The comments of the file are in `raw` for `operator.admin` alone.",
  access: { roles: ["operator"], scope: READ },
  params: wireSchemas.configGet,
  result: results.configView,
  run: async (_params, { actor, services }) => {
    await services.config.look();
    return services.config.view({ comments: covers(actor.scopes, ADMIN) });
  },
});

/** The same three ways to change keys as the protocol has; none of them reaches a key of the host. */
function writer<Name extends string>(
  name: Name,
  of: {
    kind: PatchKind;
    summary: string;
    params: t.TypedSchema<{ raw: string; baseHash?: string }>;
  },
) {
  return method({
    name,
    summary: of.summary,
    access: { roles: ["operator"], scope: ADMIN },
    params: of.params,
    result: results.configWritten,
    run: ({ raw, baseHash }, call) =>
      call.services.config.exclusive(async (turn) => {
        const plan = await turn.plan({ kind: of.kind, raw, baseHash });
        return writtenRow(plan, await commitWithLine({ turn, plan }, call));
      }),
  });
}

interface PlannedChange {
  readonly turn: ConfigTurn;
  readonly plan: ConfigPlan;
  /** Refuses the change by throwing, in the turn in which its line is decided. */
  readonly check?: () => void;
}

/**
 * Writes a plan with its line ahead, which says which keys change and never their values, and puts it in
 * force.
 */
async function commitWithLine(
  { turn, plan, check }: PlannedChange,
  { actor, services }: Call,
): Promise<ConfigApplied> {
  const { changedPaths: keys } = plan;
  if (keys.length === 0) {
    await turn.commit(plan);
    return turn.apply(plan);
  }
  const { configTrail } = services;
  const line = await configTrail.ahead(plan, auditOf("config.changed", actor, { keys }), check);
  const committed = turn.commit(plan);
  const applied = committed.then(() => turn.apply(plan));
  await configTrail.settle(line, committed, applied);
  return applied;
}

/** So many names of keys say enough. */
const MAX_KEPT = 20;

function writtenRow(plan: ConfigPlan, applied: ConfigApplied): ConfigWritten {
  const { changedPaths, kept, before, after } = plan;
  const { file, hash, config, overridden, notInForce, remarks } = applied;
  return {
    ok: true,
    path: file,
    hash,
    config,
    changedPaths,
    ...(kept.length > 0 && { kept: kept.slice(0, MAX_KEPT) }),
    ...(before === after && { noop: true }),
    warnings: [...remarks, ...overridden, ...notInForce],
  };
}

const writers = [
  writer("config.set", {
    kind: "whole",
    summary:
      "Makes the file say what `raw` says. Comments, unknown keys and hidden values stay as they are; host-only keys are refused with the command for the host.",
    params: wireSchemas.configSet,
  }),
  writer("config.patch", {
    kind: "patch",
    summary: "Changes the keys that `raw` names; `null` takes one out.",
    params: wireSchemas.configPatch,
  }),
  writer("config.apply", {
    kind: "whole",
    summary: "The same as `config.set`: what clients may change takes effect without a restart.",
    params: wireSchemas.configApply,
  }),
];

export const configSchemaGet = method({
  name: "config.schema",
  summary: "What may stand in the configuration, as JSON Schema, with hints for forms.",
  access: { roles: ["operator"], scope: READ },
  params: wireSchemas.configSchema,
  result: results.configSchemaShown,
  run: (_params, { services }) => ({
    schema: configSchema(),
    uiHints: configHints(),
    version: services.lifecycle.info.version,
    generatedAt: new Date(services.world.now()).toISOString(),
  }),
});

export const configSchemaLookup = method({
  name: "config.schema.lookup",
  summary: "One key or section of the schema, and what stands directly below it.",
  access: { roles: ["operator"], scope: READ },
  params: wireSchemas.configSchemaLookup,
  result: results.configPlace,
  run: ({ path }) => {
    const place = schemaAt(path);
    if (!place) throw invalidRequest("config schema path not found");
    return place;
  },
});

const host = { roles: ["operator"], scope: ADMIN, hostOnly: true } as const;

const setParams = t.object(
  { path: t.string({ minLength: 1 }) },
  { value: t.string(), force: t.boolean() },
);

type SetParams = t.Sendable<t.ValueOf<typeof setParams>>;

export const configSet = method({
  name: "host.config.set",
  summary:
    "Sets one key as typed on the host, or unsets it when no value is given. To end approval over SSH where its keys are the last way in with full control takes `force`.",
  access: host,
  params: setParams,
  result: results.configChanged,
  run: ({ force, ...set }, call) =>
    call.services.config.exclusive(async (turn) => {
      const plan = await turn.plan({ kind: "set", ...set });
      const check = () => keepAdmins(plan, { ...set, force }, call);
      return changedRow(set.path, plan, await commitWithLine({ turn, plan, check }, call));
    }),
});

function changedRow(path: string, plan: ConfigPlan, applied: ConfigApplied): ConfigChanged {
  const { diff, changedPaths } = plan;
  const { file, restartNeeded, overridden, remarks } = applied;
  const warnings = [...remarks, ...overridden];
  return { path, file, diff, changedPaths, restartNeeded, warnings };
}

/**
 * Checks a plan that may end approval over SSH, whose keys count as remaining admins.
 * @throws RequestError LAST_WAY_IN where no admin would remain
 */
function keepAdmins(
  { changedPaths }: ConfigPlan,
  { path, value, force }: SetParams,
  { actor, services }: Call,
): void {
  const { ssh, config } = services;
  if (!config.approvesOverSsh || !endsSsh(changedPaths, value)) return;
  const command =
    value === undefined ? openclaw`config unset ${path}` : openclaw`config set ${path} ${value}`;
  ssh.checkEnd({ actor, force, command });
}

/** Off, or its keys in another place than the one that sshd reads them from. */
function endsSsh(keys: readonly string[], value: string | undefined): boolean {
  const off = keys.includes("gateway.ssh.account") && value === undefined;
  return off || keys.includes("gateway.ssh.authorizedKeys");
}

export const secretSet = method({
  name: "host.secret.set",
  summary: "Stores a new shared token or password as a hash and says whom that closed.",
  access: host,
  params: t.object(
    { kind: secretKind(), secret: t.string({ minLength: 1, maxLength: 1024 }) },
    { revokeDerived: t.boolean(), force: t.boolean() },
  ),
  result: () => t.object(secretChanged()),
  run: ({ kind, secret, revokeDerived = false, force = false }, { actor, services }) =>
    services.secrets.set(kind, secret, { actor, revokeDerived, force }),
});

export const tokenRenew = method({
  name: "host.token.new",
  summary: "Makes a new shared token, stores its hash and returns it this once.",
  access: host,
  params: t.object({}, { revokeDerived: t.boolean(), force: t.boolean() }),
  result: () => t.object({ ...secretChanged(), token: t.string() }),
  run: ({ revokeDerived = false, force = false }, { actor, services }) =>
    services.secrets.renew({ actor, revokeDerived, force }),
});

export const secretsMigrate = method({
  name: "host.config.migrate",
  summary: "Moves clear secrets out of the config file, or shows what that would change.",
  access: host,
  params: t.object({}, { apply: t.boolean() }),
  result: results.secretsMigrated,
  run: ({ apply = false }, { actor, services }) => services.secrets.migrate({ apply, actor }),
});

export const configMethods = [
  configGet,
  ...writers,
  configSchemaGet,
  configSchemaLookup,
  configSet,
  secretSet,
  tokenRenew,
  secretsMigrate,
];
