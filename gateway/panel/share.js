// Content share, and how the far ends and the room itself are shown.
// What may not live here: what the displays of the room show (parts.js).

import { action, chooser, toggle, value, view } from "./controls.js";
import { h, set } from "./dom.js";
import { TEXT } from "./words.js";

export function share(room, id) {
  const label = room.label(id);
  const state = value(room, id, "sharing", (sharing) => TEXT.sharing[sharing]);
  const named = Object.entries(room.part(id).choices.source ?? {});
  const choices = named.length ? named : [["", TEXT.usual]];
  const glyph = "cast";
  const buttons = !room.takes(id, "share")
    ? []
    : choices.map(([source, name]) =>
        action(room, id, "share", { label: name, name: `${TEXT.shareStart}: ${name}`, glyph, fields: source ? { source } : {} }),
      );
  const stop = room.takes(id, "stop-share") && action(room, id, "stop-share", { label: TEXT.shareStop, glyph: "close", look: "danger" });
  const show = () => {
    const { value } = room.reading(id, "sharing");
    const now = room.reading(id, "share_source").value;
    const on = value === "sending" || value === "preview";
    buttons.forEach((button, at) => set(button, "aria-pressed", String(on && (choices[at][0] === now || !choices[at][0]))));
    if (stop) stop.hidden = !on;
  };
  const row = h("div", { class: "choices", role: "group", "aria-label": label }, ...buttons, stop);
  const title = h("div", { class: "title" }, h("h3", {}, label), h("span", { class: "state" }, state.element));
  return view(h("article", { class: "card", "data-card": id, "aria-label": label }, title, row), state, { show });
}

export function picture(room, id) {
  const label = room.label(id);
  const views = [];
  const row = h("div", { class: "choices" });
  const add = (made) => (views.push(made), row.append(made.element));
  if (room.takes(id, "layout")) add(chooser(room, id, "layout", "layout", TEXT.layout));
  if (room.takes(id, "self-view")) {
    add(toggle(room, id, "self-view", "self_view", { label: TEXT.selfView, words: TEXT.selfViewOn, glyph: "people", look: "plain" }));
  }
  return view(h("article", { class: "card", "data-card": id, "aria-label": label }, h("h3", {}, label), row), ...views);
}

// How the codec takes calls that come in.
export function taking(room, id) {
  const views = [];
  const one = (verb, point, label) =>
    room.takes(id, verb) && views.push(toggle(room, id, verb, point, { label, words: TEXT.yesNo, glyph: "phone", look: "plain" }));
  one("auto-answer", "auto_answer", TEXT.autoAnswer);
  one("do-not-disturb", "do_not_disturb", TEXT.disturb);
  const element = h("article", { class: "card choices", "data-card": "taking", "aria-label": TEXT.incoming }, ...views.map((made) => made.element));
  return view(element, ...views);
}
