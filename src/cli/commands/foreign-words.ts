import { inContainer } from "../../host/container.ts";
import type { Environment } from "../../lib/environment.ts";
import { blank, CODE, openclaw } from "../../protocol/command.ts";
import { say, type Text } from "../../protocol/text.ts";
import { CliError } from "../kit/exit.ts";
import { startCommand } from "../reach/connect.ts";

const PENDING = say`${openclaw`devices list`} (then: ${openclaw`devices approve ${CODE}`})`;
const CONNECT = openclaw`connect ${blank("<link or wss://…>")}`;

const INSTALL = "gateway install";

/** What people type who know other programs, or what they mean rather than how it is called. */
const meant: Readonly<Record<string, Text>> = {
  pair: PENDING,
  pairing: PENDING,
  "pairing approve": openclaw`devices approve ${CODE}`,
  approve: openclaw`devices approve ${CODE}`,
  reject: openclaw`devices reject ${CODE}`,
  pending: openclaw`devices list`,
  watch: openclaw`devices watch`,
  show: openclaw`devices show ${CODE}`,
  list: openclaw`devices list`,
  device: openclaw`devices list`,
  "devices add": openclaw`devices invite`,
  "devices pair": openclaw`devices approve ${CODE}`,
  "devices pending": openclaw`devices list`,
  invite: openclaw`devices invite`,
  qr: say`${openclaw`devices invite --setup-code --qr`} (a link for a browser: ${openclaw`devices invite --qr`})`,
  "devices join-code": openclaw`devices invite --role node`,
  dashboard: say`${openclaw`devices invite`} (it prints the page's address)`,
  "gateway logs": openclaw`logs`,
  "gateway health": openclaw`health`,
  "gateway probe": openclaw`doctor`,
  [INSTALL]: say`${openclaw`gateway run`} (as a service: the installer, see README.md)`,
  daemon: openclaw`gateway --help`,
  log: openclaw`logs`,
  run: openclaw`gateway run`,
  serve: openclaw`gateway run`,
  stop: openclaw`gateway stop`,
  restart: openclaw`gateway restart`,
  node: CONNECT,
  "node run": CONNECT,
  "node list": openclaw`nodes list`,
  join: CONNECT,
  "nodes connect": CONNECT,
  "nodes add": openclaw`devices invite --role node`,
  "nodes invite": openclaw`devices invite --role node`,
  "nodes run": openclaw`nodes invoke ${blank("NODE")} system.run --params ${'{"command":["df","-h"]}'}`,
  password: openclaw`config set gateway.password -`,
  configure: openclaw`config --help`,
  set: openclaw`config set ${blank("KEY")} ${blank("VALUE")}`,
  call: openclaw`gateway call ${blank("METHOD")}`,
};

const starts = new Set(["start", "gateway start", "up", "gateway up"]);

/**
 * Says the command that is meant by words that are well known from other programs.
 * @throws CliError (usage) where these words are such
 */
export function refuseForeignWords(words: readonly string[], env: Environment): void {
  const [first = "", second = ""] = words;
  const typed = [`${first} ${second}`.trim(), first].find((text) => {
    return starts.has(text) || Object.hasOwn(meant, text);
  });
  if (typed === undefined) return;
  // A container is what a service is elsewhere.
  const isStart = starts.has(typed) || (typed === INSTALL && inContainer(env));
  const next = isStart ? startCommand() : meant[typed];
  throw new CliError("usage", `there is no command “${typed}” here`, { next });
}
