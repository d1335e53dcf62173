import type { Page } from "playwright-core";
import { limitTable } from "../../../src/limits/table.ts";
import { makeDevice, RawClient } from "../../kit/client.ts";
import type { GatewayProcess } from "../../kit/process.ts";
import { code, press, shows, titled } from "./page.ts";
import { OTHER_NAME, type Profile } from "./profile.ts";

/** A gateway of the test's own, and an empty browser. */
export interface Stage {
  readonly gateway: GatewayProcess;
  readonly profile: Profile;
}

const address = ({ gateway }: Stage) => `http://127.0.0.1:${gateway.port}/`;

async function link({ gateway }: Stage, ...options: string[]): Promise<string> {
  const made = await gateway.json<{ url: string }>(["devices", "invite", ...options]);
  return made.url;
}

/** Fails as often as one address may. */
export async function failOften(url: string): Promise<void> {
  const device = makeDevice();
  for (let times = 0; times < limitTable.authFailures.value; times += 1) {
    const client = await RawClient.open(url);
    await client.connect({ device, auth: { bootstrapToken: "B".repeat(43) } });
    client.close();
  }
}

async function ready(stage: Stage, scopes = "owner"): Promise<Page> {
  const page = await stage.profile.visit(await link(stage, "--scopes", scopes));
  await press(page);
  await shows(page, "ready");
  return page;
}

async function rejected(stage: Stage): Promise<Page> {
  const page = await stage.profile.visit(address(stage));
  await stage.gateway.ok(["devices", "reject", await code(page)]);
  await shows(page, "stopped");
  return page;
}

/** Brings a page to each thing it can show. */
export const views: Readonly<Record<string, (stage: Stage) => Promise<Page>>> = {
  async connecting({ gateway, profile }) {
    const page = await profile.context.newPage();
    // A gateway that takes the socket and then says nothing.
    await page.routeWebSocket(/.*/, () => undefined);
    await page.goto(address({ gateway, profile }));
    await shows(page, "connecting");
    return page;
  },
  async invited(stage) {
    const page = await stage.profile.visit(await link(stage));
    await shows(page, "invited");
    return page;
  },
  async waiting(stage) {
    const page = await stage.profile.visit(address(stage));
    await shows(page, "waiting");
    return page;
  },
  async "waiting for more"(stage) {
    const page = await ready(stage, "read");
    // Without its token it asks as at the first time, which is more than it was given.
    await page.evaluate(() => localStorage.clear());
    await page.reload();
    await titled(page, "Approve more access");
    return page;
  },
  ready,
  async "ready with a link"(stage) {
    const page = await ready(stage, "read");
    await page.goto("about:blank");
    await page.goto(await link(stage));
    await page.locator("#offer").waitFor();
    return page;
  },
  async "key away"(stage) {
    const page = await ready(stage);
    await page.evaluate(() => indexedDB.deleteDatabase("openclaw-device"));
    await page.reload();
    await page.locator("#anew").waitFor();
    return page;
  },
  async lost(stage) {
    const page = await ready(stage);
    await stage.gateway.kill();
    await page.locator("#cmd-next").waitFor();
    return page;
  },
  rejected,
  async "link refused"({ gateway, profile }) {
    const page = await profile.visit(`${address({ gateway, profile })}#invite=${"A".repeat(43)}`);
    await press(page);
    await shows(page, "stopped");
    return page;
  },
  async "origin refused"({ gateway, profile }) {
    const page = await profile.visit(`http://${OTHER_NAME}:${gateway.port}/`);
    await shows(page, "stopped");
    return page;
  },
  async "invited devices only"(stage) {
    await stage.gateway.ok(["config", "set", "gateway.pairing.open", "false"]);
    const page = await stage.profile.visit(address(stage));
    await shows(page, "stopped");
    return page;
  },
  async "another tab"(stage) {
    const page = await stage.profile.visit(address(stage));
    await shows(page, "waiting");
    await shows(await stage.profile.visit(address(stage)), "waiting");
    await shows(page, "stopped");
    return page;
  },
  async "too many attempts"(stage) {
    await failOften(stage.gateway.url);
    const page = await stage.profile.visit(`${address(stage)}#invite=${"A".repeat(43)}`);
    await press(page);
    await shows(page, "lost");
    return page;
  },
  async removed(stage) {
    const page = await ready(stage);
    await stage.gateway.ok(["devices", "clear", "--yes", "--force"]);
    await shows(page, "stopped");
    return page;
  },
};
