/** The variables of a process's environment, as a value. */
export type Environment = Readonly<Record<string, string | undefined>>;
