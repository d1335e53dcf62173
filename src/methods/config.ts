import { ADMIN, READ } from "../protocol/access.ts";
import { wireSchemas } from "../protocol/wire-schemas.ts";
import { method } from "./method.ts";

export const configGet = method({
  name: "config.get",
  summary: "The configuration in force, secrets hidden.",
  access: { roles: ["operator"], scope: READ },
  params: wireSchemas.configGet,
  run: (_params, { services }) => services.config.view(),
});

const host = { roles: ["operator"], scope: ADMIN, hostOnly: true } as const;

export const configSet = method<{ path: string; value?: string }>({
  name: "host.config.set",
  summary: "Sets one key as typed on the host, or unsets it when no value is given.",
  access: host,
  params: {
    type: "object",
    required: ["path"],
    properties: { path: { type: "string", minLength: 1 }, value: { type: "string" } },
  },
  run: ({ path, value }, { services }) => services.config.change(path, value),
});

export const secretSet = method<{
  kind: "token" | "password";
  secret: string;
  revokeDerived?: boolean;
}>({
  name: "host.secret.set",
  summary: "Stores a new shared token or password as a hash and says whom that closed.",
  access: host,
  params: {
    type: "object",
    required: ["kind", "secret"],
    properties: {
      kind: { type: "string", enum: ["token", "password"] },
      secret: { type: "string", minLength: 1, maxLength: 1024 },
      revokeDerived: { type: "boolean" },
    },
  },
  run: ({ kind, secret, revokeDerived = false }, { services }) =>
    services.secrets.set(kind, secret, { revokeDerived }),
});

export const tokenRenew = method<{ revokeDerived?: boolean }>({
  name: "host.token.new",
  summary: "Makes a new shared token, stores its hash and returns it this once.",
  access: host,
  params: { type: "object", properties: { revokeDerived: { type: "boolean" } } },
  run: ({ revokeDerived = false }, { services }) => services.secrets.renew({ revokeDerived }),
});

export const secretsMigrate = method<{ apply?: boolean }>({
  name: "host.config.migrate",
  summary: "Moves clear secrets out of the config file, or shows what that would change.",
  access: host,
  params: { type: "object", properties: { apply: { type: "boolean" } } },
  run: ({ apply = false }, { services }) => services.config.migrateSecrets(apply),
});

export const configMethods = [configGet, configSet, secretSet, tokenRenew, secretsMigrate];
