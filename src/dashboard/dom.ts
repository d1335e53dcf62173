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

export function button(spec: string, label: string, click: () => void): HTMLElement {
  const element = h(`button#${spec}`, label);
  element.onclick = click;
  return element;
}

export const byId = (id: string): HTMLElement | null => document.getElementById(id);

/** The page's one live region: says `text` to a screen reader without moving the focus. */
export function announce(text: string): void {
  const region = byId("status");
  if (region && region.textContent !== text) region.textContent = text;
}
