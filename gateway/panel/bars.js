// What is always in reach: the head (room, power, trouble) and the foot (volume, microphones, camera).
// What may not live here: the parts in between.

import { action, power, slider, toggle, value } from "./controls.js";
import { h, icon, put, set } from "./dom.js";
import { deviceName, reasonOf } from "./room.js";
import { TEXT } from "./words.js";

export function head(room, openDetails) {
  const { state } = room;
  const inCall = () => Object.values(state.parts).some((part) => (part.points.calls?.value ?? []).some((c) => c.state !== "ended"));
  const onOff = power(room, "room", {
    label: TEXT.power,
    sureOff: () => ({
      title: TEXT.offTitle(state.name),
      text: inCall() ? `${TEXT.offText} ${TEXT.offCall}` : TEXT.offText,
      yes: TEXT.offYes,
    }),
  });
  const hasPower = Object.values(state.parts).some((part) => part.takes.includes("power") && part.kind !== "outlet");
  const clock = h("time", { class: "clock" });
  const details = h("button", { type: "button", class: "control round", onclick: openDetails, "aria-label": TEXT.details }, icon("info"));
  const element = h(
    "header",
    {},
    h("h1", {}, state.name),
    hasPower ? h("div", { class: "room-power" }, h("span", { class: "quiet" }, TEXT.power), onOff.state, onOff.element) : null,
    clock,
    details,
  );
  return {
    element,
    show() {
      onOff.show(room.reading("room", "power"));
      put(clock, TEXT.hour(Date.now() / 1000));
      const warned = Object.values(room.state.devices).some((device) => device.warning || !device.online);
      set(details, "data-warned", warned ? "" : null);
    },
  };
}

// One banner for each thing that is away, in a person's words.
export function banners(room) {
  const element = h("div", { class: "banners", role: "status" });
  let shown = "";
  return {
    element,
    show() {
      const lines = room.lostAt ? [["gateway", "bad", "", TEXT.lost(TEXT.hour(room.lostAt))]] : trouble(room);
      const key = JSON.stringify(lines);
      if (key === shown) return;
      shown = key;
      element.replaceChildren(
        ...lines.map(([name, kind, strong, text, small]) =>
          h(
            "p",
            { class: `banner ${kind}`, "data-about": name },
            icon(kind === "bad" ? "warning" : "info"),
            h("span", {}, strong ? h("strong", {}, strong) : "", ` ${text} `, small ? h("small", {}, small) : ""),
          ),
        ),
      );
    },
  };
}

function trouble(room) {
  const away = Object.entries(room.state.devices).filter(([, device]) => !device.online);
  return away.map(([name, device]) => {
    const labels = Object.entries(room.state.parts)
      .filter(([id]) => room.devices(id).some(([other]) => other === name))
      .map(([id]) => room.label(id));
    const affected = labels.length ? TEXT.affected(labels.join(", ")) : "";
    const trying = device.reason && device.reason !== "disabled" ? TEXT.trying : "";
    const small = [TEXT.since(device.reason ? device.since : 0), affected, trying].filter(Boolean).join(" · ");
    return [name, device.reason ? "bad" : "calm", deviceName(name), reasonOf(device), small];
  });
}

export function foot(room) {
  const views = [];
  const element = h("footer", {});
  for (const [id, part] of Object.entries(room.state.parts)) {
    if (part.kind === "volume") element.append(volume(room, id, views));
  }
  const switches = h("div", { class: "switches" });
  for (const [id, part] of Object.entries(room.state.parts)) {
    const mics = part.kind === "mics" && part.takes.includes("mic-mute");
    const camera = part.kind === "camera" && part.takes.includes("video-mute");
    if (!mics && !camera) continue;
    const view = mics
      ? toggle(room, id, "mic-mute", "mic_muted", { label: TEXT.mics, words: TEXT.muted, glyph: "mic", look: "big mics" })
      : toggle(room, id, "video-mute", "video_muted", { label: TEXT.camera, words: TEXT.hidden, glyph: "camera", look: "big" });
    views.push(view);
    switches.append(view.element);
  }
  if (switches.childElementCount) element.append(switches);
  return {
    element,
    empty: !element.childElementCount,
    show: () => views.forEach((view) => view.show()),
  };
}

function volume(room, id, views) {
  const takes = (verb) => room.takes(id, verb);
  const level = value(TEXT.volumeOf);
  const max = room.state.limits.volume;
  const box = h("div", { class: "volume", role: "group", "aria-label": TEXT.volume });
  if (takes("mute")) {
    const mute = toggle(room, id, "mute", "muted", { label: TEXT.sound, words: TEXT.muted, glyph: "sound", look: "big" });
    views.push(mute);
    box.append(mute.element);
  }
  const step = (by) => {
    const name = by < 0 ? TEXT.quieter : TEXT.louder;
    const glyph = by < 0 ? "minus" : "plus";
    if (takes("step")) return action(room, id, "step", { name, glyph, fields: { by }, look: "round step", repeats: true });
    // The room steps from what it knows; where it takes no step, so does this.
    const fields = () => {
      const held = room.reading(id, "volume").value;
      return held === null ? null : { level: Math.max(0, Math.min(max, held + by)) };
    };
    return action(room, id, "volume", { name, glyph, fields, look: "round step", repeats: true });
  };
  const steps = takes("step") || takes("volume");
  if (steps) box.append(step(-2));
  if (takes("volume")) {
    const bar = slider(room, id, { verb: "volume", field: "level", point: "volume", label: TEXT.volume, max, live: true });
    views.push(bar);
    box.append(h("div", { class: "bar" }, bar.element));
    box.append(...(steps ? [step(2)] : []), h("div", { class: "level" }, level.element, bar.aim));
  } else {
    box.append(...(steps ? [step(2)] : []), h("div", { class: "level" }, level.element));
  }
  views.push({ show: () => level.show(room.reading(id, "volume")) });
  return box;
}
