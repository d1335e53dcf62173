/** The words that wake an assistant, and which session each speaks to: none are set here. */
export const wakeWords = { triggers: [] };

export const wakeRouting = {
  config: { version: 1, defaultTarget: { mode: "current" }, routes: [], updatedAtMs: 0 },
};
