import { describe, expect, test } from "vitest";
import { planEdit } from "../../src/config/edit.ts";
import { ConfigError } from "../../src/config/errors.ts";
import { interpretConfig } from "../../src/config/interpret.ts";
import { type PatchKind, planPatch } from "../../src/config/patch-plan.ts";
import { configPaths, specOf } from "../../src/config/schema.ts";
import { buildConfig } from "../../src/config/settings.ts";
import { setInText } from "../../src/config/text-edit.ts";

const file = "/etc/g.json";
const deny = "gateway.nodes.commands.deny";
const read = (config: unknown) => interpretConfig(JSON.stringify(config), file);
const nodes = (section: unknown) => ({ gateway: { nodes: section } });
const denied = (text: string | null) => interpretConfig(text ?? "", file).values.get(deny);

describe("one key in two spellings", () => {
  test.each([
    [{ denyCommands: ["system.run"], commands: { deny: [] } }, ["system.run"]],
    [
      { commands: { deny: ["sms.send"] }, denyCommands: ["system.run"] },
      ["sms.send", "system.run"],
    ],
    [{ commands: { deny: ["system.run"] }, denyCommands: ["system.run"] }, ["system.run"]],
  ])("denies what either denies: %j", (section, all) => {
    const { values, errors } = read(nodes(section));
    expect(errors).toEqual([]);
    expect(values.get(deny)).toEqual(all);
  });

  const others = configPaths().flatMap((path) =>
    specOf(path).denies ? [] : (specOf(path).aliases ?? []).map((alias) => [alias, path] as const),
  );

  test.each(others)("is an error, wherever each stands: %s", (alias, path) => {
    const value = specOf(path).type.expected.startsWith("a list") ? ["camera.snap"] : "abc";
    const into = (text: string, name: string) => setInText(text, name.split("."), value);
    for (const names of [
      [alias, path],
      [path, alias],
    ]) {
      const text = names.reduce(into, "{}");
      const { errors, values } = interpretConfig(text, file);
      expect(errors).toMatchObject([{ code: "CONFIG_DUPLICATE_KEY" }]);
      expect(errors[0]?.message).toBe(`${alias} and ${path} are one key; keep one of them`);
      expect(values.has(path)).toBe(false);
    }
  });
});

describe("setting a list that denies", () => {
  const old = JSON.stringify(
    nodes({ denyCommands: ["system.run"], commands: { deny: ["sms.send"] } }),
  );
  const set = (before: string, value: readonly string[], key: string = deny) =>
    planEdit(before, [{ key, text: JSON.stringify(value) }], { file });

  test("keeps what another spelling denied, says so, and leaves one spelling", () => {
    const { after, warnings } = set(old, ["camera.snap"]);
    expect(denied(after)).toEqual(["camera.snap", "system.run"]);
    expect(after).not.toContain("denyCommands");
    expect(warnings).toEqual([
      `gateway.nodes.denyCommands denied system.run as well: that stays; setting ${deny} anew replaces it`,
    ]);
    expect(denied(set(after ?? "", ["camera.snap"]).after)).toEqual(["camera.snap"]);
  });

  test("under the other name keeps what the key's own name denied", () => {
    const { after } = set(old, ["camera.snap"], "gateway.nodes.denyCommands");
    expect(denied(after)).toEqual(["camera.snap", "sms.send"]);
  });

  test("says nothing where nothing had to be kept", () => {
    expect(set(old, ["system.run"]).warnings).toEqual([]);
    expect(denied(set(old, ["system.run"]).after)).toEqual(["system.run"]);
  });

  test("to nothing keeps it too", () => {
    expect(denied(set(old, []).after)).toEqual(["system.run"]);
  });

  test("keeps the good names of a spelling that holds a bad one", () => {
    const bad = JSON.stringify(nodes({ denyCommands: ["system.run", "*"] }));
    expect(denied(set(bad, ["camera.snap"]).after)).toEqual(["camera.snap", "system.run"]);
  });
});

describe("removing a list that denies", () => {
  const old = JSON.stringify(
    nodes({ denyCommands: ["system.run"], commands: { deny: ["sms.send"] } }),
  );
  const unset = (before: string, key: string) => planEdit(before, [{ key, unset: true }], { file });

  test.each([
    [deny, "gateway.nodes.denyCommands", "system.run"],
    ["gateway.nodes.denyCommands", deny, "sms.send"],
  ])("under the name %s leaves what the other denies, and says so", (name, other, command) => {
    const { after, warnings } = unset(old, name);
    expect(denied(after)).toEqual([command]);
    expect(warnings).toEqual([`${other} still denies ${command}`]);
    // Where only the other stands either name means it.
    expect(unset(after ?? "", name).after).toBe("{}");
  });
});

describe("a client's text", () => {
  const stored = nodes({ denyCommands: ["system.run"], commands: { deny: ["sms.send"] } });
  const before = JSON.stringify(stored);
  const current = buildConfig(interpretConfig(before, file).values);
  const afterward = (kind: PatchKind, raw: unknown) => {
    const { requests } = planPatch({ kind, raw: JSON.stringify(raw), before, current, file });
    return planEdit(before, requests, { file }).after;
  };

  test("that says again what is stored changes nothing", () => {
    expect(afterward("whole", stored)).toBe(before);
    expect(afterward("patch", stored)).toBe(before);
  });

  test("with both spellings means both", () => {
    const section = { denyCommands: ["system.run"], commands: { deny: ["camera.snap"] } };
    expect(denied(afterward("whole", nodes(section)))).toEqual(["system.run", "camera.snap"]);
  });

  test("as a patch of one keeps what the other denies; as a whole says all there is", () => {
    const one = nodes({ commands: { deny: ["camera.snap"] } });
    expect(denied(afterward("patch", one))).toEqual(["camera.snap", "system.run"]);
    expect(denied(afterward("whole", one))).toEqual(["camera.snap"]);
  });

  test("that takes one out leaves the other, and both where it leaves out both", () => {
    const none = (section: unknown) => afterward("patch", nodes(section));
    expect(denied(none({ denyCommands: null }))).toEqual(["sms.send"]);
    expect(denied(none({ commands: { deny: null } }))).toEqual(["system.run"]);
    expect(denied(none({ denyCommands: null, commands: { deny: ["camera.snap"] } }))).toEqual([
      "camera.snap",
    ]);
    expect(denied(afterward("whole", { gateway: {} }))).toBeUndefined();
  });

  test("with both spellings of another key is refused", () => {
    const both = nodes({ allowCommands: ["sms.send"], commands: { allow: ["camera.snap"] } });
    const run = () => afterward("patch", both);
    expect(run).toThrow(ConfigError);
    expect(run).toThrow(
      "gateway.nodes.allowCommands and gateway.nodes.commands.allow are one key; keep one of them",
    );
  });
});
