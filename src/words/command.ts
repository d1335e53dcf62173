import { OPENCLAW } from "../protocol/command.ts";

/**
 * How to call the command line here: `OPENCLAW_COMMAND` where a start script or container set it
 * because there is no `openclaw` on the path, else `openclaw`.
 */
export function commandName(env: Readonly<Record<string, string | undefined>>): string {
  return env["OPENCLAW_COMMAND"]?.trim() || OPENCLAW;
}

/**
 * The command as strangers may see it: where things are installed is none of their business, so one
 * that names a path is the plain `openclaw`. The owner's own terminal and log have the whole of it.
 */
export function publicCommand(command: string): string {
  return command.includes("/") ? OPENCLAW : command;
}
