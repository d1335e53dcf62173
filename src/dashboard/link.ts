/** The socket and the timers around it: carries out what the reducer wants, decides nothing. */
import type { Event } from "./model.ts";

export interface Link {
  dialNow(): void;
  /** Sends on the socket of now; if that is replaced while `text` is made, nothing goes out. */
  post(text: Promise<string>): Promise<void>;
  watch(ms: number): void;
  again(time: number): void;
  /** Reports no `retry` that is still to come. */
  rest(): void;
  quietMs(): number;
}

export function makeLink(url: string, dispatch: (event: Event) => void): Link {
  let socket: WebSocket | undefined;
  let patience = 0;
  let watchdog: ReturnType<typeof setTimeout> | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let heardAt = Date.now();

  const end = (code: number, reason: string) => {
    clearTimeout(watchdog);
    // Letting go of the socket first: its late frames and its own close no longer count.
    const old = socket;
    socket = undefined;
    old?.close();
    if (code) dispatch({ on: "closed", code, reason });
  };
  const rearm = () => {
    clearTimeout(watchdog);
    if (patience) watchdog = setTimeout(end, patience, 4000, "");
  };
  return {
    dialNow() {
      clearTimeout(retry);
      end(0, "");
      const opened = new WebSocket(url);
      socket = opened;
      opened.onmessage = ({ data }) => {
        if (opened !== socket) return;
        heardAt = Date.now();
        rearm();
        let frame: unknown;
        try {
          frame = JSON.parse(data);
        } catch {}
        dispatch({ on: "frame", frame });
      };
      opened.onclose = ({ code, reason }) => {
        if (opened === socket) end(code, reason);
      };
    },
    async post(text) {
      const asked = socket;
      asked?.send(await text);
    },
    watch(ms) {
      patience = ms;
      rearm();
    },
    again(time) {
      clearTimeout(retry);
      // Up to a third more, so that a thousand pages don't come back in the same instant.
      const ms = (time - Date.now()) * (1 + Math.random() / 3);
      retry = setTimeout(dispatch, ms, { on: "retry" });
    },
    rest: () => clearTimeout(retry),
    quietMs: () => Date.now() - heardAt,
  };
}
