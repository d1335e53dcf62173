/** Tabs of one browser at one gateway: which of them are still there. */
const ASK_MS = 3_000;

export interface Tabs {
  /** From now on asks the others whether one is there, or stops asking. */
  standBy(on: boolean): void;
}

/**
 * A tab that stands by asks, and all others answer. `left` is told when none does: the tab that had
 * the request was closed, crashed, or sleeps.
 */
export function makeTabs(gateway: string, left: () => void): Tabs {
  const channel = new BroadcastChannel(`openclaw ${gateway}`);
  let timer: ReturnType<typeof setInterval> | undefined;
  let isAnswered = false;
  const ask = () => {
    isAnswered = false;
    channel.postMessage("?");
  };
  channel.onmessage = ({ data }) => {
    if (data !== "?") isAnswered = true;
    else if (!timer) channel.postMessage("!");
  };
  return {
    standBy(on) {
      clearInterval(timer);
      timer = undefined;
      if (!on) return;
      timer = setInterval(() => (isAnswered ? ask() : left()), ASK_MS);
      ask();
    },
  };
}
