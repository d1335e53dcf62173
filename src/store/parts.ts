import type { Decision, Document, DocumentShape, DocumentStats, Durability } from "./shape.ts";

/**
 * One part of a document that several services share. As {@link DocumentShape} has it, but without a
 * file of its own: a commit that changes several parts is one append to their one journal.
 */
export interface PartShape<State extends object, Change, Event = never> {
  empty(): State;
  /** Mutates `state`, and nothing else, and depends on nothing else. */
  apply(state: State, change: Change): void;
  /** Snapshot records, plain JSON; the call takes a shallow copy, iterating does the rest. */
  records(state: State): Iterable<unknown>;
  restore(records: Iterable<unknown>): State;
  /** A second state with the same (shared) values, quicker than `restore(records(state))`. */
  copy?(state: State): State;
  /** What follows from `change`: a pure function of it and of the part's state before it. */
  follows?(state: State, change: Change): readonly Event[];
}

/** The parts of a document, by the names that stand in its files. */
// biome-ignore lint/suspicious/noExplicitAny: a table of parts of different types, read by name alone
export type PartShapes = Readonly<Record<string, PartShape<any, any, any>>>;

type Shape<State extends object, Change, Event> = PartShape<State, Change, Event>;

/** The states of all parts, by name. */
export type StatesOf<Shapes extends PartShapes> = {
  readonly [Name in keyof Shapes]: Shapes[Name] extends Shape<infer State, infer _, infer _>
    ? State
    : never;
};

/** A change of the document: the name of a part, and its change. */
export type NamedChange<Shapes extends PartShapes> = {
  [Name in keyof Shapes & string]: Shapes[Name] extends Shape<infer _, infer Change, infer _>
    ? readonly [part: Name, change: Change]
    : never;
}[keyof Shapes & string];

/** What follows from a change: the name of the part, and its event. */
export type NamedEvent<Shapes extends PartShapes> = {
  [Name in keyof Shapes & string]: Shapes[Name] extends Shape<infer _, infer _, infer Event>
    ? readonly [part: Name, event: Event]
    : never;
}[keyof Shapes & string];

/** A document made of parts. */
export type SharedDocument<Shapes extends PartShapes> = Document<
  StatesOf<Shapes>,
  NamedChange<Shapes>,
  NamedEvent<Shapes>
>;

/** How parts hang together. All of it is pure. */
export interface SharedRules<Shapes extends PartShapes> {
  /** Changes of other parts that belong to a change and are made durable with it. */
  consequences?(
    state: StatesOf<Shapes>,
    change: NamedChange<Shapes>,
  ): readonly NamedChange<Shapes>[];
  /** Called after a change was applied to its own part, for parts that keep a view of others'. */
  applied?(state: StatesOf<Shapes>, change: NamedChange<Shapes>): void;
  migrate?: DocumentShape<StatesOf<Shapes>, NamedChange<Shapes>>["migrate"];
}

/** Most changes have no events and no consequences. */
const NONE: readonly never[] = [];

/** The shape of the document that is made of `shapes`. A record of its snapshot is `[part, record]`. */
export function sharedShape<Shapes extends PartShapes>(
  file: { readonly name: string; readonly version: number },
  shapes: Shapes,
  rules: SharedRules<Shapes> = {},
): DocumentShape<StatesOf<Shapes>, NamedChange<Shapes>, NamedEvent<Shapes>> {
  type States = StatesOf<Shapes>;
  const names = Object.keys(shapes);
  const each = (make: (shape: PartShapes[string], name: string) => unknown) =>
    Object.fromEntries(names.map((name) => [name, make(shapeOf(name), name)])) as States;
  const byName: ReadonlyMap<string, PartShapes[string]> = new Map(Object.entries(shapes));
  function shapeOf(name: string): PartShapes[string] {
    const shape = byName.get(name);
    if (!shape) throw new TypeError(`no part is called ${name}`);
    return shape;
  }
  return {
    ...file,
    empty: () => each((shape) => shape.empty()),
    apply: (state, change) => {
      const [name, inner] = change;
      shapeOf(name).apply(state[name], inner);
      rules.applied?.(state, change);
    },
    follows: (state, [name, inner]) => {
      const events = shapeOf(name).follows?.(state[name], inner);
      if (events === undefined || events.length === 0) return NONE;
      return events.map((event) => [name, event] as unknown as NamedEvent<Shapes>);
    },
    records: (state) => {
      const parts = names.map((name) => [name, shapeOf(name).records(state[name])] as const);
      return namedRecords(parts);
    },
    restore: (records) => {
      const lists = new Map<string, unknown[]>(names.map((name) => [name, []]));
      for (const [name, record] of records as Iterable<readonly [string, unknown]>) {
        const list = lists.get(name);
        if (!list) throw new TypeError(`no part is called ${name}`);
        list.push(record);
      }
      return each((shape, name) => shape.restore(lists.get(name) ?? []));
    },
    copy: (state) =>
      each((shape, name) => {
        const part = state[name] as object;
        return shape.copy ? shape.copy(part) : shape.restore(shape.records(part));
      }),
    ...(rules.consequences && { consequences: rules.consequences }),
    ...(rules.migrate && { migrate: rules.migrate }),
  };
}

