import type { Page } from "playwright-core";

/** One piece of text whose colour is too close to what is behind it. */
export interface Faint {
  readonly text: string;
  readonly ratio: number;
}

/** Text on the page with less contrast than `least`, by the formula of WCAG 2. */
export function faintTexts(page: Page, least: number): Promise<Faint[]> {
  return page.evaluate((limit) => {
    const parts = (colour: string) => (colour.match(/[\d.]+/g) ?? []).map(Number);
    const light = (colour: string) => {
      const [r = 0, g = 0, b = 0] = parts(colour).map((part) => {
        const share = part / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element: Element): string => {
      for (let at: Element | null = element; at; at = at.parentElement) {
        const colour = getComputedStyle(at).backgroundColor;
        if (parts(colour)[3] !== 0) return colour;
      }
      return "rgb(255, 255, 255)";
    };
    const own = (element: Element) =>
      [...element.childNodes]
        .filter((node) => node.nodeType === Node.TEXT_NODE)
        .map((node) => node.textContent?.trim() ?? "")
        .join(" ")
        .trim();
    const found: { text: string; ratio: number }[] = [];
    for (const element of document.querySelectorAll("body, body *")) {
      const text = own(element);
      if (text === "" || element.id === "status") continue;
      const [low = 0, high = 0] = [
        light(getComputedStyle(element).color),
        light(behind(element)),
      ].sort((a, b) => a - b);
      const ratio = (high + 0.05) / (low + 0.05);
      if (ratio < limit) found.push({ text, ratio });
    }
    return found;
  }, least);
}

/** How far the page is wider than the window, in CSS pixels; elements that stick out count too. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    const right = [...document.querySelectorAll("main, main *")].map((element) =>
      Math.ceil(element.getBoundingClientRect().right),
    );
    return Math.max(scrollWidth, ...right) - clientWidth;
  });
}

/** Codes, keys, badges and the words of commands that stand on more than one line. */
export function brokenWords(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const whole = document.querySelectorAll("#code, div code bdi, li code, small");
    const isBroken = (element: Element) => {
      const range = document.createRange();
      range.selectNodeContents(element);
      const tops = [...range.getClientRects()].map(({ top }) => Math.round(top));
      return new Set(tops).size > 1;
    };
    return [...whole].filter(isBroken).map((element) => element.textContent ?? "");
  });
}
