import { lazily, type Shell } from "../../kit/shell.ts";

/** `openclaw config …`. `keys` is what its help lists; only made when help is asked for. */
export function addConfigCommands(shell: Shell, keys?: string): void {
  const config = shell.program.command("config").description("read and change the configuration");
  if (keys !== undefined) config.addHelpText("after", `\nKeys:\n\n${keys}`);
  const get = config
    .command("get [path]")
    .description("the configuration in force, or one key or section of it");
  lazily(shell, get, async () => (await import("./get.ts")).get);
  const set = config
    .command("set <path> <value>")
    .description("set a key; the value - reads standard input")
    .option("--revoke-derived", "for secrets: also end the device tokens the old one let in")
    .option("--force", "also where that ends the last way in with full control");
  lazily(shell, set, async () => (await import("./set.ts")).set);
  const unset = config
    .command("unset <path>")
    .description("remove a key from the file")
    .option("--force", "also where that ends the last way in with full control");
  lazily(shell, unset, async () => (await import("./set.ts")).unset);
  const file = config.command("file").description("where the configuration file is");
  lazily(shell, file, async () => (await import("./file.ts")).file);
  const validate = config
    .command("validate [file]")
    .description("check the file, or another one, without changing anything");
  lazily(shell, validate, async () => (await import("./file.ts")).validate);
  const migrate = config
    .command("migrate-secrets")
    .description("move secrets that stand in the file in clear into the state, hashed")
    .option("--yes", "do not ask");
  lazily(shell, migrate, async () => (await import("./migrate.ts")).migrate);
}
