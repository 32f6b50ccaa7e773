// Calls: who rings, who is on the line, dialling and tones.
// What may not live here: anything that is not the part `calls`.

import { action, dialog, value, view } from "./controls.js";
import { duration, h, icon, put, set } from "./dom.js";
import { good } from "./room.js";
import { TEXT } from "./words.js";

const KEYS = [..."123456789*0#"];
const who = (call) => call.name || call.address || TEXT.somebody;
const rings = (call) => call.direction === "in" && call.state === "ringing";

// What goes on now; of what is stale nothing rings any more.
const current = (room, id) => {
  const { value, status } = room.reading(id, "calls");
  return (value ?? []).filter((call) => call.state !== "ended" && !(status === "stale" && rings(call)));
};

// Rows that stay as long as their call does, so that a finger never meets a button that has just moved.
function rows(element, make, chosen) {
  const held = new Map();
  const show = () => {
    const calls = chosen();
    for (const [key, row] of held) {
      if (calls.some((call) => call.id === key)) continue;
      row.element.remove();
      held.delete(key);
    }
    for (const call of calls) {
      if (!held.has(call.id)) {
        held.set(call.id, make(call));
        element.append(held.get(call.id).element);
      }
      held.get(call.id).show(call);
    }
  };
  return { element, show };
}

// The incoming call, above everything else.
export function incoming(room, id, alarm) {
  const element = h("section", { class: "incoming", "aria-label": TEXT.incoming });
  const make = (call) => {
    const name = h("strong", { dir: "auto" });
    const address = h("span", { class: "quiet" });
    const button = (verb, label, glyph, look) =>
      room.takes(id, verb) && action(room, id, verb, { label, glyph, look, fields: { call: call.id }, what: () => who(call) });
    const row = h(
      "div",
      { class: "ringing", "data-call": call.id },
      h("span", { class: "bell", "aria-hidden": "true" }, icon("phone")),
      h("div", { class: "who" }, h("span", { class: "quiet" }, TEXT.incoming), name, address),
      button(room.takes(id, "reject") ? "reject" : "hangup", TEXT.reject, "hangup", "danger"),
      button("answer", TEXT.answer, "phone", "go"),
    );
    const show = (told) => {
      put(name, who(told));
      put(address, told.name && told.address);
    };
    return { element: row, show };
  };
  const list = rows(element, make, () => current(room, id).filter(rings));
  const announce = () => put(alarm, current(room, id).filter(rings).map((call) => `${TEXT.incoming}: ${who(call)}`).join(", "));
  return view(element, list, { show: announce });
}

// What goes on, on every page: whom we talk to, for how long; pressed, the call opens.
export function strip(room, id, open) {
  const name = h("strong", { dir: "auto" });
  const timer = clock(room, id);
  const button = h("button", { type: "button", class: "control go", onclick: open }, icon("phone"), name, timer.element);
  const element = h("div", { class: "strip" }, button);
  const show = () => {
    const lines = current(room, id).filter((call) => !rings(call));
    element.hidden = !lines.length;
    if (!lines.length) return;
    put(name, lines.map(who).join(", "));
    timer.show(lines[0]);
    set(button, "aria-label", `${TEXT.calls}: ${name.textContent}`);
  };
  return { element, show };
}

export const talking = (room, id) => current(room, id).some((call) => !rings(call));

export function card(room, id) {
  const none = value(room, id, "calls", () => TEXT.noCall);
  const many = h("p", { class: "quiet" });
  const lines = () => current(room, id).filter((call) => !rings(call));
  const list = rows(h("div", { class: "calls" }), (call) => line(room, id, call), lines);
  const merge = room.takes(id, "merge") && action(room, id, "merge", { label: TEXT.merge, glyph: "people" });
  const end = room.takes(id, "hangup") && action(room, id, "hangup", { label: TEXT.hangupAll, glyph: "hangup", look: "danger" });
  const all = h("div", { class: "choices" }, merge, end);
  const dial = room.takes(id, "dial") && dialler(room, id);
  const pad = (dial || room.takes(id, "dtmf")) && keypad(room, id, dial);
  const show = () => {
    none.element.hidden = current(room, id).length > 0;
    all.hidden = lines().length < 2;
    const count = room.reading(id, "participants").value;
    put(many, count && lines().length ? TEXT.inMeeting(count) : "");
    if (dial) dial.show(lines().length > 0);
    set(list.element, "data-status", room.reading(id, "calls").status);
  };
  const parts = [none.element, list.element, many, all, dial && dial.element, pad && pad.element];
  const element = h("article", { class: "card", "data-card": id }, ...parts);
  return view(element, none, list, pad, { show });
}

