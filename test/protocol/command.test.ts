import { describe, expect, test } from "vitest";
import {
  asRoot,
  at,
  blank,
  CODE,
  commandText,
  extended,
  openclaw,
  shell,
} from "../../src/protocol/command.ts";

describe("a command as data", () => {
  test("has its words, whatever is filled in", () => {
    const name = "Anna's phone; rm -rf ~";
    const command = openclaw`devices rename ${"7f3k"} ${name} --limit=${3} ${["--yes", "--all"]}`;
    expect(command).toEqual({
      program: "openclaw",
      words: ["devices", "rename", "7f3k", name, "--limit=3", "--yes", "--all"],
      at: "here",
    });
    expect(commandText(command)).toBe(
      `openclaw devices rename 7f3k 'Anna'\\''s phone; rm -rf ~' --limit=3 --yes --all`,
    );
  });

  test("of another program, with root's rights, variables, and what the reader fills in", () => {
    expect(commandText(shell`ss -ltnp ${"sport = :80"}`)).toBe("ss -ltnp 'sport = :80'");
    expect(commandText(asRoot(shell`systemctl start ${"x.service"}`))).toBe(
      "sudo systemctl start x.service",
    );
    const doctor = { ...openclaw`doctor`, env: { OPENCLAW_STATE_DIR: "/a b" } };
    expect(commandText(asRoot(doctor))).toBe("sudo env OPENCLAW_STATE_DIR='/a b' openclaw doctor");
    expect(commandText(openclaw`connect ${blank("<link or wss://…>")}`)).toBe(
      "openclaw connect <link or wss://…>",
    );
    expect(commandText(extended(openclaw`devices approve`, CODE))).toBe(
      "openclaw devices approve CODE",
    );
    expect(commandText(openclaw``)).toBe("openclaw");
  });

  test("is called as where it works calls it", () => {
    const calls = { here: "node dist/index.js", gateway: "docker exec gw openclaw" };
    const command = openclaw`devices list`;
    expect(commandText(command, calls)).toBe("node dist/index.js devices list");
    expect(commandText(at("gateway", command), calls)).toBe("docker exec gw openclaw devices list");
    expect(commandText(at("node", command), calls)).toBe("openclaw devices list");
    expect(commandText(shell`df -h`, calls)).toBe("df -h");
  });

  test("needs no sudo where root reads it, who may have none; elsewhere it may be somebody else", () => {
    const start = asRoot(shell`systemctl start ${"x.service"}`);
    const root = { isRoot: true };
    expect(commandText(start, root)).toBe("systemctl start x.service");
    expect(commandText(at("gateway", start), root)).toBe("sudo systemctl start x.service");
    expect(commandText(at("node", start), root)).toBe("sudo systemctl start x.service");
    expect(commandText(start, { isRoot: false })).toBe("sudo systemctl start x.service");
  });
});
