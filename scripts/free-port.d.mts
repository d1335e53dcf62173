/** A port of 127.0.0.1 that nobody has, from a block that is this process's alone. */
export function freePort(): Promise<number>;
