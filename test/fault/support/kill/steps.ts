import type { Work } from "./life.ts";

export type When = "before" | "torn" | "after";

/** What a state is made into while no gateway runs. */
export type Prepare =
  | "no ballast"
  | "torn journal"
  | "torn keys"
  | "torn nodes"
  | "left-over snapshot"
  | "left-over journal"
  | "left-over ballast"
  | "unfinished roll"
  | "torn in a roll"
  | "torn audit"
  | "old litter"
  | "clean stop";

/** A step at which a gateway is killed, and what brings it there. */
export interface Step {
  /** The call and the files, as the preloaded module names them. */
  readonly step: string;
  /** It is killed at one of so many of them. */
  readonly among?: number;
  readonly work?: Work;
  readonly prepare?: Prepare;
  /** It comes when the gateway is told to stop. */
  readonly stopping?: boolean;
  /** The disk is full from this write to the journal on. */
  readonly fullFrom?: number;
}

/** At the start on a state that is there already. */
const start: readonly Step[] = [
  { step: "chmod writer-*.sock" },
  { step: "symlink writer.sock", prepare: "clean stop" },
  { step: "symlink writer-*.heir" },
  { step: "symlink writer-*.new" },
  { step: "rename writer-*.new > writer.sock" },
  { step: "unlink writer-*.heir" },
  { step: "unlink writer-*.sock" },
  { step: "unlink writer-*.new", prepare: "old litter" },
  { step: "unlink devices.json.tmp", prepare: "left-over snapshot" },
  { step: "unlink devices.journal.next.tmp", prepare: "left-over journal" },
  { step: "unlink devices.ballast.tmp", prepare: "left-over ballast" },
  { step: "truncate devices.journal", prepare: "torn journal" },
  { step: "truncate gateway.journal", prepare: "torn keys" },
  { step: "truncate nodes.journal", prepare: "torn nodes" },
  { step: "truncate devices.journal.next", prepare: "torn in a roll" },
  { step: "sync devices.journal", prepare: "clean stop" },
  { step: "sync devices.journal.next", prepare: "unfinished roll" },
  { step: "sync gateway.journal" },
  { step: "sync nodes.journal" },
  { step: "sync ." },
  { step: "open devices.ballast.tmp", prepare: "no ballast" },
  { step: "write devices.ballast.tmp", prepare: "no ballast" },
  { step: "sync devices.ballast.tmp", prepare: "no ballast" },
  { step: "rename devices.ballast.tmp > devices.ballast", prepare: "no ballast" },
];

/** The audit moves from the state to its file. */
const audit: readonly Step[] = [
  { step: "mkdir audit" },
  { step: "truncate audit-*.jsonl", prepare: "torn audit" },
  { step: "write audit-*.jsonl", among: 10 },
  { step: "datasync audit-*.jsonl", among: 10 },
];

const commits: readonly Step[] = [
  { step: "write devices.journal", among: 30 },
  { step: "datasync devices.journal", among: 30 },
  { step: "write gateway.journal", work: { secret: true } },
  { step: "datasync gateway.journal", work: { secret: true } },
];

/**
 * Decisions that are stored elsewhere than their lines: what nodes may do, the secret, the
 * configuration (its own steps are below). A kill at the line's write comes before the decision.
 */
const elsewhere: readonly Step[] = (["linked", "approved", "rejected"] as const).flatMap(
  (nodes) => {
    const work = { nodes, quiet: true };
    return [
      // Most of what is written about nodes is no decision: a few rounds meet one.
      ...[1, 2, 3].map(() => ({ step: "datasync nodes.journal", among: 4, work })),
      { step: "write nodes.journal", among: 4, work },
      { step: "write devices.journal", among: 60, work },
      { step: "datasync devices.journal", among: 60, work },
    ];
  },
);

/** The journal is rolled, its snapshot written, and what that covers is dropped. */
const roll: readonly Step[] = [
  { step: "open devices.journal.next.tmp" },
  { step: "write devices.journal.next.tmp" },
  { step: "sync devices.journal.next.tmp" },
  { step: "rename devices.journal.next.tmp > devices.journal.next" },
  { step: "write devices.journal.next" },
  { step: "datasync devices.journal.next" },
  { step: "open devices.json.tmp" },
  { step: "write devices.json.tmp" },
  { step: "sync devices.json.tmp" },
  { step: "rename devices.json.tmp > devices.json" },
  { step: "rename devices.journal.next > devices.journal" },
].map((each) => ({ ...each, work: { labels: true } }));

const others: readonly Step[] = [
  ...[
    { step: "open openclaw.json.tmp", among: 3 },
    { step: "write openclaw.json.tmp", among: 3 },
    { step: "sync openclaw.json.tmp", among: 3 },
    { step: "chmod openclaw.json.tmp", among: 2 },
    // Only root can give a file away.
    ...(process.getuid?.() === 0 ? [{ step: "chown openclaw.json.tmp", among: 2 }] : []),
    { step: "rename openclaw.json.tmp > openclaw.json", among: 3 },
    // The line ahead of the file, and the note that the file is written.
    { step: "write devices.journal", among: 60 },
    { step: "datasync devices.journal", among: 60 },
  ].map((each) => ({ ...each, work: { config: true } })),
  { step: "unlink devices.ballast", fullFrom: 60, work: { revoke: true } },
  { step: "unlink writer.sock", stopping: true, work: { quiet: true } },
];

/** Steps that come once in 20,000 lines of audit; test/audit/files.test.ts shows the crash there. */
export const rareSteps: readonly string[] = ["sync audit"];

/** The step after which a roll needs nothing but its name. */
export const lastOfRoll: Step | undefined = roll.at(-1);

/** Every named step but those of a first start. */
export const steps: readonly Step[] = [
  ...start,
  ...commits,
  ...elsewhere,
  ...audit,
  ...roll,
  ...others,
];

/** Steps of a first start, on a folder that is empty or not there. */
export const firstSteps: readonly Step[] = [
  "mkdir .",
  "chmod writer-*.sock",
  "symlink writer.sock",
  "open gateway.journal.tmp",
  "write gateway.journal.tmp",
  "sync gateway.journal.tmp",
  "rename gateway.journal.tmp > gateway.journal",
  "sync .",
  "write gateway.journal",
  "datasync gateway.journal",
  "open devices.journal.tmp",
  "write devices.journal.tmp",
  "sync devices.journal.tmp",
  "rename devices.journal.tmp > devices.journal",
  "open nodes.journal.tmp",
  "write nodes.journal.tmp",
  "sync nodes.journal.tmp",
  "rename nodes.journal.tmp > nodes.journal",
  "open gateway.ballast.tmp",
  "write gateway.ballast.tmp",
  "sync gateway.ballast.tmp",
  "rename gateway.ballast.tmp > gateway.ballast",
].map((step) => ({ step }));

export function whens({ step }: Step): readonly When[] {
  return step.startsWith("write ") ? ["before", "torn", "after"] : ["before", "after"];
}
