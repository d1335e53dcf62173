import { readFileSync } from "node:fs";
import { join } from "node:path";
import { floors, roomOf, rooms } from "../../test/architecture/layers.ts";
import { resolved, root, sources } from "../../test/architecture/sources.ts";

/** What each room holds, in one line. A room without one is an error. */
const words: Readonly<Record<string, string>> = {
  lib: "what any program could use: clock and randomness as values, durable files, log, rate limiter, networks; it knows nothing of the project",
  limits: "one table of every limit, a file an area",
  protocol:
    "the wire and nothing else: frames, schemas, access, refusals, errors, closes, events, scopes",
  host: "the machine: paths, open files, memory, event loop, supervisor, systemd, signals",
  words: "what people read: codes, keys and rights in words, the request's card, commands, folding",
  config:
    "the configuration: its schema with defaults, reading, planning a change, editing, watching",
  store:
    "durable state: one document of parts, its journal and snapshot, recovery, the writer's lock",
  events: "who receives which event on this gateway; presence; the bus between gateways",
  audit: "the decision with its line, the chain of lines, their files, reading and verifying them",
  auth: "keys, tokens and secrets; `admit.ts` decides every connect",
  notify: "the webhook that is told who asks: what it says, how often, how it is sent",
  requests: "one book of requests, of devices and of nodes, and who may decide them",
  pairing: "devices, links, setup codes and SSH keys: who may come in, and how that ends",
  nodes: "what nodes offer and may do, invokes under way, work for nodes that are away",
  agent: "the gateway's side of the agent; today the answers of a gateway without one",
  methods: "what clients can call: one declaration a method",
  gateway: "connections, handshake, dispatch, drain",
  transport: "uWebSockets.js, HTTP, the local sockets, the page's files",
  main: "puts it all together; the only room that constructs services, and it decides nothing",
  index: "the program: `dist/index.js` is what `openclaw` runs",
  cli: "the command line: `kit` (output, prompts, exit codes), `reach` (a running, stopped or remote gateway), `commands`, `node-host`",
  "ssh-answer": "what answers a login with an approver's SSH key: a small program of its own",
  dashboard: "the page for browsers that pair; it is built on its own",
};

/** Which rooms each room imports: those of types and those by `import()` alone count as well. */
export function roomImports(): ReadonlyMap<string, ReadonlySet<string>> {
  const known = new Map(rooms.map((room) => [room, new Set<string>()]));
  for (const source of sources) {
    const from = known.get(roomOf(source.name));
    for (const how of source.imports) {
      const to = roomOf(resolved(source, how) ?? "");
      if (from && known.has(to) && to !== roomOf(source.name)) from.add(to);
    }
  }
  return known;
}

type Imports = ReadonlyMap<string, ReadonlySet<string>>;

/** The imports that no way through another room leads to as well: a picture of all can't be read. */
export function direct(imports: Imports): [from: string, to: string][] {
  const reach = (from: string, seen = new Set<string>()): Set<string> => {
    for (const to of imports.get(from) ?? []) if (!seen.has(to)) reach(to, seen.add(to));
    return seen;
  };
  return [...imports].flatMap(([from, all]) => {
    const behind = new Set([...all].flatMap((to) => [...reach(to)]));
    return [...all]
      .filter((to) => !behind.has(to))
      .sort()
      .map((to): [string, string] => [from, to]);
  });
}

/** `docs/architecture.md` with its picture and its table made anew; the rest stays as it was written. */
export function architecturePage(): string {
  const page = readFileSync(join(root, "docs/architecture.md"), "utf8");
  const imports = roomImports();
  const picture = ["```mermaid", ...pictureLines(imports), "```"];
  return between(between(page, "picture", picture), "rooms", tableLines(imports));
}

/** @throws Error where the page has no such place */
function between(page: string, name: string, lines: readonly string[]): string {
  const [start, end] = [`<!-- ${name}: made by \`npm run docs\` -->\n`, `\n<!-- /${name} -->`];
  const [before, rest, ...more] = page.split(start);
  const at = rest?.indexOf(end) ?? -1;
  if (rest === undefined || at < 0 || more.length > 0) throw new Error(`no one place for ${name}`);
  return `${before}${start}${lines.join("\n")}${rest.slice(at)}`;
}

function pictureLines(imports: Imports): string[] {
  const all = Object.entries(floors);
  const numbers = [...new Set(all.map(([, floor]) => floor))].sort((a, b) => b - a);
  const level = (floor: number) => all.filter(([, at]) => at === floor).map(([room]) => room);
  return [
    "flowchart TD",
    ...numbers.flatMap((floor) => [
      `  subgraph floor${floor}["${floor}"]`,
      ...level(floor).map((room) => `    ${room}`),
      "  end",
    ]),
    ...direct(imports).map(([from, to]) => `  ${from} --> ${to}`),
  ];
}

function tableLines(imports: Imports): string[] {
  const order = [...rooms].sort((a, b) => (floors[b] ?? 99) - (floors[a] ?? 99));
  const rows = order.map((room) => {
    const what = words[room];
    if (what === undefined) throw new Error(`no words about the room ${room}`);
    const known = [...(imports.get(room) ?? [])].sort().join(", ");
    return `| ${floors[room] ?? "beside"} | \`${room}\` | ${what} | ${known || "–"} |`;
  });
  return ["| floor | room | what it holds | imports |", "|---|---|---|---|", ...rows];
}
