import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";

const script = fileURLToPath(new URL("../../deploy/install/steps/tune.sh", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "tune-"));
const conf = join(folder, "nginx.conf");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const shipped =
  "worker_processes auto;\nevents {\n\tworker_connections 768;\n\t# multi_accept on;\n}\n";
const shippedSum = createHash("md5").update(shipped).digest("hex");

/** What a function of the step says of `text` as nginx.conf; how a test of it ends. */
function ask(text: string, call: string, options: Record<string, string> = {}): string {
  writeFileSync(conf, text);
  const named = { no_nginx: "", tune_nginx: "", no_tune_nginx: "", ...options };
  const lines = [
    ...Object.entries(named).map(([name, value]) => `opt_${name}='${value}'`),
    "dry=",
    `dpkg-query() { echo " ${conf} ${shippedSum}"; }`,
    "nproc() { echo 4; }",
    `. '${script}'`,
    `nginx_conf='${conf}'`,
    call,
  ];
  // In bash, where a function's name may have a dash.
  return execFileSync("bash", ["-c", lines.join("\n")], { encoding: "utf8" }).trim();
}
const tunes = (text: string, options?: Record<string, string>) =>
  ask(text, "if will_tune_nginx; then echo yes; else echo no; fi", options) === "yes";

const ours = shipped.replace("768", "16384");
const own = `${shipped}# mine\n`;

describe("nginx's limits are raised", () => {
  test.each([
    ["where its configuration is Debian's own", shipped, {}, true],
    ["where it is but for the number that was raised before", ours, {}, true],
    ["not where somebody changed it", own, {}, false],
    ["there too, with --tune-nginx", own, { tune_nginx: "1" }, true],
    ["never with --no-tune-nginx", shipped, { no_tune_nginx: "1" }, false],
    ["nor without nginx", shipped, { no_nginx: "1" }, false],
  ])("%s", (_, text, options, expected) => {
    expect(tunes(text, options)).toBe(expected);
  });
});

describe("what it holds then", () => {
  test.each([
    [shipped, {}, "16384 4"],
    [shipped, { no_tune_nginx: "1" }, "768 4"],
    [own.replace("auto", "2"), {}, "768 2"],
    [own.replace("768", "20000"), { tune_nginx: "1" }, "20000 4"],
    ["worker_processes 1;\nevents { }\n", {}, "512 1"],
  ])("%j with %j", (text, options, expected) => {
    expect(ask(text, "echo $(nginx_connections) $(nginx_workers)", options)).toBe(expected);
  });
});

test("a link to the configuration stays one, and what it leads to is changed", () => {
  const [real, link] = [join(folder, "real.conf"), join(folder, "link.conf")];
  writeFileSync(real, shipped);
  symlinkSync(real, link);
  ask(shipped, `nginx_conf='${link}'; set_connections 768 16384`);
  expect(readlinkSync(link)).toBe(real);
  expect(readFileSync(real, "utf8")).toBe(ours);
});
