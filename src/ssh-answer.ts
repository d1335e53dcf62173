import { answer } from "./cli/ssh/answer.ts";

process.exitCode = await answer(process.argv.slice(2));
