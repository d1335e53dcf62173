import { describe, expect, test } from "vitest";
import { planEdit } from "../../src/config/edit.ts";
import { interpretConfig } from "../../src/config/interpret.ts";
import { shell } from "../../src/protocol/command.ts";

const file = "/etc/g.json";
/** Kept apart, so that it is no placeholder of this language. */
const D = "$";
const read = (config: unknown) => interpretConfig(JSON.stringify(config), file);

describe("a reference that nothing resolved", () => {
  const texts = ["$OPENCLAW_GATEWAY_TOKEN", `prefix-${D}{VAR}`, `${D}{VAR:-x}`];

  test.each(texts)("is no secret: %s", (text) => {
    for (const key of ["token", "password"]) {
      const { errors, values } = read({ gateway: { auth: { [key]: text } } });
      expect(errors).toMatchObject([{ code: "CONFIG_VALUE", path: `gateway.auth.${key}` }]);
      expect(errors[0]?.message).toContain("a reference, and nothing resolves it here");
      expect(errors[0]?.message).not.toContain(text);
      expect(values.size).toBe(0);
    }
  });

  test("is no secret as a section either, and says the same", () => {
    const [issue] = read({ gateway: { auth: { token: { source: "env", id: "TOKEN" } } } }).errors;
    expect(issue?.message).toContain("a reference, and nothing resolves it here");
  });

  test.each([
    { gateway: { name: `${D}{HOSTNAME}` } },
    { gateway: { publicUrl: `https://${D}{DOMAIN}/` } },
    { gateway: { controlUi: { allowedOrigins: [`https://${D}{DOMAIN}`] } } },
    { notify: { webhook: { url: "https://ntfy.example/$NTFY_TOPIC" } } },
    { notify: { webhook: { urlFile: "/run/{{ secret_name }}" } } },
    { logging: { file: `/var/log/${D}{USER}/g.log` } },
  ])("is no other value: %j", (config) => {
    expect(read(config).errors).toMatchObject([{ code: "CONFIG_VALUE" }]);
  });
});

describe("$include", () => {
  test.each([
    [{ $include: ["./base.json"], gateway: { port: 1 } }, '["$include"]'],
    [{ gateway: { $include: "./gateway.json" } }, 'gateway["$include"]'],
    [
      { gateway: { nodes: { commands: { $include: "./deny.json" } } } },
      'gateway.nodes.commands["$include"]',
    ],
  ])("is an error of its own: %j", (config, path) => {
    expect(read(config).errors).toEqual([
      {
        code: "CONFIG_INCLUDE",
        path,
        message: `${path}: other files are not read; write what they say about the gateway into this one, and take this line out`,
        next: shell`\${EDITOR:-nano} +1 ${file}`,
        line: 1,
        column: expect.any(Number),
      },
    ]);
  });

  test("in a part of the file that means nothing here is as unused as that part", () => {
    const { errors, warnings } = read({ agents: { $include: "./agents.json" } });
    expect(errors).toEqual([]);
    expect(warnings).toMatchObject([{ code: "CONFIG_UNKNOWN_KEY", path: "agents" }]);
  });
});

describe("names of node commands", () => {
  const warned = (list: "allow" | "deny", names: readonly string[]) =>
    read({ gateway: { nodes: { commands: { [list]: names } } } }).warnings;

  test.each([
    ["sytem.run", "system.run"],
    ["Camera.Snap", "camera.snap"],
    ["camera.snapshot", "camera.snap"],
    ["system.execApproval.get", "system.execApprovals.get"],
    ["fs.list", "fs.listDir"],
    ["sms_send", "sms.send"],
  ])("that no node knows get a warning with the nearest: %s", (name, nearest) => {
    for (const list of ["allow", "deny"] as const) {
      expect(warned(list, ["talk.ptt.start", name])).toMatchObject([
        {
          code: "CONFIG_UNKNOWN_COMMAND",
          path: `gateway.nodes.commands.${list}`,
          message: `gateway.nodes.commands.${list}: no node has a command "${name}"; did you mean ${nearest}?`,
          found: name,
          nearest,
        },
      ]);
    }
  });

  test("get one without it where none is near", () => {
    expect(warned("deny", ["acme.door.open"])).toMatchObject([
      {
        message:
          'gateway.nodes.commands.deny: no node that comes with OpenClaw has a command "acme.door.open"; it counts for a node that declares exactly this name',
      },
    ]);
    expect(warned("deny", ["acme.door.open"])[0]).not.toHaveProperty("nearest");
  });

  test("get one as they are set", () => {
    const request = { key: "gateway.nodes.commands.deny", text: "sytem.run" };
    expect(planEdit(null, [request], { file }).warnings).toEqual([
      'gateway.nodes.commands.deny: no node has a command "sytem.run"; did you mean system.run?',
    ]);
  });
});

describe("wildcards of origins", () => {
  const origins = (list: readonly string[]) =>
    read({ gateway: { controlUi: { allowedOrigins: list } } });

  test("stand for the first labels of a name", () => {
    const { values, errors } = origins([
      "https://*.Example.net:443/",
      "http://*.dev.example.net:8080",
    ]);
    expect(errors).toEqual([]);
    expect(values.get("gateway.controlUi.allowedOrigins")).toEqual([
      "https://*.example.net",
      "http://*.dev.example.net:8080",
    ]);
  });

  test.each([
    "https://*",
    "https://*.net",
    "https://*example.net",
    "https://app.*.example.net",
    "https://*.*.example.net",
    "https://example.net:*",
    "*://example.net",
    "*.example.net",
    "https://*.127.0.0.1",
  ])("stand nowhere else: %s", (origin) => {
    expect(origins([origin]).errors).toMatchObject([{ code: "CONFIG_VALUE" }]);
  });

  test("stand in no URL of the gateway", () => {
    const { errors } = read({ gateway: { publicUrl: "https://*.example.net" } });
    expect(errors).toMatchObject([{ code: "CONFIG_VALUE" }]);
  });
});
