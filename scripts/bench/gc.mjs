// Preloaded where memory is measured: a full collection on SIGUSR2, so that what is read is what is
// kept, not when the collector last ran. Needs --expose-gc.
process.on("SIGUSR2", () => {
  for (let i = 0; i < 3; i += 1) globalThis.gc?.();
});
