import { declare } from "../../kit/declare.ts";

const FORCE = "also where that ends the last way in with full control";

const get = declare({
  name: "get",
  summary: "the configuration in force, or one key or section of it",
  shape: (command) => command.argument("[path]"),
  completes: { path: "config-key" },
}).runs(async () => (await import("./get.ts")).get);

const set = declare({
  name: "set",
  summary: "set a key; the value - reads standard input",
  shape: (command) =>
    command
      .argument("<path>")
      .argument("<value>")
      .option("--revoke-derived", "for secrets: also end the device tokens the old one let in")
      .option("--force", FORCE),
  completes: { path: "config-key" },
}).runs(async () => (await import("./set.ts")).set);

const add = declare({
  name: "add",
  summary: "put an item into a key that holds a list; what is in it stays",
  shape: (command) => command.argument("<path>").argument("<item>"),
  completes: { path: "config-key" },
}).runs(async () => (await import("./set.ts")).add);

const remove = declare({
  name: "remove",
  summary: "take an item out of a key that holds a list, however the file spells the key",
  shape: (command) => command.argument("<path>").argument("<item>"),
  completes: { path: "config-key" },
}).runs(async () => (await import("./set.ts")).remove);

const unset = declare({
  name: "unset",
  summary: "remove a key from the file",
  shape: (command) => command.argument("<path>").option("--force", FORCE),
  completes: { path: "config-key" },
}).runs(async () => (await import("./set.ts")).unset);

const file = declare({
  name: "file",
  summary: "where the configuration file is",
}).runs(async () => (await import("./file.ts")).file);

const validate = declare({
  name: "validate",
  summary: "check the file, or another one, without changing anything",
  shape: (command) => command.argument("[file]"),
  completes: { file: "file" },
}).runs(async () => (await import("./file.ts")).validate);

const migrate = declare({
  name: "migrate-secrets",
  summary: "move secrets that stand in the file in clear into the state, hashed",
  shape: (command) => command.option("--yes", "do not ask"),
}).runs(async () => (await import("./migrate.ts")).migrate);

/** `openclaw config …`. */
export const config = declare({
  name: "config",
  summary: "read and change the configuration",
  under: [get, set, add, remove, unset, file, validate, migrate],
});
