// OpenClaw's web app in a browser, step by step as its user sees it. The steps know nothing of how
// the gateway was started: scripts/compat.sh and test/browser/web-app.test.ts both walk them.

/** @typedef {import("./web-app.d.mts").WebAppStage} WebAppStage */
/** @typedef {import("./web-app.d.mts").WebAppStep} WebAppStep */

const CODE = /openclaw devices approve ([0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4})/;
export const STEP_MS = 120_000;

/** All text that a person sees. @param {import("playwright-core").Page} page */
async function shownText(page) {
  return (await page.locator("body").allInnerTexts()).join(" ");
}

/** Goes to the page of devices. @param {WebAppStage} stage @param {string} path */
export async function openDevices({ page, origin }, path) {
  await page.goto(`${origin}${path}`);
  await seen(page, "Paired devices, pairing approvals");
}

/** Waits until the page shows `text`. @param {import("playwright-core").Page} page */
export async function seen(page, /** @type {string | RegExp} */ text) {
  try {
    await page.getByText(text).first().waitFor({ timeout: STEP_MS });
  } catch {
    const shown = (await shownText(page)).replace(/\s+/g, " ").slice(0, 400);
    throw new Error(`“${text}” is not on the page; it shows: ${shown}`);
  }
}

/** @type {readonly WebAppStep[]} */
export const webAppSteps = [
  {
    name: "open /#token=…",
    judged: "the app loads and shows the approve screen with the gateway's own code",
    run: async ({ page, origin, secret }) => {
      await page.goto(`${origin}/#token=${secret}`);
      await seen(page, "Approve this browser");
      await seen(page, CODE);
    },
  },
  {
    name: "openclaw devices approve <code>",
    judged: "the app connects by itself",
    run: async ({ page, approve }) => {
      const [, code = ""] = CODE.exec(await shownText(page)) ?? [];
      await approve(code);
      await seen(page, /^Connected$/);
      await page.getByText("Approve this browser").waitFor({ state: "detached", timeout: STEP_MS });
    },
  },
  {
    name: "/settings/devices",
    judged: "this browser, a node and a device that waits are listed",
    run: async (stage) => {
      await openDevices(stage, "/settings/devices");
      await seen(stage.page, "openclaw-control-ui");
      await seen(stage.page, stage.nodeName);
      await seen(stage.page, stage.newcomerId);
    },
  },
  {
    name: "/nodes",
    judged: "the same page",
    run: async (stage) => {
      await openDevices(stage, "/nodes");
      await seen(stage.page, stage.nodeName);
    },
  },
  {
    name: "Approve",
    judged: "the device that waits is let in",
    run: async ({ page, newcomerId, newcomerIn }) => {
      await seen(page, newcomerId);
      await page.getByRole("button", { name: "Approve", exact: true }).first().click();
      await newcomerIn();
      await page
        .getByText("new device pairing request")
        .waitFor({ state: "detached", timeout: STEP_MS });
    },
  },
  {
    name: "a new tab without the token",
    judged: "comes in by the device token it was given",
    run: async ({ page, origin }) => {
      const tab = await page.context().newPage();
      try {
        await tab.goto(`${origin}/`);
        await seen(tab, /^Connected$/);
      } finally {
        await tab.close();
      }
    },
  },
];
