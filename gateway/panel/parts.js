// One card for each part, made from what the part takes and tells. A kind that nobody knows here is shown by its points.
// What may not live here: calls (calls.js), and what is always in reach (bars.js).

import { action, chooser, power, slider, toggle, value } from "./controls.js";
import { h, icon, put, set, sourceIcon } from "./dom.js";
import { reasonOf } from "./room.js";
import { TEXT } from "./words.js";

// A card: a title with its state, a line that says since when it is away, and what the kind adds.
function card(room, id, look, state, ...content) {
  const away = h("p", { class: "away" });
  const element = h(
    "article",
    { class: `card ${look}`, "data-card": id, "aria-label": room.label(id) },
    h("div", { class: "title" }, h("h3", {}, room.label(id)), state ?? ""),
    away,
    ...content,
  );
  return {
    element,
    show() {
      const part = room.part(id);
      const since = Math.max(0, ...room.devices(id).map(([, device]) => (device.online ? 0 : device.since)));
      set(element, "data-away", part.online && !room.lostAt ? null : "");
      const online = part.online || room.lostAt;
      put(away, online ? "" : [part.reason ? TEXT.offline : "", part.reason ? TEXT.since(since) : reasonOf(part)].filter(Boolean).join(" "));
    },
  };
}

function display(room, id) {
  const takes = (verb) => room.takes(id, verb);
  const onOff = power(room, id, { label: `${room.label(id)}: ${TEXT.on}/${TEXT.off}` });
  const faults = h("p", { class: "faults" });
  const views = [];
  const row = h("div", { class: "row" });
  if (takes("power")) row.append(onOff.element);
  if (takes("input")) {
    const input = chooser(room, id, "input", "input", "input", room.part(id).choices.input ?? {}, `${room.label(id)}: ${TEXT.input}`);
    views.push(input);
    row.append(input.element);
  }
  if (takes("video-mute")) {
    const picture = toggle(room, id, "video-mute", "video_muted", { label: TEXT.picture, words: TEXT.blank, glyph: "display" });
    views.push(picture);
    row.append(picture.element);
  }
  const frame = card(room, id, "display", onOff.state, row, faults);
  return {
    element: frame.element,
    show() {
      frame.show();
      onOff.show(room.reading(id, "power"));
      const told = room.reading(id, "faults").value ?? [];
      put(faults, told.join(" · "));
      for (const view of views) view.show();
    },
  };
}

function motion(room, id) {
  const kind = room.part(id).kind;
  const takes = (verb) => room.takes(id, verb);
  const where = value((percent) => {
    if (percent === 0 || percent === 100) return TEXT.resting[kind][percent / 100];
    return TEXT.partly[kind](percent);
  });
  const going = h("span", { class: "going" });
  const picture = h("div", { class: `window ${kind}`, "aria-hidden": "true" }, h("div", { class: "cloth" }));
  const button = (verb, fields, glyph, name) => action(room, id, verb, { glyph, fields, name: `${room.label(id)}: ${name}`, look: "round" });
  const buttons = h(
    "div",
    { class: "row moves" },
    takes("move") ? button("move", { direction: "up" }, "up", TEXT.up[kind]) : "",
    takes("stop") ? button("stop", {}, "stop", TEXT.stop) : "",
    takes("move") ? button("move", { direction: "down" }, "down", TEXT.down[kind]) : "",
  );
  const spec = { verb: "position", field: "percent", point: "position", label: `${room.label(id)}: ${TEXT.position}` };
  const bar = takes("position") ? slider(room, id, spec) : null;
  const frame = card(room, id, "motion", null, bar ? h("div", { class: "bar" }, bar.element) : "");
  const title = frame.element.querySelector(".title");
  title.append(h("span", { class: "state" }, where.element, bar ? bar.aim : "", going));
  frame.element.prepend(picture);
  frame.element.append(buttons);
  return {
    element: frame.element,
    show() {
      frame.show();
      const position = room.reading(id, "position");
      const moving = room.reading(id, "moving");
      where.show(position);
      picture.style.setProperty("--at", position.value === null ? "0%" : `${position.value}%`);
      set(picture, "data-status", position.status);
      set(picture, "data-moving", moving.status === "stale" ? null : moving.value);
      put(going, moving.status === "stale" ? "" : TEXT.moving[kind][moving.value] ?? "");
      if (bar) bar.show();
    },
  };
}

