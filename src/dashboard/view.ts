/** Draws a state. The page is small: each change makes it whole, and what stands is mended to that. */
import { stopClock } from "./clock.ts";
import { announce, byId, h, mend } from "./dom.ts";
import type { Advice, Cause, Press, State } from "./model.ts";
import { loadNames, names } from "./names-loader.ts";
import { invited, lost, type Page, ready, stopped, waiting } from "./pages.ts";

async function adviceFor(cause: Cause): Promise<Advice> {
  try {
    return (await import("./help.ts")).advise(cause, location.origin);
  } catch {
    // The gateway's own words are better than none.
    return { title: "The gateway said no", text: cause.message, label: "Ask again", action: "ask" };
  }
}

async function pageOf(state: State, press: Press): Promise<Page> {
  const { view } = state;
  switch (view.at) {
    case "connecting":
      return ["Connecting…", "Reaching the gateway."];
    case "invited":
      return invited(state, press);
    case "waiting":
      return waiting(view);
    case "ready":
      return ready(state, view, press);
    case "lost":
      return lost(state, view, press);
    default:
      return stopped(state, await adviceFor(view.cause), press);
  }
}

/** Names and keys of both ends, to compare with what the terminal shows. */
function bothEnds({ thisDevice, gateway, view }: State): HTMLElement {
  const { name, kept, id } = thisDevice;
  return h(
    "ul#ends",
    h(
      "li",
      kept ? name : "Forgotten when this tab closes",
      h(
        "span#asker",
        view.at === "waiting"
          ? view.request.asker
          : `this browser${id && `, ID ${id.slice(0, 12)}`}`,
      ),
      h("span", `at ${location.origin}`),
      h("code#device-fp", names?.keyWords(id) ?? ""),
    ),
    h(
      "li",
      `${gateway.name || "OpenClaw"} ${gateway.release}`,
      h("span", "the gateway"),
      h("code#gateway-fp", gateway.fingerprint),
    ),
  );
}

let drawn: State | undefined;

export async function draw(root: HTMLElement, state: State, press: Press): Promise<void> {
  drawn = state;
  loadNames(() => {
    if (drawn) draw(root, drawn, press);
  });
  stopClock();
  const [title, lede, ...rest] = await pageOf(state, press);
  // Another state came while the help was on its way.
  if (drawn !== state) return;
  const held = root.contains(document.activeElement) && document.activeElement?.id;
  mend(
    root,
    h(
      "main",
      h("h1#title", title),
      state.notice !== "" && h("p#notice", state.notice),
      h("p#lede", lede),
      ...rest,
      h("h2", "To compare with the terminal"),
      bothEnds(state),
    ),
  );
  root.dataset["view"] = state.view.at;
  const heading = byId("title");
  if (heading) heading.tabIndex = -1;
  // A button that is gone hands its focus to the heading, so that Tab goes on from there.
  if (held && !root.contains(document.activeElement)) (byId(held) ?? heading)?.focus();
  announce(`${state.notice} ${title} ${byId("code")?.textContent ?? ""}`.trim());
}
