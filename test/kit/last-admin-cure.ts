/** What a refusal to end the last way in names: the safe step first, then `command` with its `--force`. */
export function lastWayCure(command: string, where = ""): string {
  const safe = "open the link on another device, then repeat the command";
  const all = `to shut everybody out all the same: ${command} --force${where}`;
  return `openclaw devices invite --scopes owner (${safe}; ${all})`;
}
