import { declare } from "../../kit/declare.ts";

/** `openclaw doctor` */
export const doctor = declare({
  name: "doctor",
  summary: "what is wrong here and what to type; changes nothing",
}).runs(async () => (await import("./doctor.ts")).doctor);