function* namedRecords(
  parts: readonly (readonly [name: string, records: Iterable<unknown>])[],
): Generator<readonly [string, unknown]> {
  for (const [name, records] of parts) for (const record of records) yield [name, record];
}

/** Changes of another part, to be committed together with those of a {@link Part}. */
export interface OtherChanges {
  readonly part: string;
  readonly changes: readonly unknown[];
}

/** A decision about one part, which may say what else changes with it. */
export interface PartDecision<Change, Answer> extends Decision<Change, Answer> {
  readonly also?: readonly OtherChanges[];
}

/** One part of a shared document, as its service sees it. */
export interface Part<State, Change, Event = never> {
  readonly durable: State;
  readonly working: State;
  /** Of the whole document. */
  readonly unsaved: boolean;
  readonly stats: DocumentStats;
  /** As {@link Document.commit}; `also` changes other parts in the same append. */
  commit(
    changes: readonly Change[],
    options?: { readonly urgent?: boolean; readonly also?: readonly OtherChanges[] },
  ): Promise<Durability>;
  /** As {@link Document.decide}, on this part's state. */
  decide<Answer>(
    decide: (working: State) => PartDecision<Change, Answer>,
  ): Promise<{ readonly answer: Answer } & Durability>;
  /** As {@link Document.listen}, for the events of this part. */
  listen(listener: (event: Event) => void): () => void;
  /** As {@link Document.later}. */
  later(changes: readonly Change[]): void;
  /** Changes of this part for the `also` of another one's commit. */
  also(changes: readonly Change[]): OtherChanges;
}

type AnyShared = Document<
  Readonly<Record<string, unknown>>,
  readonly [part: string, change: unknown],
  readonly [part: string, event: unknown]
>;

/** The part of `document` that is called `name`. */
export function partOf<Shapes extends PartShapes, Name extends keyof Shapes & string>(
  document: SharedDocument<Shapes>,
  name: Name,
): Shapes[Name] extends Shape<infer State, infer Change, infer Event>
  ? Part<State, Change, Event>
  : never;
export function partOf(document: AnyShared, name: string): Part<unknown, unknown, unknown> {
  return new NamedPart(document, name);
}

class NamedPart implements Part<unknown, unknown, unknown> {
  readonly #document: AnyShared;
  readonly #name: string;

  constructor(document: AnyShared, name: string) {
    this.#document = document;
    this.#name = name;
  }

  get durable(): unknown {
    return this.#document.durable[this.#name];
  }

  get working(): unknown {
    return this.#document.working[this.#name];
  }

  get unsaved(): boolean {
    return this.#document.unsaved;
  }

  get stats(): DocumentStats {
    return this.#document.stats;
  }

  commit(
    changes: readonly unknown[],
    options: { readonly urgent?: boolean; readonly also?: readonly OtherChanges[] } = {},
  ): Promise<Durability> {
    const { urgent = false, also = [] } = options;
    return this.#document.commit(this.#named(changes, also), { urgent });
  }

  decide<Answer>(
    decide: (working: unknown) => PartDecision<unknown, Answer>,
  ): Promise<{ readonly answer: Answer } & Durability> {
    return this.#document.decide((working) => {
      const { changes, also = [], ...rest } = decide(working[this.#name]);
      return { ...rest, changes: this.#named(changes, also) };
    });
  }

  listen(listener: (event: unknown) => void): () => void {
    return this.#document.listen(([name, event]) => {
      if (name === this.#name) listener(event);
    });
  }

  later(changes: readonly unknown[]): void {
    this.#document.later(this.#named(changes, []));
  }

  also(changes: readonly unknown[]): OtherChanges {
    return { part: this.#name, changes };
  }

  #named(
    changes: readonly unknown[],
    also: readonly OtherChanges[],
  ): (readonly [string, unknown])[] {
    const own = changes.map((change) => [this.#name, change] as const);
    if (also.length === 0) return own;
    const others = also.flatMap(({ part, changes: more }) =>
      more.map((change) => [part, change] as const),
    );
    return [...own, ...others];
  }
}
