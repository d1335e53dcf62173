import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { adoptGrant, loadAside, loadGrant, save, takeInvite } from "../../src/dashboard/storage.ts";
import { FakeStorage } from "./fake-storage.ts";

const HERE = "wss://gw.example/a/";
const THERE = "wss://gw.example/b/";
const grant = { token: "token", scopes: ["operator.read"], id: "id" };
const nothing = { grant: undefined, aside: [], invite: undefined };

let kept: FakeStorage;
let tab: FakeStorage;
beforeEach(() => {
  kept = new FakeStorage();
  tab = new FakeStorage();
  vi.stubGlobal("localStorage", kept);
  vi.stubGlobal("sessionStorage", tab);
  opened("", "navigate");
});
afterEach(() => {
  vi.unstubAllGlobals();
});

/** The page as it was opened: what stands behind its address, and how the browser came to it. */
function opened(hash: string, how: "navigate" | "reload"): void {
  vi.stubGlobal("location", { hash, pathname: "/a/", search: "" });
  vi.stubGlobal("history", { replaceState: () => {} });
  vi.stubGlobal("performance", { getEntriesByType: () => [{ type: how }] });
}

describe("an invite", () => {
  test("is for the gateway that it was opened at, and for no other of its origin", () => {
    opened("#invite=secret", "navigate");
    expect(takeInvite(HERE)).toBe("secret");
    opened("", "navigate");
    expect(takeInvite(THERE)).toBeUndefined();
    expect(takeInvite(HERE)).toBe("secret");
    save(HERE, { ...nothing, invite: "secret" }, nothing);
    expect(takeInvite(HERE)).toBeUndefined();
    expect(Object.keys(tab)).toEqual([]);
  });

  test("of before belongs to the page that comes again, not to one that is opened", () => {
    tab.setItem("openclaw-invite", "former");
    expect(takeInvite(THERE)).toBeUndefined();
    opened("", "reload");
    expect(takeInvite(HERE)).toBe("former");
    expect(takeInvite(THERE)).toBeUndefined();
    opened("", "navigate");
    expect(takeInvite(HERE)).toBe("former");
    expect(Object.keys(tab)).toEqual([`openclaw-invite ${HERE}`]);
  });

  test("works where nothing can be stored", () => {
    FakeStorage.shut(tab);
    opened("#invite=secret", "navigate");
    expect(takeInvite(HERE)).toBe("secret");
  });
});

describe("a grant", () => {
  test("of another gateway at the same address is kept beside the one in use", () => {
    const other = { ...grant, token: "other", by: "safe-slab" };
    save(HERE, { ...nothing, grant: other }, { ...nothing, aside: [other] });
    expect(loadGrant(HERE)).toBeUndefined();
    expect(loadAside(HERE)).toEqual([other]);
    expect(loadAside(THERE)).toEqual([]);
    save(HERE, { ...nothing, aside: [other] }, { ...nothing, grant: other });
    expect(loadGrant(HERE)).toEqual(other);
    expect(loadAside(HERE)).toEqual([]);
    kept.setItem(`openclaw-aside ${HERE}`, "broken");
    expect(loadAside(HERE)).toEqual([]);
  });

  test("of before, kept under the page's file, is that of the folder", () => {
    const page = `${HERE}index.html`;
    kept.setItem(`openclaw-grant ${page}`, JSON.stringify({ token: "token", scopes: [] }));
    adoptGrant(HERE, page);
    expect(loadGrant(HERE)).toMatchObject({ token: "token" });
    expect(Object.keys(kept)).toEqual([`openclaw-grant ${HERE}`]);
    adoptGrant(HERE, HERE);
    expect(loadGrant(HERE)).toMatchObject({ token: "token" });
  });

  test("is forgotten when it ended", () => {
    save(HERE, nothing, { ...nothing, grant });
    expect(loadGrant(HERE)).toEqual(grant);
    expect(loadGrant(THERE)).toBeUndefined();
    save(HERE, { ...nothing, grant }, nothing);
    expect(loadGrant(HERE)).toBeUndefined();
  });

  test("that another tab stored since stays", () => {
    save(HERE, nothing, { ...nothing, grant: { ...grant, token: "newer" } });
    expect(save(HERE, { ...nothing, grant }, nothing)).toBe(true);
    expect(loadGrant(HERE)?.token).toBe("newer");
  });

  test("stays when only the invite changed", () => {
    const newer = { ...grant, token: "newer" };
    save(HERE, nothing, { ...nothing, grant: newer });
    save(HERE, { grant, aside: [], invite: "i" }, { grant, aside: [], invite: undefined });
    expect(loadGrant(HERE)).toEqual(newer);
  });

  test("that can't be stored is told of", () => {
    FakeStorage.shut(kept);
    expect(save(HERE, nothing, { ...nothing, grant })).toBe(false);
    expect(loadGrant(HERE)).toBeUndefined();
  });
});
