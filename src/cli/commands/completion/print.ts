import { basename } from "node:path";
import { openclaw } from "../../../protocol/command.ts";
import type { Run } from "../../kit/declare.ts";
import { CliError } from "../../kit/exit.ts";
import { scripts } from "./scripts.ts";
import { SHELLS } from "./shells.ts";

/**
 * `openclaw completion [shell]`: prints the script for that shell, by default for the one that is used.
 * @throws CliError (usage) for a shell that has none
 */
export const completion: Run<unknown> = async ({ io }, [given]) => {
  const name = given ?? basename(io.env["SHELL"] ?? "");
  const shell = SHELLS.find((known) => known === name);
  if (!shell) {
    const which = given === undefined ? "say for which shell" : `there is none for ${name}`;
    throw new CliError("usage", `${which}: ${SHELLS.join(", ")}`, {
      next: openclaw`completion bash`,
    });
  }
  io.data(scripts[shell].trimEnd());
};
