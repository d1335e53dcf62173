import { mayServe, type PrivateFolders } from "../host/served-folder.ts";
import { openclaw } from "../protocol/command.ts";
import type { GatewayNote } from "../protocol/note.ts";
import { say } from "../protocol/text.ts";
import { ConfigError } from "./errors.ts";

/** Where the web app of `dashboard.root` really is, or why it is not served, for people. */
export type DashboardRoot = { readonly path: string } | { readonly note: GatewayNote };

/**
 * Judges `dashboard.root`. A folder that would show secrets is an error of the configuration; one that is
 * gone is a warning, because devices must not be shut out when a web app was moved.
 * @throws ConfigError CONFIG_DASHBOARD_ROOT
 */
export async function dashboardRoot(root: string, secret: PrivateFolders): Promise<DashboardRoot> {
  const verdict = await mayServe(root, secret);
  if (verdict.ok) return { path: verdict.path };
  if (verdict.why === "private") {
    throw new ConfigError("CONFIG_DASHBOARD_ROOT", `dashboard.root: ${verdict.reason}`, {
      next: openclaw`config unset dashboard.root`,
    });
  }
  const message = `dashboard.root is not served: ${verdict.reason}`;
  const next = openclaw`doctor`;
  const text = say`${message}; see: ${next}`;
  return { note: { code: "DASHBOARD_ROOT_NOT_SERVED", message, next, text } };
}
