/** Builds elements. Text goes in as text nodes only, so nothing from the wire becomes markup. */
export type Child = Node | string | false;

/** `h("p#lede", "Hello")`: a tag, then perhaps an id. */
export function h(spec: string, ...children: Child[]): HTMLElement {
  const [tag = "", id] = spec.split("#");
  const element = document.createElement(tag);
  if (id) element.id = id;
  fill(element, children);
  return element;
}

/** Appends what is there; `false` stands for a part that is left out. */
export function fill(element: HTMLElement, children: Child[]): void {
  element.append(...children.filter((child) => child !== false));
}

/** What it is called is its value too, and tells it from another button in the same place. */
export function button(id: string, label: string, click: () => void): HTMLElement {
  const element = h(`button#${id}`, label) as HTMLButtonElement;
  element.value = label;
  element.onclick = click;
  return element;
}

function key(node: Node): string {
  const { nodeName, id, value } = node as HTMLButtonElement;
  return nodeName + id + value;
}

/**
 * Makes `old` hold what `next` does. What both have stays the same element, so nothing is replaced
 * under the focus, a selection or a press that has begun.
 */
export function mend(old: Node, next: Node): void {
  if (old.nodeValue !== next.nodeValue) old.nodeValue = next.nodeValue;
  const left = [...old.childNodes];
  for (const child of [...next.childNodes]) {
    const at = left.findIndex((node) => key(node) === key(child));
    if (at < 0) {
      old.insertBefore(child, left[0] ?? null);
      continue;
    }
    for (const gone of left.splice(0, at)) gone.remove();
    const [kept] = left.splice(0, 1) as [HTMLElement];
    // What a button says about its press stays for its time.
    if (child.nodeName === "BUTTON") kept.onclick = (child as HTMLElement).onclick;
    else mend(kept, child);
  }
  for (const gone of left) gone.remove();
}

export const byId = (id: string): HTMLElement | null => document.getElementById(id);

/** The page's one live region: says `text` to a screen reader without moving the focus. */
export function announce(text: string): void {
  const region = byId("status");
  if (region && region.textContent !== text) region.textContent = text;
}
