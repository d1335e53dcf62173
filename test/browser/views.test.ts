import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { GatewayProcess } from "../kit/process.ts";
import { closing } from "./support/closing.ts";
import { Profile } from "./support/profile.ts";
import { brokenWords, faintTexts, overflow } from "./support/readable.ts";
import { views } from "./support/views.ts";

const keep = closing();
const WCAG_AA = 4.5;

/** Where pictures of every view are wanted; none are made without. */
const pictures = process.env["OPENCLAW_TEST_PICTURES"];

async function picture(page: Page, name: string): Promise<void> {
  if (!pictures) return;
  await mkdir(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
}

/** One that knows where ssh finds its machine: the address bar says nothing of use here. */
async function started(): Promise<GatewayProcess> {
  const gateway = keep(await GatewayProcess.start());
  await gateway.ok(["config", "set", "gateway.sshTarget", "root@gateway.example.com"]);
  return gateway;
}

describe.each(Object.entries(views))("the page that shows: %s", (name, reach) => {
  test("can be read in light and dark, and fits a window 320 px wide", async () => {
    const gateway = await started();
    const profile = keep(await Profile.open());
    const page = await reach({ gateway, profile });
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await picture(page, `${name}-${colorScheme}`);
      expect(await faintTexts(page, WCAG_AA), colorScheme).toEqual([]);
    }
    for (const width of [768, 412, 360, 320]) {
      await page.setViewportSize({ width, height: 740 });
      await picture(page, `${name}-${width}`);
      expect(await overflow(page), `${width} px wide`).toBe(0);
      expect(await brokenWords(page), `${width} px wide`).toEqual([]);
    }
  });
});

test("what is copied by hand is the command as it is shown", async () => {
  const gateway = await started();
  const profile = keep(await Profile.open({ width: 320, height: 740 }));
  const page = await views["waiting"]?.({ gateway, profile });
  if (!page) throw new Error("no such view");
  const ssh = /^ssh root@\S+ openclaw devices approve [A-Z0-9]{4}-[A-Z0-9]{4}$/;
  expect(await page.locator("#cmd-ssh").textContent()).toMatch(ssh);
  await page.evaluate(() => {
    const code = document.getElementById("cmd-ssh");
    if (code) getSelection()?.selectAllChildren(code);
  });
  await page.keyboard.press("Control+C");
  expect(await profile.pasted()).toMatch(ssh);
});

test("the measures see text that is too faint, too wide or broken", async () => {
  const profile = keep(await Profile.open());
  const page = await profile.visit(
    "data:text/html,<body style='background:white;color:%23888'>faint",
  );
  expect(await faintTexts(page, WCAG_AA)).toMatchObject([{ text: "faint" }]);
  const wide = await profile.visit("data:text/html,<main style='width:2000px'>wide</main>");
  expect(await overflow(wide)).toBeGreaterThan(0);
  const broken = await profile.visit(
    "data:text/html,<li style='width:4em'><code>zone-loud-drum</code></li><small>new</small>",
  );
  expect(await brokenWords(broken)).toEqual(["zone-loud-drum"]);
});
