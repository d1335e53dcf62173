import { afterEach, expect } from "vitest";
import { Profile } from "./profile.ts";

interface Closable {
  close(): Promise<void>;
}

/** Keeps what a test opened and closes it after the test, the newest first, however it ended. */
export function closing(): <T extends Closable>(opened: T) => T {
  const open: Closable[] = [];
  afterEach(async () => {
    const all = open.splice(0).reverse();
    const faults = all.flatMap((one) => (one instanceof Profile ? one.faults : []));
    const ends = await Promise.allSettled(all.map((one) => one.close()));
    for (const end of ends) if (end.status === "rejected") throw end.reason;
    expect(faults, "violations of the page's policy, and errors nobody caught").toEqual([]);
  });
  return (opened) => {
    open.push(opened);
    return opened;
  };
}
