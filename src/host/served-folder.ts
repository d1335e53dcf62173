import { realpath, stat } from "node:fs/promises";
import { isAbsolute, relative, sep } from "node:path";
import { whyFailed } from "../lib/system-words.ts";

/** Whether `path` is `folder` or below it. Both absolute, without links. */
export function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === "" || (!isAbsolute(way) && way !== ".." && !way.startsWith(`..${sep}`));
}

/** What must never be served to the network. Absolute paths. */
export interface PrivateFolders {
  readonly stateDir: string;
  readonly configPath: string;
}

/** Why a folder can't be served, and what to do; `path` is where it really is. */
export type ServeVerdict =
  | { readonly ok: true; readonly path: string }
  | {
      readonly ok: false;
      /** `private`: it would show secrets. `missing`: there is no web app. */
      readonly why: "private" | "missing";
      readonly reason: string;
    };

/**
 * Whether `folder` can be served as a web app: a folder with a page in it that neither holds nor lies
 * in the state, nor holds the configuration.
 */
export async function mayServe(folder: string, secret: PrivateFolders): Promise<ServeVerdict> {
  const missing = (reason: string) => ({ ok: false, why: "missing", reason }) as const;
  const secretive = (reason: string) => ({ ok: false, why: "private", reason }) as const;
  const path = await realpath(folder).catch(reasonOf);
  if (typeof path !== "string") return missing(`${folder} can't be opened: ${path.why}`);
  const state = await real(secret.stateDir);
  if (isWithin(path, state)) return secretive(`${folder} holds the gateway's state (${state})`);
  if (isWithin(state, path)) return secretive(`${folder} lies in the gateway's state (${state})`);
  const config = await real(secret.configPath);
  if (isWithin(path, config)) return secretive(`${folder} holds the configuration (${config})`);
  const page = await stat(`${path}/index.html`).catch(reasonOf);
  if ("why" in page) return missing(`${folder}/index.html can't be opened: ${page.why}`);
  return page.isFile() ? { ok: true, path } : missing(`${folder}/index.html is no file`);
}

const reasonOf = (error: unknown) => ({ why: whyFailed(error) });

async function real(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}
