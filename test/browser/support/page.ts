import type { Page } from "playwright-core";

export type ViewName = "connecting" | "invited" | "waiting" | "ready" | "lost" | "stopped";

/** Resolves once the page shows the view. */
export async function shows(page: Page, view: ViewName): Promise<void> {
  await page.waitForSelector(`#view[data-view="${view}"] #title`);
}

/** The text of one element. */
export async function words(page: Page, id: string): Promise<string> {
  return (await page.locator(`#${id}`).textContent()) ?? "";
}

/** The texts of many elements, with their parts on lines of their own as a person sees them. */
export function lines(page: Page, selector: string): Promise<string[]> {
  return page.locator(selector).allInnerTexts();
}

/** The code of a page that waits. */
export async function code(page: Page): Promise<string> {
  await shows(page, "waiting");
  return words(page, "code");
}

export function press(page: Page): Promise<void> {
  return page.locator("#primary").click();
}

/** Resolves once `title` heads the page. */
export async function titled(page: Page, title: string | RegExp): Promise<void> {
  await page.locator("#title", { hasText: title }).waitFor();
}
