import { mayServe, type PrivateFolders } from "../host/served-folder.ts";
import { ConfigError } from "./errors.ts";

/** Where the web app of `dashboard.root` really is, or why it is not served, as a warning for people. */
export type DashboardRoot = { readonly path: string } | { readonly warning: string };

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
      next: "openclaw config unset dashboard.root",
    });
  }
  return { warning: `dashboard.root is not served: ${verdict.reason}; see: openclaw doctor` };
}
