import { describe, expect, test } from "vitest";
import { checks, examine } from "../../../src/cli/commands/doctor/checks.ts";
import { summary } from "../../../src/cli/commands/doctor/doctor.ts";
import type { DoctorFacts } from "../../../src/cli/commands/doctor/facts.ts";
import { findingRow } from "../../../src/cli/commands/doctor/verdict.ts";
import { commandsIn, plainText } from "../../../src/protocol/text.ts";
import { callsOf } from "../../../src/words/command.ts";
import { access } from "../support/doctor/access-cases.ts";
import { down, settings, up } from "../support/doctor/cases.ts";
import { config } from "../support/doctor/config-cases.ts";
import { box, container } from "../support/doctor/container-cases.ts";
import { OWNER, running, stopped } from "../support/doctor/facts.ts";
import { around } from "../support/doctor/machine-cases.ts";
import { program } from "../support/doctor/program-cases.ts";
import { ssh } from "../support/doctor/ssh-cases.ts";
import { state } from "../support/doctor/state-cases.ts";
import { webhooks } from "../support/doctor/webhook-cases.ts";

/** The findings with what to type as it is printed. */
const rowsOf = (facts: DoctorFacts) => examine(facts).map(findingRow);

describe.each([
  ["program and gateway", program],
  ["configuration", config],
  ["state", state],
  ["who may come in", access],
  ["machine", around],
  ["approval over SSH", ssh],
  ["webhook", webhooks],
  ["in a container", container],
] as const)("doctor, %s", (_group, cases) => {
  test.each([...cases])("%s is judged by %s", (_what, id, facts, [level, message, next]) => {
    const found = rowsOf(facts).find((finding) => finding.id === id);
    expect(found).toEqual({
      id,
      level,
      message: expect.stringMatching(message),
      ...(level !== "ok" && { next }),
    });
  });
});

describe("doctor", () => {
  test("finds nothing wrong with a healthy gateway", () => {
    const levels = examine(running()).map(({ id, level }) => `${id} ${level}`);
    expect(levels.filter((line) => !line.endsWith(" ok"))).toEqual([]);
  });

  test("tells the owner of a container nothing of systemd, apt, sshd, sudo inside, or other users", () => {
    const facts = [...program, ...config, ...state, ...access, ...around, ...ssh, ...webhooks];
    const env = { OPENCLAW_CONTAINER: "1", PATH: "" };
    const calls = callsOf(env);
    const told = facts.flatMap(([, , one]) => {
      const machine = { ...one.machine, isContainer: true, unit: undefined, uid: OWNER };
      return examine({ ...one, machine }).flatMap((found) =>
        found.level === "ok" || found.id === "nodes.shared-keys"
          ? []
          : [plainText(found.next, calls)],
      );
    });
    const foreign = told.filter((next) => {
      const onHost = next.startsWith("on the host: ");
      return (
        /systemctl|journalctl|apt|ssh enable|prlimit|pm2|npx|ss -l|gpasswd|chgrp/.test(next) ||
        (!onHost && /sudo|chown/.test(next))
      );
    });
    expect([...new Set(foreign)]).toEqual([]);
  });

  test("in a container all is well with what the image and compose file set up", () => {
    const facts = box({ publicUrl: "https://g.example.com" });
    expect(examine(facts).filter(({ level }) => level !== "ok")).toEqual([]);
  });

  test("says in one line that all is well, and else how many findings there are", () => {
    const well = examine(running());
    expect(summary(well)).toBe(`All is well: ${well.length} checks, nothing to do.`);
    expect(summary(examine(stopped()))).toMatch(/^Nothing fails: 1 warning, 0 notes, \d+ well\.$/);
  });

  test("every finding ends with a command to type", () => {
    const all = [...program, ...config, ...state, ...access, ...around, ...ssh, ...webhooks];
    const found = all.flatMap(([, , facts]) => rowsOf(facts));
    const said = found.flatMap((finding) => (finding.next === undefined ? [] : [finding.next]));
    // The first two are what these tables give as the words of others.
    const typed =
      /^(install it|edit x|(openclaw|sudo|env|systemctl|journalctl|pm2|npx|prlimit|export|ls|df|ss|cat|mkdir|cp|mv|rm|chmod|chown|chgrp|gpasswd|curl|\$\{EDITOR:-nano\})( |$))/;
    expect(said.filter((next) => !typed.test(next))).toEqual([]);
  });

  test("what to type is data in every finding, but for the words of others", () => {
    const all = [...program, ...config, ...state, ...access, ...around, ...ssh, ...webhooks];
    const found = all.flatMap(([, , facts]) => examine(facts));
    const prose = found.flatMap((finding) =>
      finding.level === "ok" || commandsIn(finding.next).length > 0 ? [] : [finding.next],
    );
    // What these tables, and what made a command before it got here, give as the words of others.
    const given = /^(install it|edit x|\$\{EDITOR:-nano\} |openclaw config set gateway\.egress )/;
    expect(prose.filter((next) => !given.test(plainText(next)))).toEqual([]);
  });

  test("says of a stopped one only that it does not run", () => {
    const wrong = examine(stopped()).filter(({ level }) => level !== "ok");
    expect(wrong.map(({ id }) => id)).toEqual(["gateway.running"]);
  });

  test("every check has a bad case in these tables", () => {
    const all = [...program, ...config, ...state, ...access, ...around, ...ssh, ...webhooks];
    const bad = new Set(all.filter(([, , , [level]]) => level !== "ok").map(([, id]) => id));
    expect(Object.keys(checks).filter((id) => !bad.has(id))).toEqual([]);
  });

  test("says nothing of a webhook where none is set, or of one that it can't look at", () => {
    const key = "notify.webhook.urlFile";
    const webhook = { files: [{ key, path: "/etc/x", missing: false }], egress: [] };
    for (const facts of [running(), down({ config: { webhook } })]) {
      const ids = examine(facts).filter(
        ({ id, level }) => id.startsWith("notify.") && level !== "ok",
      );
      expect(ids).toEqual([]);
    }
  });

  test("what can't be known is left out", () => {
    const facts = down({
      state: { entries: undefined, space: undefined, inspection: undefined },
      machine: { port: undefined, openFiles: undefined },
    });
    const ids = examine(facts).map(({ id }) => id);
    for (const id of ["state.store", "auth.secret", "pairing.devices", "disk.space", "port"]) {
      expect(ids).not.toContain(id);
    }
  });

  test("claims nothing about a configuration that can't be read", () => {
    const unreadable = { code: "CONFIG_READ", path: "", message: "EACCES", next: "" };
    const config = { errors: [unreadable], gateway: undefined, devicelessCli: undefined };
    const ids = examine(down({ config, machine: { uid: 1000 } })).map(({ id }) => id);
    const known = ids.filter((id) => /^(config|auth)\./.test(id));
    expect(known).toEqual(["config.file", "config.access"]);
  });

  test("takes the origin of a page for no address of the gateway", () => {
    const allowed = { allowedOrigins: ["https://dash.example.com"] };
    const ids = examine(up(settings({ controlUi: allowed }))).map(({ id }) => id);
    expect(ids).not.toContain("config.public-url");
  });

  test("says whole sentences on one line", () => {
    const all = [...program, ...config, ...state, ...access, ...around, ...ssh, ...webhooks];
    for (const finding of all.flatMap(([, , facts]) => examine(facts))) {
      expect(finding.message).toMatch(/^\S.*[.?]$/s);
      expect(finding.message).not.toContain("\n");
    }
  });
});
