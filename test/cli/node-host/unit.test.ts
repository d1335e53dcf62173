import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseAllowList } from "../../../src/cli/node-host/allow-list.ts";
import { allowTemplate, unitText } from "../../../src/cli/node-host/unit.ts";

const shipped = new URL("../../../systemd/openclaw-node.service", import.meta.url);

test("the unit that is shipped is the one that is installed (UPDATE=1 writes it)", () => {
  const text = unitText({
    node: "/usr/bin/node",
    script: "/opt/openclaw-gateway/current/dist/index.js",
  });
  if (process.env["UPDATE"]) writeFileSync(shipped, text);
  expect(readFileSync(shipped, "utf8")).toBe(text);
});

test("a new allow-list allows nothing", () => {
  expect(parseAllowList(allowTemplate)).toEqual({ rules: [], problems: [] });
});
