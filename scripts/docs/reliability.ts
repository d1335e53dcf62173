import { allLimits, type LimitName, limitTable } from "../../src/limits/table.ts";
import { amountWords } from "./amounts.ts";

/** A promise, and the test that shows it (relative to `test/`). */
type Promised = readonly [promise: string, test: string];

/** What one kind of offender gets: the rows of the limits table that hold it. */
type Offender = readonly [who: string, rows: readonly LimitName[]];

const acknowledged: readonly Promised[] = [
  [
    "An answer or an event about a change is sent after the change was written and fsynced, never before. Whoever reads state is shown what is durable.",
    "store/document.test.ts",
  ],
  [
    "Changes made at the same time share one fsync; each is answered for itself.",
    "store/document.test.ts",
  ],
  [
    "If it can't be written, the answer is an error and the change did not happen, or the error says that this is uncertain.",
    "store/crash-property.test.ts",
  ],
  ["A code that was shown is still good after a restart.", "fault/approvals-kill.test.ts"],
  [
    "A code approves exactly what was asked for under it, and nothing that was asked later.",
    "pairing/model.test.ts",
  ],
  [
    "Whoever has a node run a command is answered exactly once, whether the node answers, fails, takes too long, is killed or comes back on another connection; the node is told when nobody waits any more.",
    "fault/invoke-storm.test.ts",
  ],
];

const survives: readonly Promised[] = [
  [
    "`kill -9` at any moment: everything acknowledged is there at the next start, which needs nobody and finds no stale lock.",
    "fault/store-kill.test.ts",
  ],
  [
    "`kill -9` in the middle of a storm of approvals: the same, for codes and events too.",
    "fault/approvals-kill.test.ts",
  ],
  [
    "`kill -9` before, in the middle of and after each step that changes a file: taking the lock, appending, fsyncing, rolling the journal, writing and renaming its snapshot, dropping what that covers, the reserve file, the configuration, a first start. At least 50 rounds at every check, 1,000 with `--long`.",
    "fault/kill-steps.test.ts",
  ],
  [
    "The same kills: no decision is without its line in the audit, and the audit's chain is whole ([more](audit.md)).",
    "fault/kill-steps.test.ts",
  ],
  [
    "A second gateway on the same state, also from another process-id or network namespace: refused with exit code 6, told who holds it and what stops that one. After `kill -9` of the first it starts at once.",
    "fault/second-gateway.test.ts",
  ],
  [
    "A clock that is set, by hours or years, both ways, while the gateway runs: connections, tokens, handshakes and locks go by another clock and notice nothing; requests and one-time links keep the time they had left, and what was used or had ended stays so. The log and `openclaw doctor` name it. Devices whose clock differs by more than 120 s are refused and told so. What a clock wrote that was ahead lives no longer than its limit after a restart; what it wrote that was behind may have ended by then.",
    "fault/clock-jumps.test.ts",
  ],
  [
    "Power loss: the same, as far as the disk keeps what it said it has written. A last line that was torn is dropped, because nobody was told of it.",
    "store/crash-property.test.ts",
  ],
  [
    "A full or failing disk: changes are refused by name and nothing half-written stays. Revoking and rejecting act at once and say that they are not durable yet; a file of {reserveBytes} is given up to make them so. All goes on by itself when there is room.",
    "fault/store-full.test.ts",
  ],
  [
    "Disk errors: a write that failed is tried again after {retryMs}, ever more slowly, at most {retryMaxMs} apart.",
    "store/faults.test.ts",
  ],
  [
    "A full disk under the log costs log lines and nothing else: the gateway goes on, and can be stopped.",
    "fault/log-full.test.ts",
  ],
  [
    "Damaged state is refused with file, line and the way out, and a copy is kept. It is never reset in silence.",
    "store/damage.test.ts",
  ],
  [
    "A restart or stop tells everyone, and waits {drainMs} for requests that run.",
    "gateway/drain.test.ts",
  ],
  [
    "SIGTERM or SIGINT at any time (during a start, handshakes, a snapshot, a restart in place, approvals, a change of the configuration, with readers that do not read, several times): exit code 0, everyone told, everything acknowledged there. Only while Node.js itself still loads does the system end the process. SIGHUP does the same where the gateway runs on a terminal; elsewhere it has the configuration read again, and the file of the log opened anew.",
    "fault/stop-anytime.test.ts",
  ],
];

const badDay: readonly Promised[] = [
  [
    "`devices revoke-all --except DEVICE` ends every other device from its first moment on: no token of theirs counts, nothing they still send does, and nobody is let in or invited until all are ended. What one of them approved, made or opened right before does not survive. It acts on a full disk too, and with the gateway stopped.",
    "pairing/revoke-all.test.ts",
  ],
  [
    "The last way in with full control is not ended without `--force`, also where two remove each other at the same moment.",
    "gateway/last-admin.test.ts",
  ],
];

const offenders: readonly Offender[] = [
  [
    "reads slowly, or never",
    ["bufferedBytes", "slowConsumerMs", "unauthenticatedBytes", "heldBytes", "answersPerAddress"],
  ],
  [
    "wants every place",
    ["placesPerAddress", "placesPerPrefix", "placesKept", "deviceSockets", "endedMs"],
  ],
  ["sends huge frames", ["preAuthFrameBytes", "maxPayloadBytes", "transportPayloadBytes"]],
  [
    "floods requests",
    [
      "requestsInFlight",
      "deviceRequests",
      "deviceRequestChars",
      "requestsPerTurn",
      "unauthorizedCalls",
      "queuedBehindConnect",
    ],
  ],
  [
    "leaves handshakes half-open",
    ["handshakeMs", "unauthenticatedPerAddress", "unauthenticatedSockets"],
  ],
  [
    "asks for approval without end",
    [
      "requestBurstPerAddress",
      "requestBurstPerPrefix",
      "requestBurst",
      "pendingPerAddress",
      "pendingRequests",
      "requestEventBytesPerSecond",
    ],
  ],
  ["waits in a crowd", ["waitingPerAddress", "waitingSockets"]],
  ["guesses passwords, tokens or links", ["authFailures", "argon2PerSource", "argon2Queued"]],
  ["guesses codes of requests", ["codeFailures"]],
  ["wants to fill the log", ["logLinesPerSecond", "logBytesPerSecond"]],
];

