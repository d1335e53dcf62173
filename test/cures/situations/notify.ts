import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { Receiver } from "../../kit/receiver.ts";
import type { Machine, Typing } from "../machine.ts";
import { type Situation, situation } from "../situation.ts";

const test = "notify test";

interface Hook {
  readonly status?: number;
  readonly location?: string;
  readonly webhook?: object;
}

/** A gateway with a webhook on this machine that answers `status`. */
async function hooked(m: Machine, { status = 200, location, webhook }: Hook): Promise<Receiver> {
  const receiver = await Receiver.open();
  receiver.answer = (_received, response) =>
    response.writeHead(status, location === undefined ? {} : { location }).end();
  const { origin } = receiver;
  m.config({
    gateway: { egress: ["127.0.0.1"], name: "Haus" },
    notify: { webhook: { url: `${origin}/x`, ...webhook } },
  });
  await m.start();
  return receiver;
}

/** A test message that does not arrive; what it names is typed. */
function fails(
  name: string,
  hook: Hook,
  cure: string | RegExp | ((m: Machine) => string),
  how: Typing & { readonly meanwhile?: (receiver: Receiver) => void } = {},
): Situation {
  return situation(`webhook: ${name}`, async (m) => {
    const receiver = await hooked(m, hook);
    const told = await m.says(test);
    expect(told.exit).toBe(1);
    how.meanwhile?.(receiver);
    await m.types(told, typeof cure === "function" ? cure(m) : cure, how);
    expect(m.config()).toContain("Haus");
    await receiver.close();
  });
}

const well = (receiver: Receiver) => {
  receiver.answer = (_received, response) => response.end("ok");
};

const fill = { URL: "https://ntfy.example.com/gateway" };
const OTHER = "openclaw config set notify.webhook.url URL";
const SET_URL = /^openclaw config set notify.webhook.url /;

export const notifySituations: readonly Situation[] = [
  situation("webhook: none is set", async (m) => {
    await m.start();
    const receiver = await Receiver.open();
    await m.says("config set gateway.egress 127.0.0.1");
    const fill = {
      URL: `${receiver.origin}/x`,
      "https://ntfy.example.com/gateway": `${receiver.origin}/x`,
    };
    await m.types(await m.says(test), SET_URL, { fill });
    expect((await m.says(test)).exit).toBe(0);
    await receiver.close();
  }),
  situation("webhook: an address that is not allowed", async (m) => {
    const receiver = await Receiver.open();
    m.config({
      gateway: { egress: ["10.9.9.9"] },
      notify: { webhook: { url: `${receiver.origin}/x` } },
    });
    await m.start();
    await m.types(await m.says(test), "openclaw config set gateway.egress 10.9.9.9,127.0.0.1");
    expect((await m.says(test)).exit).toBe(0);
    await receiver.close();
  }),
  fails("it has a fault of its own", { status: 500 }, "openclaw notify test", { meanwhile: well }),
  fails("too many messages", { status: 429 }, "openclaw notify test", { meanwhile: well }),
  fails(
    "it takes another format",
    { status: 400 },
    "openclaw config set notify.webhook.format text",
  ),
  fails("there is none", { status: 404 }, OTHER, { fill }),
  fails("it leads elsewhere", { status: 301, location: "https://x.example/" }, OTHER, { fill }),
  fails(
    "it wants credentials",
    { status: 401 },
    /^openclaw config set notify.webhook.headersFile /,
  ),
  situation("webhook: its file is missing, is none, and is mended", async (m) => {
    const file = join(m.folder, "url");
    const receiver = await hooked(m, { webhook: { urlFile: file } });
    m.editor(`s#.*#${receiver.origin}/x#`);
    await m.types(await m.says(test), `ls -lL ${file}`, { exit: 2 });
    writeFileSync(file, "no url\n", { mode: 0o600 });
    m.tool("edit", `sed -i 's#.*#${receiver.origin}/x#' "$1"`);
    m.env["EDITOR"] = "edit";
    await m.types(await m.says(test), `\${EDITOR:-nano} ${file}`);
    expect((await m.says(test)).exit).toBe(0);
    await receiver.close();
  }),
  situation("webhook: nothing answers, and a name that leads nowhere", async (m) => {
    const receiver = await hooked(m, {});
    const { origin } = receiver;
    await receiver.close();
    await m.types(await m.says(test), `curl -sSo /dev/null ${origin}`, { exit: 7 });
    await m.says("config set notify.webhook.url https://no-such-name.invalid/x");
    await m.types(await m.says(test), "getent ahosts no-such-name.invalid", { exit: 2 });
  }),
  situation("webhook: an address that is never connected to", async (m) => {
    await m.start();
    await m.says("config set notify.webhook.url http://169.254.169.254/x");
    const told = await m.types(await m.says(test), "openclaw config get notify.webhook");
    expect(told.text).toContain("169.254.169.254");
  }),
  situation("doctor: the webhook's files and its messages", async (m) => {
    const file = join(m.folder, "url");
    mkdirSync(file);
    const receiver = await hooked(m, {});
    await m.says(`config set notify.webhook.headersFile ${file}`);
    await m.types(await m.says("doctor"), `ls -lLd ${file}`);
    await m.says(`config set notify.webhook.headersFile ${file}/gone`);
    await m.types(await m.says("doctor"), `ls -lL ${file}/gone`, { exit: 2 });
    writeFileSync(join(file, "headers"), "X-A: b\n");
    chmodSync(join(file, "headers"), 0o644);
    await m.says(`config set notify.webhook.headersFile ${file}/headers`);
    const open = await m.says("doctor");
    await m.types(open, `chmod o-r ${file}/headers`);
    await m.types(open, "openclaw notify test");
    expect((await m.says("doctor")).text).not.toMatch(/notify\.(files|delivery)/);
    await receiver.close();
  }),
  situation("doctor: the webhook's address", async (m) => {
    m.config({ notify: { webhook: { url: "http://127.0.0.1:9/x" } } });
    await m.types(await m.says("doctor"), "openclaw config set gateway.egress 127.0.0.1");
    expect((await m.says("doctor")).text).not.toContain("notify.egress");
    m.config({ notify: { webhook: { url: "http://169.254.169.254/x" } } });
    await m.types(await m.says("doctor"), "openclaw config get notify.webhook");
  }),
];
