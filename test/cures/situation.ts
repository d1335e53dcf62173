import { Machine } from "./machine.ts";

/** Something in which people are told to type commands: made on a machine, cured, looked at again. */
export interface Situation {
  readonly name: string;
  run(machine: Machine): Promise<void>;
}

export function situation(name: string, run: Situation["run"]): Situation {
  return { name, run };
}

/** Makes the situation and sees it through. What was typed in it counts only where all of it held. */
export async function seeThrough({ run }: Situation): Promise<void> {
  const machine = new Machine();
  try {
    await run(machine);
    machine.held();
  } finally {
    await machine.close();
  }
}
