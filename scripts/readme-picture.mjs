/**
 * Makes docs/images/pairing.png: a browser that waits for approval, and the same browser a moment
 * later. Both are pictures of the real page: the built gateway runs, a real Chromium opens it, and
 * the real command approves it. Names are set so that nothing of this machine shows.
 *
 * node scripts/readme-picture.mjs [path of index.js, default dist/index.js] (after npm run build)
 */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { crc32, deflateSync } from "node:zlib";
import { chromium } from "playwright-core";
import { GatewayRun, gatewayArgs } from "../test/kit/gateway-run.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const program = process.argv[2] ?? join(root, "dist/index.js");
const picture = join(root, "docs/images/pairing.png");
const MOST_BYTES = 200 * 1024;
/** The picture shows it. */
const PORT = 18_799;
const WIDTH = 560;

const folder = await mkdtemp(join(tmpdir(), "readme-picture-"));
const env = { PATH: process.env.PATH, HOME: folder, OPENCLAW_STATE_DIR: join(folder, "state") };
const openclaw = (...args) => promisify(execFile)(process.execPath, [program, ...args], { env });

function openBrowser() {
  return chromium.launchPersistentContext(join(folder, "profile"), {
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
    viewport: { width: WIDTH, height: 600 },
    deviceScaleFactor: 1.5,
    colorScheme: "light",
    locale: "en-US",
  });
}

/** The waiting page and the connected one, as PNG. */
async function takeBoth(browser) {
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${PORT}/`);
  const code = await page.locator("#code").textContent();
  const waiting = await page.screenshot({ fullPage: true });
  await openclaw("devices", "approve", code);
  await page.waitForSelector('#view[data-view="ready"]');
  await page.waitForFunction("document.querySelectorAll('#peers li').length === 2");
  return [waiting, await page.screenshot({ fullPage: true })];
}

/** Both side by side on the page's own background, as red, green and blue. */
async function sideBySide(browser, pictures) {
  const page = await browser.newPage();
  const urls = pictures.map((png) => `data:image/png;base64,${png.toString("base64")}`);
  const { width, height, text } = await page.evaluate(async (sources) => {
    const images = sources.map((src) => Object.assign(new Image(), { src }));
    await Promise.all(images.map((image) => image.decode()));
    const canvas = document.createElement("canvas");
    canvas.width = images.reduce((sum, image) => sum + image.width, 0);
    canvas.height = Math.max(...images.map((image) => image.height));
    const pen = canvas.getContext("2d");
    let x = 0;
    for (const image of images) {
      pen.drawImage(image, x, 0);
      // The shorter page goes on below as it ends.
      const [r, g, b] = pen.getImageData(x, image.height - 1, 1, 1).data;
      pen.fillStyle = `rgb(${r} ${g} ${b})`;
      pen.fillRect(x, image.height, image.width, canvas.height);
      x += image.width;
    }
    const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
    const rgb = data.filter((_, i) => i % 4 < 3);
    const blob = new Blob([rgb]);
    const url = await new Promise((resolve) => {
      const reader = new FileReader();
      reader.onload = () => resolve(reader.result);
      reader.readAsDataURL(blob);
    });
    return { width: canvas.width, height: canvas.height, text: url.slice(url.indexOf(",") + 1) };
  }, urls);
  return { width, height, rgb: Buffer.from(text, "base64") };
}

/** A PNG without filters: for flat colours that is a quarter smaller than what browsers write. */
function encodePng({ width, height, rgb }) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const stride = width * 3;
  const rows = Buffer.alloc(height * (stride + 1));
  for (let y = 0; y < height; y++) {
    rgb.copy(rows, y * (stride + 1) + 1, y * stride, (y + 1) * stride);
  }
  const pixels = deflateSync(rows, { level: 9, memLevel: 9 });
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const chunks = [chunk("IHDR", header), chunk("IDAT", pixels), chunk("IEND", Buffer.alloc(0))];
  return Buffer.concat([signature, ...chunks]);
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

let gateway;
let browser;
try {
  await openclaw("config", "set", "gateway.name", "home-server");
  await openclaw("config", "set", "gateway.ssh.host", "gateway.example.com");
  await openclaw("config", "set", "gateway.ssh.account", "openclaw");
  gateway = new GatewayRun([process.execPath, ...gatewayArgs({ program, port: PORT })], { env });
  await gateway.ready();
  browser = await openBrowser();
  await mkdir(dirname(picture), { recursive: true });
  await writeFile(picture, encodePng(await sideBySide(browser, await takeBoth(browser))));
  const { size } = await stat(picture);
  console.log(`${picture}: ${(size / 1024).toFixed(0)} KiB`);
  if (size > MOST_BYTES) throw new Error(`more than ${MOST_BYTES / 1024} KiB`);
} finally {
  await browser?.close();
  await gateway?.stop();
  await rm(folder, { recursive: true, force: true });
}
