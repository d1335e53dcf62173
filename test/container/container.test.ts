import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BASE_MS, whyNoVps } from "../kit/vps-base.ts";
import { bounds } from "./parts/bounds.ts";
import { firstBrowser } from "./parts/first-browser.ts";
import { owners } from "./parts/owners.ts";
import { restarts } from "./parts/restarts.ts";
import { settings } from "./parts/settings.ts";
import { publishedPort, waysIn } from "./parts/ways-in.ts";
import { Engine } from "./support/engine.ts";
import { buildImage, importBases, sizeOf } from "./support/images.ts";

const reason = whyNoVps();
if (reason) console.log(`The tests in Docker's engine are skipped: ${reason}.`);

let engine: Engine;

/** One engine for all: what each part does has a project of its own. */
describe.skipIf(reason !== undefined)("in Docker's engine", () => {
  beforeAll(async () => {
    engine = await Engine.start();
    await importBases(engine);
    await buildImage(engine);
  }, BASE_MS);
  afterAll(() => engine?.close());

  test("the image holds Node.js, the program, and little else", async () => {
    const [image, base] = [await sizeOf(engine, "openclaw-gateway"), await sizeOf(engine)];
    console.log(`image ${image} MB, of which ${base} MB are its Debian`);
    expect(image - base).toBeLessThan(160);
    const names = await engine.ok([
      "docker",
      "run",
      "--rm",
      "openclaw-gateway",
      "ls",
      "-A",
      "/app",
    ]);
    expect(names.split("\n").filter(Boolean)).toEqual([
      "LICENSE",
      "LICENSES.txt",
      "dist",
      "node_modules",
    ]);
  });

  describe("in its folder", () => settings(() => engine));
  describe("the first browser", () => firstBrowser(() => engine));
  describe("a gateway that ends", () => restarts(() => engine));
  describe("what the gateway's user can't use is told with what helps:", () =>
    owners(() => engine));
  describe("the way in is", () => {
    publishedPort(() => engine);
    describe("or", () => waysIn(() => engine));
  });
  describe("in little memory", () => bounds(() => engine));
});
