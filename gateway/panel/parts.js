// One card for each part, made from what the part takes and tells. A kind that nobody knows here is shown by its points.
// What may not live here: calls (calls.js), and what is always in reach (bars.js).

import { action, choice, chooser, power, slider, toggle, value, view } from "./controls.js";
import { presets } from "./cameras.js";
import { h, put, set, sourceIcon } from "./dom.js";
import { draggable } from "./drag.js";
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
  const several = [...room.kind("display"), ...room.kind("output")].length > 1;
  const shown = several && takes("source") && chooser(room, id, "source", "source", `${label}: ${TEXT.source}`);
  const picture =
    takes("video-mute") &&
    toggle(room, id, "video-mute", "video_muted", { label: TEXT.picture, words: TEXT.blank, glyph: "display" });
  const row = [shown, input, picture].filter(Boolean).map(({ element }) => element);
  const content = [onOff && onOff.element, faults, row.length && h("div", { class: "row wrap below" }, ...row)];
  const made = card(room, id, "line", [state.element], content, state, onOff, shown, input, picture, complaint);
  set(made.element, "data-drop", takes("source") && id);
  return made;
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
  const slats = { verb: "tilt", field: "percent", point: "tilt", label: `${label}: ${TEXT.tilt}` };
  const tilt = takes("tilt") && slider(room, id, slats);
  const kept = takes("preset") && room.part(id).choices.preset && presets(room, id);
  const show = () => {
    const position = room.reading(id, "position");
    const moving = room.reading(id, "moving");
    const way = moving.status === "stale" ? null : moving.value;
    picture.style.setProperty("--at", `${position.value ?? 0}%`);
    set(picture, "data-status", position.status);
    set(picture, "data-moving", way);
    put(going, TEXT.moving[kind][way] ?? "");
  };
  const below = [bar, tilt, kept].filter(Boolean).map(({ element }) => h("div", { class: "below" }, element));
  const content = [picture, buttons, ...below];
  return card(room, id, "line motion", [where.element, bar && bar.aim, going], content, where, bar, tilt, kept, { show });
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

// A switcher's output is a display of which only the picture is known.
function output(room, id) {
  const label = room.label(id);
  const shown = value(room, id, "source", (source) => room.state.sources[source]?.label ?? source);
  const choose = room.takes(id, "source") && chooser(room, id, "source", "source", `${label}: ${TEXT.source}`);
  const route = room.takes(id, "route") && !choose && value(room, id, "input");
  const made = card(room, id, "line", [choose ? shown.element : route && route.element], [choose && choose.element], shown, choose, route);
  set(made.element, "data-drop", room.takes(id, "source") && id);
  return made;
}

function light(room, id) {
  const label = room.label(id);
  const level = value(room, id, "level", TEXT.percent);
  const takes = room.takes(id, "level");
  const spec = { verb: "level", field: "level", point: "level", label: `${label}: ${TEXT.brightness}`, live: true };
  const bar = takes && slider(room, id, spec);
  const one = (text, to) => action(room, id, "level", { label: text, name: `${label}: ${text}`, fields: { level: to } });
  const pair = takes && h("div", { class: "pair" }, one(TEXT.on, 100), one(TEXT.off, 0));
  const kept = room.takes(id, "preset") && presets(room, id);
  const hide = { show: () => (level.element.hidden = !takes) }; // a scene has no brightness
  const below = [bar && bar.element, kept && kept.element].filter(Boolean).map((made) => h("div", { class: "below" }, made));
  return card(room, id, "line", [level.element, bar && bar.aim], [pair, ...below], level, hide, bar, kept);
}

function microphone(room, id) {
  const label = room.label(id);
  const takes = (verb) => room.takes(id, verb);
  const level = value(room, id, "volume", TEXT.percent);
  const hide = { show: () => (level.element.hidden = room.reading(id, "volume").value === null) };
  const mute = takes("mic-mute") && toggle(room, id, "mic-mute", "mic_muted", { label: TEXT.mics, words: TEXT.muted, glyph: "mic" });
  const spec = { verb: "volume", field: "level", point: "volume", label: `${label}: ${TEXT.volume}`, live: true };
  const bar = takes("volume") && slider(room, id, spec);
  const below = bar && h("div", { class: "below" }, bar.element);
  return card(room, id, "line", [level.element, bar && bar.aim], [mute && mute.element, below], level, hide, mute, bar);
}

function sound(room, id) {
  const kept = room.takes(id, "preset") && presets(room, id);
  return card(room, id, "", [], [kept && kept.element], kept);
}

function sensor(room, id) {
  const told = value(room, id, room.reading(id, "value").value === null ? "reading" : "value", (what) =>
    [what, room.reading(id, "measured_in").value].filter((word) => word !== null).join(" "),
  );
  return card(room, id, "line", [told.element], [], told);
}

function unknown(room, id) {
  const words = (told) => (typeof told === "object" ? JSON.stringify(told) : String(told));
  const values = Object.keys(room.part(id).points).map((point) => [point, value(room, id, point, words)]);
  const row = ([point, { element }]) => h("div", {}, h("dt", {}, point.replaceAll("_", " ")), h("dd", {}, element));
  return card(room, id, "", [], [h("dl", {}, ...values.map(row))], ...values.map(([, told]) => told));
}

export function sources(room) {
  const entries = Object.entries(room.state.sources);
  const targets = [...room.kind("display"), ...room.kind("output")].filter((id) => room.takes(id, "source"));
  const several = targets.length > 1;
  const buttons = entries.map(([source, { label }]) => {
    const spec = { label, glyph: sourceIcon(source, label), fields: { source }, look: "tile", what: () => label };
    const button = action(room, "room", "source", spec);
    button.append(h("small", { class: "nosignal" }));
    return several ? draggable(room, button, source) : button;
  });
  const show = () => {
    const { value, status } = room.reading("room", "source");
    buttons.forEach((button, at) => {
      const shown = entries[at][0] === value;
      set(button, "aria-pressed", String(shown));
      set(button, "data-status", shown && status);
      // Whether it sends a picture, as the part says that hears it: a point of its own, so that it is told live.
      const heard = entries[at][1].signal;
      const signal = heard && room.reading(heard.part, "signal");
      put(button.lastElementChild, signal && signal.value === false && signal.status !== "stale" ? TEXT.noSignal : "");
    });
  };
  const tiles = h("div", { class: "sources", role: "group", "aria-label": TEXT.sources, "data-drag": several }, ...buttons);
  return { element: several ? h("div", {}, tiles, h("p", { class: "quiet hint" }, TEXT.drop)) : tiles, show };
}

export function scenes(room) {
  const one = ([scene, { label }]) => action(room, "room", "scene", { label, glyph: "scene", fields: { scene }, what: () => label });
  const buttons = Object.entries(room.state.scenes).map(one);
  return { element: h("div", { class: "choices", role: "group", "aria-label": TEXT.scenes }, ...buttons), show() {} };
}

const MAKE = { display, output, screen: motion, shade: motion, outlet, relay, codec, light, microphone, sound, sensor };
export const make = (room, id) => (MAKE[room.part(id).kind] ?? unknown)(room, id);
