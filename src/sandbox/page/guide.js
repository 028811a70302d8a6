// A short guide for the first minute; once dismissed it stays away in this browser.

import { byId, el } from "./dom.js";

const SEEN = "studyhall-guide-seen";

export function guide(app) {
  const place = byId("guide");
  if (stored()) return;
  const step = (...text) => el("li", {}, text);
  const command = (words) => el("button", { type: "button", class: "mention", onclick: () => app.composer.prefill(`/${words}`) }, `/${words}`);
  place.append(
    el("h2", {}, "Your first minute"),
    el("ol", {},
      step("Read today’s question below, press ", el("b", {}, "Open thread"), " and write an answer. A ✅ says that it counts."),
      step("Back in the channel, press ", el("b", {}, "Vote"), " and choose another member’s answer. Be someone else with one click under ", el("b", {}, "You are"), "."),
      step("Press ", el("b", {}, "Jump to the close"), " above: the result, the model answer and the points appear in the thread."),
      step("Then try ", command("quiz"), ", ", command("today"), " or ", command("leaderboard"), ".")),
    el("button", { type: "button", class: "button primary", id: "guide-done", onclick: () => { place.hidden = true; store(); byId("write").focus(); } }, "Got it"));
  place.hidden = false;
}

// Storage can be forbidden by the browser's settings; then the guide is simply shown again.
function stored() { try { return localStorage.getItem(SEEN) !== null; } catch { return false; } }
function store() { try { localStorage.setItem(SEEN, "1"); } catch { /* see above */ } }
