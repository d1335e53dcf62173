import { blank, openclaw } from "../../../protocol/command.ts";
import { declare } from "../../kit/declare.ts";
import { SHELLS } from "./shells.ts";

/** `openclaw completion …` */
export const completion = declare({
  name: "completion",
  summary: "the script that lets a shell complete these commands, their options and codes",
  shape: (command) => command.argument("[shell]"),
  completes: { shell: SHELLS },
  examples: [
    {
      what: "bash",
      type: openclaw`completion bash ${blank("> ~/.local/share/bash-completion/completions/openclaw")}`,
    },
    {
      what: "zsh",
      type: openclaw`completion zsh ${blank("> /usr/local/share/zsh/site-functions/_openclaw")}`,
    },
    {
      what: "fish",
      type: openclaw`completion fish ${blank("> ~/.config/fish/completions/openclaw.fish")}`,
    },
  ],
}).runs(async () => (await import("./print.ts")).completion);
