import type { Import } from "./sources.ts";

/** Rooms from the ground up (docs/architecture.md#the-rooms). A room imports itself and rooms of lower floors. */
export const floors: Readonly<Record<string, number>> = {
  lib: 0,
  limits: 0,
  protocol: 1,
  host: 1,
  words: 2,
  config: 3,
  store: 3,
  events: 3,
  audit: 4,
  auth: 4,
  notify: 4,
  requests: 4,
  pairing: 5,
  nodes: 5,
  agent: 6,
  methods: 7,
  gateway: 8,
  transport: 9,
  main: 10,
};

interface Beside {
  readonly knows: readonly string[];
  readonly lazily?: readonly string[];
  /** A file whose types one file may import, and no other. */
  readonly typesFor?: readonly [from: string, to: string];
}

/** Rooms beside the floors: what each may import, and what by `import()` alone (types are free there). */
export const side: Readonly<Record<string, Beside>> = {
  index: { knows: ["cli"] },
  cli: {
    knows: ["lib", "limits", "host", "protocol", "words"],
    lazily: ["main", "config"],
    // What each method takes and answers: the command line asks by it and loads none of it.
    typesFor: ["cli/reach/gateway.ts", "methods/index.ts"],
  },
  "ssh-answer": { knows: ["lib", "limits", "protocol", "words"] },
};

/**
 * Light and the same everywhere. The page imports them in two files: words for names, which are a chunk
 * of their own, and what its other chunks need.
 */
export const sharedWithPage = [
  "lib/shell-word.ts",
  "protocol/approve-line.ts",
  "protocol/close-reasons.ts",
  "protocol/command.ts",
  "protocol/scopes.ts",
  "protocol/text.ts",
  "words/key.ts",
  "words/scopes.ts",
];
const sharedBy = ["dashboard/names.ts", "dashboard/shared.ts"];

/** Templates that the build embeds; the one file that fills them in imports them. */
const templates = { folder: "../deploy/ssh/", filledBy: "cli/commands/ssh/scripts.ts" };

/** The rooms that the tables above name. */
export const rooms: readonly string[] = [...Object.keys(floors), ...Object.keys(side), "dashboard"];

export const roomOf = (name: string): string => (name.split("/")[0] ?? "").replace(/\.ts$/, "");

/** Why `from` may not import `to`, or `undefined`. */
export function layerProblem(from: string, to: string, how: Import): string | undefined {
  const [a, b] = [roomOf(from), roomOf(to)];
  if (to.startsWith(templates.folder)) {
    return from === templates.filledBy ? undefined : "one file fills templates in";
  }
  if (a === "dashboard") return pageProblem(from, to);
  const beside = side[a];
  if (beside) return a === b ? undefined : sideProblem(beside, { from, to }, how);
  return floorProblem(a, b) ?? roomProblem(a, to);
}

function floorProblem(a: string, b: string): string | undefined {
  const [low, high] = [floors[b], floors[a]];
  if (low === undefined || high === undefined) return "no such room on the floors";
  if (low > high) return "a lower floor imports a higher one";
  return low === high && a !== b ? "rooms of one floor do not know each other" : undefined;
}

/** What the higher rooms know of the lower ones. */
function roomProblem(a: string, to: string): string | undefined {
  const b = roomOf(to);
  if (a === "gateway" && b === "methods" && to !== "methods/method.ts") {
    return "of methods, the gateway knows method.ts alone";
  }
  const known = ["transport", "gateway", "lib", "limits", "host", "protocol", "words"];
  if (a === "transport" && !known.includes(b)) return "transport knows the gateway and the ground";
  return undefined;
}

function sideProblem(
  { knows, lazily = [], typesFor }: Beside,
  { from, to }: { readonly from: string; readonly to: string },
  how: Import,
): string | undefined {
  if (knows.some((room) => to.startsWith(`${room}/`))) return undefined;
  if (how.typeOnly && from === typesFor?.[0] && to === typesFor[1]) return undefined;
  // The command line must start fast: what is heavy is loaded when it is needed.
  if (!lazily.includes(roomOf(to))) return `it knows ${[...knows, ...lazily].join(", ")}`;
  return how.dynamic || how.typeOnly ? undefined : "it loads this by import() alone";
}

function pageProblem(from: string, to: string): string | undefined {
  if (roomOf(to) === "dashboard") return undefined;
  const fine = sharedBy.includes(from) && sharedWithPage.includes(to);
  return fine ? undefined : "the page stands alone";
}