const bystanders: readonly Promised[] = [
  [
    "Memory stays below [a figure](limits.md#memory-at-worst) that follows from the limits, whatever any number of strangers and one paired device send, and however little they read. It is given back.",
    "siege/worst-case.test.ts",
  ],
  [
    "Neither one address nor 300, neither by silence nor by being refused without hanging up, by kept-alive requests or upgrades, takes every place or descriptor, with 700 open files: paired devices come back, new ones ask, those that wait keep their code, and the owner's commands answer. Nor does one device.",
    "siege/places.test.ts",
  ],
  [
    "Nor do all addresses of an IPv6 /64 together, which count as one, or 300 /64s of one network.",
    "siege/places-network.test.ts",
  ],
  [
    "Nor does one address or one IPv6 /64 through nginx, in whatever way its addresses are written, as the installer leaves it and as Debian ships it: visitors from elsewhere are served.",
    "siege/nginx.test.ts",
  ],
  [
    "What a node or a client sends stays inside of its frame on the sockets of this machine too.",
    "transport/local-socket.test.ts",
  ],
  [
    "While each of these is pushed past, a hundred clients that behave are not closed or refused, miss no answer, and get every event in order without a gap; new devices are approved, paired ones come back, and the memory is given back.",
    "fault/limits-under-load.test.ts",
  ],
  [
    "However many strangers ask for approval, from one address or from hundreds: a device that waits, connected or coming back as OpenClaw's clients do, keeps its code, and whoever listens on a poor line stays connected and knows in the end who asks. Of a /24 or /48 at most {pendingPerPrefix} are sure of that at once.",
    "siege/requests.test.ts",
  ],
  [
    "The same from an IPv6 prefix of which a stranger owns every address.",
    "siege/requests-network.test.ts",
  ],
  [
    "A device with its own token is let in at an address that is locked because others guessed there.",
    "fault/limits-under-load.test.ts",
  ],
  [
    "A right token or password from an address that asks for the first time is checked in its turn, however many guess: after what is being hashed, one more, and two for each other network (/24, IPv6 /48) whose secrets wait, and never after more than twice {argon2Queued}. At a tenth of a second a hash and two at once that is 0.3 s where one network guesses, and 3.3 s at most. Where more networks than that guess at the same time it may be told to try again.",
    "auth/turns.test.ts",
  ],
  [
    "A hundred thousand pieces of broken input let nobody in and leave nothing behind.",
    "fault/fuzz.test.ts",
  ],
  [
    "`seq` has no gaps. Events that a newer one replaces may be left out for a slow client, and use up no number.",
    "events/hub.test.ts",
  ],
];

const notPromised = [
  "When a device was last seen is written lazily and may be lost with a crash. So may the note that a device took its token.",
  "Events are not kept: who is away misses them, and asks for the state on return.",
  "A request that was sent but not answered may have been carried out. Ask before sending it again.",
  "Answers within a given time. Under attack they come later; `npm run bench` and the table of the test above print how much.",
  "Anything about a disk that loses what it confirmed, or an owner of the machine who edits state while the gateway runs.",
  "Service to everybody behind one address whose share of unauthenticated sockets somebody there holds: that address waits, no other does.",
  "A code at the first try while strangers ask without end: a new device may be told to try again (`PAIRING_BUSY`), and a [link](pairing.md) lets it in at once. Where strangers hold all of `pendingRequests`, each coming back all the time and from a network of its own, only a link does, or rejecting theirs.",
  "The network: whoever can use it up does. And nginx: as Debian ships it, some hundred connections a second that say nothing keep others out of it ([what it holds](limits.md#what-nginx-holds)).",
  "A close frame with the reason, where an address has used up its share of places, or a client does not read what it was sent before: its connection is dropped. The answer itself is sent.",
];

/** The page docs/reliability.md, without its title. */
export function reliabilityLines(): string[] {
  return [
    "What may be relied on, what shows it, and what may not.",
    "",
    "## Acknowledged means durable",
    "",
    ...acknowledged.map(line),
    "",
    "## What survives what",
    "",
    ...survives.map(line),
    "",
    "## The bad day",
    "",
    ...badDay.map(line),
    "",
    "## What an offender gets",
    "",
    "Limits slow or end the offender. None shuts everyone out. All of them are in [limits](limits.md).",
    "",
    "| who | limit | number | gets |",
    "|---|---|---|---|",
    ...offenders.flatMap(([who, rows]) => rows.map((row) => offenderRow(who, row))),
    "",
    ...bystanders.map(line),
    "",
    "## What is not promised",
    "",
    ...notPromised.map((text) => `- ${text}`),
  ];
}

function line([promise, test]: Promised): string {
  const text = promise.replace(/\{(\w+)\}/g, (_, name: string) => amountOf(name));
  return `- ${text} ([test](../test/${test}))`;
}

function offenderRow(who: string, row: LimitName): string {
  const { past } = limitTable[row];
  return `| ${who} | \`${row}\` | ${amountWords(row, limitTable[row])} | ${past} |`;
}

function amountOf(name: string): string {
  const limit = allLimits[name];
  if (!limit) throw new Error(`no such limit: ${name}`);
  return amountWords(name, limit);
}