// How long a call has lasted, counted on from when the codec last told.
function clock(room, id) {
  const element = h("span", { class: "timer" });
  let held = null;
  let heard = 0; // when the duration was told
  const show = (call) => {
    const { since, status } = room.reading(id, "calls");
    const runs = call.duration !== null && ["connected", "on hold"].includes(call.state);
    if (!runs) heard = 0;
    else if (!heard || call.id !== held?.id || call.duration !== held.duration) heard = since;
    held = call;
    if (status !== "stale") put(element, heard ? duration(call.duration + room.now() - heard) : "");
  };
  return { element, show };
}

function line(room, id, first) {
  let held = first;
  const name = h("strong", { dir: "auto" });
  const state = h("span", { class: "quiet" });
  const timer = clock(room, id);
  const what = () => who(held);
  const button = (verb, glyph, look = "") =>
    room.takes(id, verb) &&
    action(room, id, verb, { glyph, name: `${TEXT[verb]}: ${who(first)}`, fields: { call: first.id }, look: `round ${look}`, what });
  const hold = button("hold", "pause");
  const resume = button("resume", "phone", "go");
  const hand = { type: "button", class: "control round", "aria-label": TEXT.transferTitle(who(first)), onclick: () => transfer(room, id, held) };
  const over = room.takes(id, "transfer") && h("button", hand, icon("forward"));
  const show = (call) => {
    held = call;
    put(name, who(call));
    const secure = call.state === "connected" && TEXT.secure[call.encrypted];
    put(state, [TEXT.callState[call.state], call.name && call.address, secure].filter(Boolean).join(" · "));
    timer.show(call);
    const on = call.state === "connected";
    const rests = call.held || call.state === "on hold";
    if (hold) hold.hidden = !on || rests;
    if (resume) resume.hidden = !rests;
    if (over) over.hidden = !on && !rests;
  };
  const buttons = h("div", { class: "row" }, hold, resume, over, button("hangup", "hangup", "danger"));
  const shown = [h("div", { class: "who" }, name, state), timer.element, buttons];
  return { element: h("div", { class: "call", "data-call": first.id }, ...shown), show };
}

function transfer(room, id, call) {
  const field = address();
  const fields = () => (field.value.trim() ? { address: field.value.trim(), call: call.id } : field.focus());
  const then = (answer) => good(answer) && shown.close();
  const go = action(room, id, "transfer", { label: TEXT.transfer, glyph: "forward", look: "go", fields, what: () => who(call), then });
  field.addEventListener("keydown", (event) => event.key === "Enter" && go.click());
  const shown = dialog("ask", TEXT.transferTitle(who(call)), h("p", {}, TEXT.transferText), h("div", { class: "row" }, field, go));
}

const address = () =>
  h("input", {
    class: "field", "aria-label": TEXT.dial, placeholder: TEXT.dial, maxlength: 256, dir: "auto",
    autocomplete: "off", autocapitalize: "off", spellcheck: "false", enterkeyhint: "go",
  });

function dialler(room, id) {
  const field = address();
  const typed = () => field.value.trim();
  const button = action(room, id, "dial", {
    label: TEXT.call,
    glyph: "phone",
    look: "go",
    fields: () => (typed() ? { address: typed() } : field.focus()),
    what: () => typed(),
    then: (answer) => {
      if (good(answer)) field.value = "";
    },
  });
  field.addEventListener("keydown", (event) => event.key === "Enter" && button.click());
  const show = (talking) => put(button.querySelector(".label"), talking ? TEXT.addCall : TEXT.call);
  return { element: h("div", { class: "row" }, field, button), field, show };
}

// Tones into the call where there is one; otherwise the keys write the number to dial.
function keypad(room, id, dial) {
  let talking = null;
  const what = () => TEXT.keypad;
  const tone = (key) => action(room, id, "dtmf", { label: key, name: TEXT.tone(key), fields: { digits: key }, what });
  const digit = (key) => {
    const button = h("button", { type: "button", class: "control", "aria-label": TEXT.key(key) }, key);
    button.addEventListener("click", () => (dial.field.value += key));
    return button;
  };
  const grid = h("div", { class: "keypad", role: "group", "aria-label": TEXT.keypad });
  grid.addEventListener("keydown", (event) => grid.children[KEYS.indexOf(event.key)]?.click());
  const show = () => {
    const now = room.takes(id, "dtmf") && current(room, id).some((call) => call.state === "connected");
    if (now === talking) return;
    talking = now;
    grid.replaceChildren(...(now || dial ? KEYS.map(now ? tone : digit) : []));
    set(grid, "data-tones", now);
  };
  return { element: grid, show };
}
