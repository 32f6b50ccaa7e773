// One card for each part, made from what the part takes and tells. A kind that nobody knows here is shown by its points.
// What may not live here: calls (calls.js), and what is always in reach (bars.js).

import { action, choice, chooser, power, slider, toggle, value, view } from "./controls.js";
import { h, put, set, sourceIcon } from "./dom.js";
import { reasonOf } from "./room.js";
import { TEXT } from "./words.js";

// A card: a title with its state, since when it is away, and what its kind adds.
function card(room, id, look, states, content, ...views) {
  const away = h("p", { class: "away" });
  const title = h("div", { class: "title" }, h("h3", {}, room.label(id)), h("span", { class: "state" }, ...states), away);
  const element = h("article", { class: `card ${look}`, "data-card": id, "aria-label": room.label(id) }, title, ...content);
  const show = () => {
    const part = room.part(id);
    const since = Math.max(0, ...room.devices(id).map(([, device]) => device.since));
    const words = part.reason ? `${TEXT.offline} ${TEXT.since(since)}` : reasonOf(part);
    set(element, "data-away", !part.online || room.lostAt > 0);
    put(away, part.online || room.lostAt ? "" : words);
  };
  return view(element, { show }, ...views);
}

function display(room, id) {
  const label = room.label(id);
  const takes = (verb) => room.takes(id, verb);
  const state = value(room, id, "power", (power) => TEXT.powerState[power]);
  const faults = h("p", { class: "away" });
  const complaint = { show: () => put(faults, (room.reading(id, "faults").value ?? []).join(" · ")) };
  const onOff = takes("power") && power(room, id, label);
  const input = takes("input") && chooser(room, id, "input", "input", `${label}: ${TEXT.input}`);
  const picture =
    takes("video-mute") &&
    toggle(room, id, "video-mute", "video_muted", { label: TEXT.picture, words: TEXT.blank, glyph: "display" });
  const row = (input || picture) && h("div", { class: "row below" }, input && input.element, picture && picture.element);
  const content = [onOff && onOff.element, faults, row];
  return card(room, id, "line", [state.element], content, state, onOff, input, picture, complaint);
}

function motion(room, id) {
  const { kind } = room.part(id);
  const takes = (verb) => room.takes(id, verb);
  const label = room.label(id);
  const words = (percent) => TEXT.resting[kind][percent / 100] ?? TEXT.partly[kind](percent);
  const where = value(room, id, "position", words);
  const going = h("span", { class: "going" });
  const picture = h("div", { class: `window ${kind}`, "aria-hidden": "true" }, h("div", { class: "cloth" }));
  const button = (verb, glyph, fields) => {
    const name = `${label}: ${glyph === "stop" ? TEXT.stop : TEXT[glyph][kind]}`;
    return action(room, id, verb, { glyph, fields, name, look: "round" });
  };
  const buttons = h(
    "div",
    { class: "row" },
    takes("move") && button("move", "up", { direction: "up" }),
    takes("stop") && button("stop", "stop"),
    takes("move") && button("move", "down", { direction: "down" }),
  );
  const spec = { verb: "position", field: "percent", point: "position", label: `${label}: ${TEXT.position}` };
  const bar = takes("position") && slider(room, id, spec);
  const show = () => {
    const position = room.reading(id, "position");
    const moving = room.reading(id, "moving");
    const way = moving.status === "stale" ? null : moving.value;
    picture.style.setProperty("--at", `${position.value ?? 0}%`);
    set(picture, "data-status", position.status);
    set(picture, "data-moving", way);
    put(going, TEXT.moving[kind][way] ?? "");
  };
  const content = [picture, buttons, bar && h("div", { class: "below" }, bar.element)];
  return card(room, id, "line motion", [where.element, bar && bar.aim, going], content, where, bar, { show });
}

function outlet(room, id) {
  const label = room.label(id);
  const sureOff = () => ({ title: TEXT.offTitle(label), text: TEXT.outletText, yes: TEXT.offYes });
  const sure = () => ({ title: TEXT.cycleTitle(label), text: TEXT.cycleText, yes: TEXT.cycle });
  const state = value(room, id, "power", (power) => TEXT.powerState[power]);
  const load = value(room, id, "load", TEXT.load);
  const hide = { show: () => (load.element.hidden = room.reading(id, "load").value === null) };
  const onOff = room.takes(id, "power") && power(room, id, label, { sure: sureOff });
  const cycle = { label: TEXT.cycle, name: `${label}: ${TEXT.cycle}`, sure };
  const row = h("div", { class: "row" }, onOff && onOff.element, room.takes(id, "cycle") && action(room, id, "cycle", cycle));
  return card(room, id, "line", [state.element, load.element], [row], state, load, hide, onOff);
}

function relay(room, id) {
  const state = value(room, id, "closed", (closed) => TEXT.relay[closed]);
  const pair =
    room.takes(id, "relay") &&
    choice(room, id, "relay", "closed", room.label(id), [
      { label: TEXT.relayClose, fields: { closed: true }, is: [true] },
      { label: TEXT.relayOpen, fields: { closed: false }, is: [false] },
    ]);
  return card(room, id, "line", [state.element], [pair && pair.element], state, pair);
}

function codec(room, id) {
  const state = value(room, id, "power", (power) => TEXT.codecState[power]);
  const pair = room.takes(id, "power") && power(room, id, TEXT.codec, { on: TEXT.wake, off: TEXT.standby });
  return card(room, id, "line", [state.element], [pair && pair.element], state, pair);
}

function unknown(room, id) {
  const words = (told) => (typeof told === "object" ? JSON.stringify(told) : String(told));
  const values = Object.keys(room.part(id).points).map((point) => [point, value(room, id, point, words)]);
  const row = ([point, { element }]) => h("div", {}, h("dt", {}, point.replaceAll("_", " ")), h("dd", {}, element));
  return card(room, id, "", [], [h("dl", {}, ...values.map(row))], ...values.map(([, told]) => told));
}

export function sources(room) {
  const entries = Object.entries(room.state.sources);
  const buttons = entries.map(([source, { label }]) => {
    const spec = { label, glyph: sourceIcon(source, label), fields: { source }, look: "tile", what: () => label };
    return action(room, "room", "source", spec);
  });
  const show = () => {
    const { value, status } = room.reading("room", "source");
    buttons.forEach((button, at) => {
      const shown = entries[at][0] === value;
      set(button, "aria-pressed", String(shown));
      set(button, "data-status", shown && status);
    });
  };
  return { element: h("div", { class: "sources", role: "group", "aria-label": TEXT.sources }, ...buttons), show };
}

const MAKE = { display, screen: motion, shade: motion, outlet, relay, codec };
export const make = (room, id) => (MAKE[room.part(id).kind] ?? unknown)(room, id);
