/** What this browser tells the gateway about itself: display only, no decision rests on it. */
import type { Browser } from "./wire.ts";

declare const __VERSION__: string;

/** "Chrome on Linux"; browsers name their ancestors too, so the order matters. */
export function deviceName(userAgent: string): string {
  const named = (names: string) =>
    names.split(" ").find((name) => userAgent.includes(name.slice(0, 3)));
  const system = named("iPhone iPad Android CrOS Mac Windows Linux");
  return `${named("Edge Firefox Chrome Safari") ?? "Browser"} on ${system ?? "a device"}`;
}

export function describeBrowser({ platform, userAgent, language }: Navigator): Browser {
  return {
    version: __VERSION__,
    platform: platform || "web",
    displayName: deviceName(userAgent),
    locale: language,
    userAgent,
  };
}
