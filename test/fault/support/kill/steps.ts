import type { Work } from "./life.ts";

export type When = "before" | "torn" | "after";

/** What a state is made into while no gateway runs. */
export type Prepare =
  | "no reserve"
  | "torn journal"
  | "left-over snapshot"
  | "left-over journal"
  | "left-over reserve"
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
  { step: "unlink gateway.json.tmp", prepare: "left-over snapshot" },
  { step: "unlink gateway.journal.next.tmp", prepare: "left-over journal" },
  { step: "unlink gateway.reserve.tmp", prepare: "left-over reserve" },
  { step: "truncate gateway.journal", prepare: "torn journal" },
  { step: "truncate gateway.journal.next", prepare: "torn in a roll" },
  { step: "sync gateway.journal", prepare: "clean stop" },
  { step: "sync gateway.journal.next", prepare: "unfinished roll" },
  { step: "sync ." },
  { step: "open gateway.reserve.tmp", prepare: "no reserve" },
  { step: "write gateway.reserve.tmp", prepare: "no reserve" },
  { step: "sync gateway.reserve.tmp", prepare: "no reserve" },
  { step: "rename gateway.reserve.tmp > gateway.reserve", prepare: "no reserve" },
];

/** The audit moves from the state to its file. */
const audit: readonly Step[] = [
  { step: "mkdir audit" },
  { step: "truncate audit-*.jsonl", prepare: "torn audit" },
  { step: "write audit-*.jsonl", among: 10 },
  { step: "datasync audit-*.jsonl", among: 10 },
];

const commits: readonly Step[] = [
  { step: "write gateway.journal", among: 30 },
  { step: "datasync gateway.journal", among: 30 },
  { step: "write gateway.journal", among: 30, work: { secret: true } },
  { step: "datasync gateway.journal", among: 30, work: { secret: true } },
];

/** Decisions about nodes. Those about the configuration have steps of their own below. */
const nodeDecisions: readonly Step[] = (["linked", "approved", "rejected"] as const).flatMap(
  (nodes) => {
    const work = { nodes, quiet: true };
    return [
      // Most of what is written about nodes is no decision: a few rounds meet one.
      ...[1, 2, 3].map(() => ({ step: "datasync gateway.journal", among: 60, work })),
      { step: "write gateway.journal", among: 20, work },
      { step: "write gateway.journal", among: 60, work },
      { step: "datasync gateway.journal", among: 60, work },
    ];
  },
);

/** The journal is rolled, its snapshot written, and what that covers is dropped. */
const roll: readonly Step[] = [
  { step: "open gateway.journal.next.tmp" },
  { step: "write gateway.journal.next.tmp" },
  { step: "sync gateway.journal.next.tmp" },
  { step: "rename gateway.journal.next.tmp > gateway.journal.next" },
  { step: "write gateway.journal.next" },
  { step: "datasync gateway.journal.next" },
  { step: "open gateway.json.tmp" },
  { step: "write gateway.json.tmp" },
  { step: "sync gateway.json.tmp" },
  { step: "rename gateway.json.tmp > gateway.json" },
  { step: "rename gateway.journal.next > gateway.journal" },
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
    { step: "write gateway.journal", among: 60 },
    { step: "datasync gateway.journal", among: 60 },
  ].map((each) => ({ ...each, work: { config: true } })),
  { step: "unlink gateway.reserve", fullFrom: 60, work: { revoke: true } },
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
  ...nodeDecisions,
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
  "open gateway.reserve.tmp",
  "write gateway.reserve.tmp",
  "sync gateway.reserve.tmp",
  "rename gateway.reserve.tmp > gateway.reserve",
].map((step) => ({ step }));

export function whens({ step }: Step): readonly When[] {
  return step.startsWith("write ") ? ["before", "torn", "after"] : ["before", "after"];
}
