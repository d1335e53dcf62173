import type { Check } from "./facts.ts";
import { fail, ok, warn } from "./verdict.ts";

const root: Check = ({ config }) => {
  const { webRoot } = config;
  if (!webRoot) return undefined;
  const { folder, verdict } = webRoot;
  if (verdict.ok) return ok(`The web app in ${folder} is served.`);
  const unset = "openclaw config unset dashboard.root";
  if (verdict.why === "private") {
    return fail(`dashboard.root must not be served: ${verdict.reason}.`, unset);
  }
  return warn(`No web app is served: ${verdict.reason}.`, unset);
};

export const webChecks: Readonly<Record<string, Check>> = { "dashboard.root": root };
