import { hostname } from "node:os";
import { describe, expect, test } from "vitest";
import { commandText } from "../../src/protocol/command.ts";
import { tunnelLine as tunnel } from "../../src/words/tunnel.ts";

/** The command as it is typed. */
function tunnelLine(url: string, env: NodeJS.ProcessEnv): string | undefined {
  const command = tunnel(url, env);
  return command && commandText(command);
}

describe("the line that opens an address of this machine alone on another one", () => {
  test.each([
    ["http://127.0.0.1:18789/#invite=x", "ssh -N -L 18789:127.0.0.1:18789 ann@192.0.2.7"],
    ["http://localhost:18789/", "ssh -N -L 18789:localhost:18789 ann@192.0.2.7"],
    ["http://[::1]:18789/", "ssh -N -L '18789:[::1]:18789' ann@192.0.2.7"],
    ["http://127.0.0.1/", "ssh -N -L 80:127.0.0.1:80 ann@192.0.2.7"],
  ])("%s", (url, line) => {
    const env = { USER: "ann", SSH_CONNECTION: "203.0.113.5 51000 192.0.2.7 22" };
    expect(tunnelLine(url, env)).toBe(line);
  });

  test("names a machine with IPv6 alone by the address that SSH came in on, as ssh takes it", () => {
    const env = { USER: "ann", SSH_CONNECTION: "2001:db8::9 51000 2001:db8::7 22" };
    expect(tunnelLine("http://127.0.0.1:18789/#invite=x", env)).toBe(
      "ssh -N -L 18789:127.0.0.1:18789 ann@2001:db8::7",
    );
  });

  test("names the port of sshd, and this machine by its own name where nobody is logged in", () => {
    const url = "http://127.0.0.1:1/";
    const env = { USER: "root", SUDO_USER: "ann", SSH_CONNECTION: "a 1 192.0.2.7 2222" };
    expect(tunnelLine(url, env)).toBe("ssh -p 2222 -N -L 1:127.0.0.1:1 ann@192.0.2.7");
    expect(tunnelLine(url, { USER: "ann" })).toBe(`ssh -N -L 1:127.0.0.1:1 ann@${hostname()}`);
  });

  test.each(["https://gateway.example.com/", "http://192.0.2.7:18789/", "nothing"])(
    "%s needs none",
    (url) => expect(tunnelLine(url, {})).toBeUndefined(),
  );
});
