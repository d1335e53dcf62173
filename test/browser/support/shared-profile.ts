import { afterAll, beforeAll, expect } from "vitest";
import { Profile } from "./profile.ts";

/** One browser for all tests of a file, each of which has an origin of its own: so nothing is shared. */
export function sharedProfile(): () => Profile {
  let profile: Profile | undefined;
  beforeAll(async () => {
    profile = await Profile.open();
  });
  afterAll(async () => {
    await profile?.close();
    expect(profile?.faults, "violations of the page's policy, and errors nobody caught").toEqual(
      [],
    );
  });
  return () => {
    if (!profile) throw new Error("no browser yet");
    return profile;
  };
}
