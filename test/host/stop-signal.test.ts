import { afterEach, expect, test } from "vitest";
import { StopSignal } from "../../src/host/stop-signal.ts";

let signal: StopSignal | undefined;
afterEach(() => signal?.close());

function hear(terminal: boolean): string[] {
  const heard: string[] = [];
  signal = new StopSignal({ terminal });
  signal.listen({ stop: () => heard.push("stop"), reload: () => heard.push("reload") });
  return heard;
}

test.each([
  [true, "stop"],
  [false, "reload"],
])("SIGHUP with a terminal (%s) is told as %s", (terminal, what) => {
  const heard = hear(terminal);
  process.emit("SIGHUP");
  expect(heard).toEqual([what]);
  expect(signal?.asked).toBe(what === "stop");
});

test("a signal from before anybody listened is told to whoever listens, and to the next", () => {
  signal = new StopSignal({ terminal: false });
  process.emit("SIGTERM");
  const heard: string[] = [];
  const listen = (name: string) =>
    signal?.listen({ stop: () => heard.push(name), reload: () => undefined });
  listen("first");
  listen("second");
  process.emit("SIGINT");
  expect(heard).toEqual(["first", "second", "second"]);
});

test("closed, it leaves signals to the system", () => {
  const before = process.listenerCount("SIGTERM");
  hear(false);
  expect(process.listenerCount("SIGTERM")).toBe(before + 1);
  signal?.close();
  expect(process.listenerCount("SIGTERM")).toBe(before);
});
