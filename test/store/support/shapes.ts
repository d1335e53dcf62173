import type { DocumentShape } from "../../../src/store/document.ts";

/** Numbers in the order in which they were added: shows loss, repetition and disorder alike. */
export interface Tally {
  ids: number[];
}

export interface TallyChange {
  add: number;
  /** Refuses to be applied, as a bug would. */
  bad?: boolean;
  padding?: string;
}

export const tallyShape: DocumentShape<Tally, TallyChange> = {
  name: "tally",
  version: 1,
  empty: () => ({ ids: [] }),
  apply(state, change) {
    if (change.bad) throw new Error("bad change");
    state.ids.push(change.add);
  },
  records: (state) => state.ids.map((id) => ({ id })),
  restore: (records) => ({ ids: [...(records as Iterable<{ id: number }>)].map(({ id }) => id) }),
};

/** Something like a device: the record count can grow without the commits growing. */
export interface Device {
  id: string;
  label: string;
  seen: number;
}

export type DeviceChange = { put: Device } | { drop: string } | { seen: string; at: number };

export const devicesShape: DocumentShape<Map<string, Device>, DeviceChange> = {
  name: "devices",
  version: 1,
  empty: () => new Map(),
  apply(state, change) {
    if ("put" in change) state.set(change.put.id, change.put);
    else if ("drop" in change) state.delete(change.drop);
    else {
      const device = state.get(change.seen);
      if (device) state.set(device.id, { ...device, seen: change.at });
    }
  },
  records: (state) => [...state.values()],
  copy: (state) => new Map(state),
  restore(records) {
    const state = new Map<string, Device>();
    for (const device of records as Iterable<Device>) state.set(device.id, device);
    return state;
  },
};
