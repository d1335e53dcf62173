import { declare } from "../../kit/declare.ts";

const renew = declare({
  name: "new",
  summary: "make a new token, store its hash, and print it this once",
  shape: (command) =>
    command
      .option("--revoke-derived", "also end the device tokens that the old one let in")
      .option("--force", "with it, also where that ends the last way in with full control"),
}).runs(async () => (await import("./token.ts")).newToken);

/** `openclaw token …` */
export const token = declare({
  name: "token",
  summary: "the shared gateway token",
  under: [renew],
});
