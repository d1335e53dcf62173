/** A command line with its Copy button. */
import { announce, button, byId, h } from "./dom.ts";

/** On plain HTTP there is no clipboard object; the old way through a selection still works. */
function copySelected(code: HTMLElement): boolean {
  getSelection()?.selectAllChildren(code);
  // A failed copy leaves the text selected: the person's own shortcut does the rest.
  return document.execCommand("copy");
}

async function copy(name: string): Promise<void> {
  const [code, pressed] = [byId(`cmd-${name}`), byId(`copy-${name}`)];
  if (!code || !pressed) return;
  let done = true;
  try {
    await navigator.clipboard.writeText(code.textContent ?? "");
  } catch {
    done = copySelected(code);
  }
  const said = done ? "Copied" : "Selected";
  pressed.textContent = said;
  announce(said);
  setTimeout(() => {
    pressed.textContent = "Copy";
  }, 2500);
}

/** `name` makes the ids `cmd-<name>` and `copy-<name>`. */
export function commandLine(name: string, label: string, command: string): HTMLElement {
  // Lines end between words only: half a code in the next one is easily lost.
  const words = command.split(/(\S+)/).map((part, i) => (i % 2 ? h("bdi", part) : part));
  const code = h(`code#cmd-${name}`, ...words);
  const press = button(`copy-${name}`, "Copy", () => void copy(name));
  press.ariaLabel = `Copy: ${label}`;
  return h("section", h("h2", label), h("div", code, press));
}
