/** What people type to run the command line, where nothing says otherwise. */
export const DEFAULT_COMMAND = "openclaw";

/**
 * How to call the command line here: `OPENCLAW_COMMAND` where a start script or container set it
 * because there is no `openclaw` on the path, else `openclaw`.
 */
export function commandName(env: Readonly<Record<string, string | undefined>>): string {
  return env["OPENCLAW_COMMAND"]?.trim() || DEFAULT_COMMAND;
}

/**
 * The command as strangers may see it: where things are installed is none of their business, so one
 * that names a path is the plain `openclaw`. The owner's own terminal and log have the whole of it.
 */
export function publicCommand(command: string): string {
  return command.includes("/") ? DEFAULT_COMMAND : command;
}

/** `text` with every command in it written as people must type it here. */
export function asTyped(text: string, command: string): string {
  return command === DEFAULT_COMMAND ? text : text.replace(/\bopenclaw (?=[a-z])/g, `${command} `);
}