function outlet(room, id) {
  const name = () => room.label(id);
  const sureOff = () => ({ title: TEXT.outletTitle(name()), text: TEXT.outletText, yes: TEXT.offYes });
  const sure = () => ({ title: TEXT.cycleTitle(name()), text: TEXT.cycleText, yes: TEXT.cycle });
  const onOff = power(room, id, { label: name(), words: TEXT.outlet, sureOff });
  const load = value(TEXT.load);
  const row = h("div", { class: "row" }, room.takes(id, "power") ? onOff.element : "");
  if (room.takes(id, "cycle")) row.append(action(room, id, "cycle", { label: TEXT.cycle, name: `${name()}: ${TEXT.cycle}`, sure }));
  const frame = card(room, id, "line", h("span", { class: "state" }, onOff.state, load.element), row);
  return {
    element: frame.element,
    show() {
      frame.show();
      onOff.show(room.reading(id, "power"));
      load.element.hidden = room.reading(id, "load").value === null;
      load.show(room.reading(id, "load"));
    },
  };
}

function relay(room, id) {
  const state = value((closed) => TEXT.relay[closed]);
  const button = (closed, label) => action(room, id, "relay", { label, fields: { closed } });
  const buttons = [button(true, TEXT.relayClose), button(false, TEXT.relayOpen)];
  const pair = h("div", { class: "pair", role: "group", "aria-label": room.label(id) }, ...buttons);
  const frame = card(room, id, "line", state.element, room.takes(id, "relay") ? pair : "");
  return {
    element: frame.element,
    show() {
      frame.show();
      const reading = room.reading(id, "closed");
      state.show(reading);
      set(buttons[0], "aria-pressed", String(reading.value === true));
      set(buttons[1], "aria-pressed", String(reading.value === false));
    },
  };
}

function codec(room, id) {
  const onOff = power(room, id, { label: TEXT.codec, words: TEXT.codecState, on: TEXT.wake, off: TEXT.standby });
  const frame = card(room, id, "line", onOff.state, room.takes(id, "power") ? onOff.element : "");
  return {
    element: frame.element,
    show() {
      frame.show();
      onOff.show(room.reading(id, "power"));
    },
  };
}

function unknown(room, id) {
  const list = h("dl", {});
  const frame = card(room, id, "unknown", null, list);
  return {
    element: frame.element,
    show() {
      frame.show();
      const rows = Object.keys(room.part(id).points).map((point) => {
        const told = value((held) => (typeof held === "object" ? JSON.stringify(held) : String(held)));
        told.show(room.reading(id, point));
        return h("div", {}, h("dt", {}, point.replaceAll("_", " ")), h("dd", {}, told.element));
      });
      list.replaceChildren(...rows);
    },
  };
}

export function sources(room) {
  const entries = Object.entries(room.state.sources);
  const buttons = entries.map(([name, { label }]) => [
    name,
    action(room, "room", "source", { label, glyph: sourceIcon(name, label), fields: { source: name }, look: "tile", what: () => label }),
  ]);
  const element = h("div", { class: "sources", role: "group", "aria-label": TEXT.sources }, ...buttons.map(([, button]) => button));
  return {
    element,
    show() {
      const reading = room.reading("room", "source");
      for (const [name, button] of buttons) {
        set(button, "aria-pressed", String(reading.value === name));
        set(button, "data-status", reading.value === name ? reading.status : null);
      }
    },
  };
}

export const MAKE = { display, screen: motion, shade: motion, outlet, relay, codec };
export const make = (room, id) => (MAKE[room.part(id).kind] ?? unknown)(room, id);
