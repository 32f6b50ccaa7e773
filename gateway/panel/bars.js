// What is always in reach: the head (room, power, trouble) and the foot (volume, microphones, camera).
// What may not live here: the parts in between.

import { action, dialog, power, slider, toggle, value, view } from "./controls.js";
import { brand, h, icon, put, set } from "./dom.js";
import { helpButton } from "./help.js";
import { deviceName, guest, phones, reasonOf } from "./room.js";
import { TEXT } from "./words.js";

const partsOf = (room) => Object.entries(room.state.parts);

export function head(room, openDetails) {
  const { name } = room.state;
  const talking = () => partsOf(room).some(([, { points }]) => points.calls?.value?.some((call) => call.state !== "ended"));
  const text = () => (talking() ? `${TEXT.offText} ${TEXT.offCall}` : TEXT.offText);
  const sure = () => ({ title: TEXT.offTitle(name), text: text(), yes: TEXT.offYes });
  const onOff = power(room, "room", TEXT.power, { sure });
  const state = value(room, "room", "power", (power) => TEXT.powerState[power]);
  const powered = partsOf(room).some(([, { kind, takes }]) => kind !== "outlet" && takes.includes("power"));
  const clock = h("time", { class: "clock" });
  const opens = { type: "button", class: "control round", onclick: openDetails, "aria-label": TEXT.details };
  const details = h("button", opens, icon("info"));
  const scan = () => dialog("ask", TEXT.phones, h("iframe", { src: phones(room.state.room), title: TEXT.phones }));
  const mobile = { ...opens, onclick: scan, "aria-label": TEXT.phones };
  const letIn = room.state.phones && !guest(room.link.token) && h("button", mobile, icon("mobile")); // no phone lets others in
  const element = h(
    "header",
    {},
    brand(),
    h("h1", {}, name),
    powered && h("div", { class: "row" }, h("span", { class: "quiet" }, TEXT.power), state.element, onOff.element),
    clock,
    helpButton(room),
    letIn,
    details,
  );
  const show = () => {
    put(clock, TEXT.hour(Date.now() / 1000));
    set(details, "data-warned", Object.values(room.state.devices).some((device) => device.warning || !device.online));
  };
  return view(element, onOff, state, { show });
}

// One banner for each thing that is away, in a person's words.
export function banners(room) {
  const element = h("div", { class: "banners", role: "status" });
  let shown = "";
  const show = () => {
    const lines = room.lostAt ? [["", "", TEXT.lost(TEXT.hour(room.lostAt)), ""]] : trouble(room);
    if (JSON.stringify(lines) === shown) return;
    shown = JSON.stringify(lines);
    const banner = ([name, calm, words, small]) =>
      h(
        "p",
        { class: `banner ${calm || "bad"}`, "data-about": name || "gateway" },
        icon(calm ? "info" : "warning"),
        h("span", {}, h("strong", {}, deviceName(name)), ` ${words} `, h("small", {}, small)),
      );
    element.replaceChildren(...lines.map(banner));
  };
  return { element, show };
}

function trouble(room) {
  const away = Object.entries(room.state.devices).filter(([, { online }]) => !online);
  return away.map(([name, device]) => {
    const labels = partsOf(room).filter(([id]) => room.devices(id).some(([other]) => other === name));
    const small = [
      device.reason && TEXT.since(device.since),
      labels.length && TEXT.affected(labels.map(([id]) => room.label(id)).join(", ")),
      device.reason && device.reason !== "disabled" && TEXT.trying,
    ];
    return [name, device.reason ? "" : "calm", reasonOf(device), small.filter(Boolean).join(" · ")];
  });
}

export function foot(room) {
  const views = [];
  const add = (kind, make) => views.push(...partsOf(room).filter(([, part]) => part.kind === kind).map(([id]) => make(id)));
  const flip = (verb, point, spec) => (id) =>
    room.takes(id, verb) ? toggle(room, id, verb, point, { look: "big", ...spec }) : { element: "", show() {} };
  add("volume", (id) => volume(room, id));
  const first = views.length;
  add("mics", flip("mic-mute", "mic_muted", { label: TEXT.mics, words: TEXT.muted, glyph: "mic" }));
  add("camera", flip("video-mute", "video_muted", { label: TEXT.camera, words: TEXT.hidden, glyph: "camera" }));
  const switches = views.slice(first).map(({ element }) => element);
  const bars = views.slice(0, first).map(({ element }) => element);
  return view(h("footer", { hidden: !views.length }, ...bars, h("div", { class: "switches" }, ...switches)), ...views);
}

function volume(room, id) {
  const takes = (verb) => room.takes(id, verb);
  const level = value(room, id, "volume", TEXT.percent);
  const max = room.state.limits.volume;
  const mute =
    takes("mute") && toggle(room, id, "mute", "muted", { label: TEXT.sound, words: TEXT.muted, glyph: "sound", look: "big" });
  const step = (by) => {
    const name = by < 0 ? TEXT.quieter : TEXT.louder;
    const look = { name, glyph: by < 0 ? "minus" : "plus", look: "round step", repeats: true };
    if (takes("step")) return action(room, id, "step", { ...look, fields: { by } });
    // Where nobody takes a step, it is a step from what is known.
    const fields = () => {
      const held = room.reading(id, "volume").value;
      return held !== null && { level: Math.max(0, Math.min(max, held + by)) };
    };
    return takes("volume") && action(room, id, "volume", { ...look, fields });
  };
  const spec = { verb: "volume", field: "level", point: "volume", label: TEXT.volume, max, live: true };
  const bar = takes("volume") && slider(room, id, spec);
  const element = h(
    "div",
    { class: "volume", role: "group", "aria-label": TEXT.volume },
    mute && mute.element,
    step(-2),
    bar && h("div", { class: "bar" }, bar.element),
    step(2),
    h("div", { class: "level" }, level.element, bar && bar.aim),
  );
  return view(element, mute, bar, level);
}
