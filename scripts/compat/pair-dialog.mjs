// The dialog “Pair a device” of OpenClaw's web app, step by step as its user sees it; it goes on where
// the steps of web-app.mjs end.
import jsQR from "jsqr";
import { openDevices, STEP_MS, seen } from "./web-app.mjs";

/** @typedef {import("./pair-dialog.d.mts").PairDialogStep} PairDialogStep */
/** @typedef {import("playwright-core").Page} Page */

/** @param {Page} page @param {string} name */
async function press(page, name) {
  await page.getByRole("button", { name, exact: true }).first().click({ timeout: STEP_MS });
}

/** Opens the dialog and chooses what it should give. @param {Page} page @param {string} access */
async function choose(page, access) {
  await press(page, "Pair device");
  await page.getByText(access, { exact: true }).first().click({ timeout: STEP_MS });
  await press(page, "Create setup code");
}

/** What a phone's camera reads of the picture that is shown. @param {Page} page */
async function photograph(page) {
  const picture = page.locator("img.device-pair-setup__qr");
  await picture.waitFor({ timeout: STEP_MS });
  const { width, height, pixels } = await picture.evaluate(async (/** @type {any} */ image) => {
    await image.decode();
    const { naturalWidth: width, naturalHeight: height } = image;
    const canvas = new OffscreenCanvas(width, height);
    const paper = canvas.getContext("2d");
    if (!paper) throw new Error("no canvas");
    paper.drawImage(image, 0, 0);
    return { width, height, pixels: [...paper.getImageData(0, 0, width, height).data] };
  });
  return jsQR(Uint8ClampedArray.from(pixels), width, height)?.data;
}

/** @type {readonly PairDialogStep[]} */
export const pairDialogSteps = [
  {
    name: "/settings/devices, Pair device, while no other machine can reach the gateway",
    judged: "the dialog says that no address is known and which setting it needs",
    run: async (stage) => {
      await openDevices(stage, "/settings/devices");
      await choose(stage.page, "Full access (recommended)");
      await seen(stage.page, "no address of this gateway is known");
      await seen(stage.page, "set gateway.publicUrl");
    },
  },
  {
    name: "/settings/devices, Pair device, full access",
    judged:
      "a QR code that reads back as the setup code; what comes in by it is paired as node and operator, and the dialog says “Device paired”",
    run: async ({ page, origin, publish, phone }) => {
      await publish(origin);
      await press(page, "Reload");
      const scanned = (await photograph(page)) ?? "";
      const code = await page.locator(".device-pair-setup__fallback code").textContent();
      if (scanned !== code) throw new Error(`the QR code says ${scanned}, the text ${code}`);
      const roles = await phone(scanned);
      if (roles.join() !== "node,operator") throw new Error(`it was paired as ${roles}`);
      await seen(page, "Device paired");
      await press(page, "Done");
    },
  },
  {
    name: "/settings/devices, Pair device, node host",
    judged: "the command for OpenClaw's own node host, with a code for a node alone",
    run: async ({ page, origin, publish, phone }) => {
      await choose(page, "Node host");
      const command = page.locator(".device-pair-setup__command code").first();
      await command.waitFor({ timeout: STEP_MS });
      const text = (await command.textContent()) ?? "";
      const [, code = ""] = /^openclaw node run --pair "oc-pair:\/\/([\w-]+)"$/.exec(text) ?? [];
      const { url } = JSON.parse(Buffer.from(code, "base64url").toString() || "{}");
      if (url !== origin.replace("http", "ws")) throw new Error(`it shows “${text}”`);
      const roles = await phone(code);
      if (roles.join() !== "node") throw new Error(`it was paired as ${roles}`);
      await seen(page, "Device paired");
      await press(page, "Done");
      await publish(undefined);
    },
  },
];
