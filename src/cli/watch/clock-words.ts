/** The time of day here, `12:03:11`. */
export function clockWords(ms: number): string {
  const time = new Date(ms);
  const parts = [time.getHours(), time.getMinutes(), time.getSeconds()];
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
}
