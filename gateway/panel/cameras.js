// Cameras: which one is sent, turning and zooming while a button is held, presets.
// What may not live here: muting the picture, which is always in reach (bars.js).

import { action, busy, chooser, power, value, view } from "./controls.js";
import { h, holding, icon, put, set } from "./dom.js";
import { TEXT } from "./words.js";

const WAYS = ["up", "left", "right", "down", "in", "out"];
const GLYPHS = { in: "plus", out: "minus" };
const NUMBERS = [1, 2, 3, 4, 5, 6]; // where the device has no names for its presets

export function camera(room, id) {
  const takes = (verb) => room.takes(id, verb);
  const label = room.label(id);
  const views = [];
  const add = (made) => (views.push(made), made.element);
  const content = [h("h3", {}, label)];
  if (takes("power")) content.push(add(power(room, id, label)));
  if (takes("camera")) content.push(add(chooser(room, id, "camera", "camera", TEXT.whichCamera)));
  if (takes("aim")) content.push(pad(room, id));
  if (takes("preset")) content.push(add(presets(room, id)));
  return view(h("article", { class: "card", "data-card": id, "aria-label": label }, ...content), ...views);
}

export const anything = (room, id) => ["camera", "aim", "preset"].some((verb) => room.takes(id, verb));

function pad(room, id) {
  const button = (way) => {
    const held = { type: "button", class: `control way ${way}`, "data-do": "aim", "data-part": id, "aria-label": TEXT.aim[way] };
    const element = h("button", held, icon(GLYPHS[way] ?? way));
    let off = false;
    const ask = (to) => busy(element, room.ask(id, "aim", { to }, TEXT.pad));
    const start = () => {
      const reason = room.blocked(id, "aim");
      off = Boolean(reason);
      if (reason) room.say(reason);
      else ask(way);
    };
    holding(element, start, () => off || ask("stop"));
    return element;
  };
  return h("div", { class: "pad", role: "group", "aria-label": TEXT.pad }, ...WAYS.map(button));
}

// Presets by the device's own names, or by number; where it can keep one, the next number pressed keeps the picture.
export function presets(room, id) {
  const names = room.part(id).choices.preset ?? Object.fromEntries(NUMBERS.map((n) => [n, ""]));
  const hint = h("p", { class: "quiet", role: "status" });
  let keeping = false;
  const pressed = async (preset, button) => {
    const verb = keeping ? "store-preset" : "preset";
    keep(false);
    await busy(button, room.ask(id, verb, { preset }, TEXT.preset(preset)));
  };
  const buttons = Object.entries(names).map(([n, name]) => {
    const held = { type: "button", class: "control", "data-do": "preset", "data-part": id, "aria-label": name || TEXT.preset(n) };
    const button = h("button", held, name || n);
    button.addEventListener("click", () => {
      const reason = room.blocked(id, "preset");
      if (reason) room.say(reason);
      else pressed(Number(n), button);
    });
    return button;
  });
  const keeper = room.takes(id, "store-preset") && h("button", { type: "button", class: "control", onclick: () => keep(!keeping) }, TEXT.keep);
  function keep(on) {
    keeping = on;
    if (keeper) set(keeper, "aria-pressed", String(on));
    put(hint, on ? TEXT.keepHelp : "");
  }
  keep(false);
  const show = () => {
    const { value } = room.reading(id, "preset");
    Object.entries(names).forEach(([n, name], at) => set(buttons[at], "aria-pressed", String(value !== null && (value === n || value === name))));
  };
  const element = h("div", { class: "presets", role: "group", "aria-label": TEXT.presets }, ...buttons, keeper, hint);
  return { element, show };
}
