import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { HANG_MS } from "../../kit/until.ts";

const CHROMIUM = "/usr/bin/chromium";

const ARGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A name that is neither localhost nor an IP address: pages under it have no `crypto.subtle`. */
export const OTHER_NAME = "gw.test";

export interface ProfileOptions {
  readonly colorScheme?: "light" | "dark";
  readonly width?: number;
  readonly height?: number;
  /** SHA-256 in base64 of the public key of an authority that this browser trusts beside the usual. */
  readonly trustedKey?: string;
}

/** One person's browser: Chromium with a user data folder of its own, empty at the start. */
export class Profile {
  /** What a page must never cause: violations of its policy, and errors nobody caught. */
  readonly faults: string[] = [];

  #context: BrowserContext;

  private constructor(
    context: BrowserContext,
    private readonly folder: string,
    private readonly options: ProfileOptions,
  ) {
    this.#context = this.#watched(context);
  }

  static async open(options: ProfileOptions = {}): Promise<Profile> {
    if (!existsSync(CHROMIUM)) {
      throw new Error(
        `${CHROMIUM} is missing, and these tests drive it. As root: apt-get install -y chromium (bash scripts/test.sh does that)`,
      );
    }
    const folder = await mkdtemp(join(tmpdir(), "gateway-profile-"));
    return new Profile(await launch(folder, options), folder, options);
  }

  get context(): BrowserContext {
    return this.#context;
  }

  /** Ends the browser and starts it again with what it stored. */
  async reopen(): Promise<void> {
    await this.#context.close();
    this.#context = this.#watched(await launch(this.folder, this.options));
  }

  /** Opens `url` in a new tab. */
  async visit(url: string): Promise<Page> {
    const page = await this.context.newPage();
    await page.goto(url);
    return page;
  }

  /** What the person would get from pasting now. */
  async pasted(): Promise<string> {
    const page = await this.visit("data:text/html,<textarea autofocus></textarea>");
    const field = page.locator("textarea");
    await field.focus();
    await page.keyboard.press("Control+V");
    const text = await field.inputValue();
    await page.close();
    return text;
  }

  async close(): Promise<void> {
    await this.#context.close();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #watched(context: BrowserContext): BrowserContext {
    context.on("page", (page) => this.#watch(page));
    for (const page of context.pages()) this.#watch(page);
    return context;
  }

  #watch(page: Page): void {
    page.on("pageerror", (error) => this.faults.push(`uncaught: ${error.message}`));
    page.on("console", (message) => {
      if (/content security policy/i.test(message.text())) this.faults.push(message.text());
    });
  }
}

async function launch(folder: string, options: ProfileOptions): Promise<BrowserContext> {
  const { colorScheme = "light", width = 1200, height = 900, trustedKey } = options;
  const trust = trustedKey ? [`--ignore-certificate-errors-spki-list=${trustedKey}`] : [];
  const context = await chromium.launchPersistentContext(folder, {
    executablePath: CHROMIUM,
    args: [...ARGS, ...trust, `--host-resolver-rules=MAP ${OTHER_NAME} 127.0.0.1`],
    colorScheme,
    viewport: { width, height },
    locale: "en-US",
  });
  context.setDefaultTimeout(HANG_MS);
  return context;
}
