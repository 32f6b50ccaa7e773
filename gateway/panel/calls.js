// Calls: who rings, who is on the line, dialling and tones.
// What may not live here: anything that is not the part `calls`.

import { action, value } from "./controls.js";
import { duration, h, icon, put, set } from "./dom.js";
import { TEXT } from "./words.js";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];
const who = (call) => call.name || call.address || TEXT.somebody;
const rings = (call) => call.direction === "in" && call.state === "ringing";
const goesOn = (call) => call.state !== "ended";

export function current(room, id) {
  return (room.reading(id, "calls").value ?? []).filter(goesOn);
}

// Rows that stay as long as their call does, so that a finger never meets a button that has just moved.
function rows(element, make) {
  const held = new Map();
  return (calls) => {
    for (const [key, row] of held) {
      if (!calls.some((call) => call.id === key)) {
        row.element.remove();
        held.delete(key);
      }
    }
    for (const call of calls) {
      if (!held.has(call.id)) {
        held.set(call.id, make(call));
        element.append(held.get(call.id).element);
      }
      held.get(call.id).show(call);
    }
  };
}

// The incoming call, above everything else.
export function incoming(room, id, alarm) {
  const element = h("section", { class: "incoming", "aria-label": TEXT.incoming });
  const draw = rows(element, (call) => {
    const what = () => who(call);
    const name = h("strong", {});
    const address = h("span", { class: "quiet" });
    put(alarm, `${TEXT.incoming}: ${who(call)}`);
    return {
      element: h(
        "div",
        { class: "ringing", "data-call": call.id },
        h("span", { class: "bell", "aria-hidden": "true" }, icon("phone")),
        h("div", { class: "who" }, h("span", { class: "quiet" }, TEXT.incoming), name, address),
        room.takes(id, "hangup")
          ? action(room, id, "hangup", { label: TEXT.reject, glyph: "hangup", fields: { call: call.id }, look: "danger", what })
          : "",
        room.takes(id, "answer")
          ? action(room, id, "answer", { label: TEXT.answer, glyph: "phone", fields: { call: call.id }, look: "go", what })
          : "",
      ),
      show(told) {
        put(name, who(told));
        put(address, told.name ? told.address : "");
      },
    };
  });
  return {
    element,
    show() {
      const stale = room.reading(id, "calls").status === "stale";
      draw(stale ? [] : current(room, id).filter(rings)); // nobody can answer what rang a while ago
      if (!element.childElementCount) put(alarm, "");
    },
  };
}

export function card(room, id) {
  const none = value(() => TEXT.noCall);
  const list = h("div", { class: "calls" });
  const draw = rows(list, (call) => row(room, id, call));
  const all = room.takes(id, "hangup")
    ? action(room, id, "hangup", { label: TEXT.hangupAll, glyph: "hangup", look: "danger wide" })
    : h("span");
  const content = [h("div", { class: "title" }, none.element), list, all];
  let dial = null;
  if (room.takes(id, "dial")) content.push((dial = dialler(room, id)).element);
  const pad = room.takes(id, "dtmf") || dial ? keypad(room, id, dial) : null;
  if (pad) content.push(pad.element);
  return {
    element: h("article", { class: "card callcard", "data-card": id }, ...content),
    show() {
      const calls = current(room, id);
      const reading = room.reading(id, "calls");
      none.show(reading);
      none.element.parentElement.hidden = calls.length > 0;
      draw(calls);
      set(list, "data-status", reading.status);
      all.hidden = calls.length < 2;
      if (pad) pad.show(calls);
    },
  };
}

function row(room, id, first) {
  let held = first;
  let heard = 0;
  const name = h("strong", {});
  const state = h("span", { class: "quiet" });
  const timer = h("span", { class: "timer" });
  const end = room.takes(id, "hangup")
    ? action(room, id, "hangup", {
        glyph: "hangup",
        name: `${TEXT.hangup}: ${who(first)}`,
        fields: { call: first.id },
        look: "round danger",
        what: () => who(held),
      })
    : "";
  const tick = () => put(timer, heard ? duration(held.duration + room.now() - heard) : "");
  return {
    element: h("div", { class: "call", "data-call": first.id }, h("div", { class: "who" }, name, state), timer, end),
    show(call) {
      // A duration is as old as the news that brought it.
      const runs = call.duration !== null && ["connected", "on hold"].includes(call.state);
      if (!runs) heard = 0;
      else if (!heard || call.duration !== held.duration) heard = room.reading(id, "calls").since;
      held = call;
      put(name, who(call));
      const secure = call.encrypted === null ? "" : call.encrypted ? TEXT.encrypted : TEXT.unencrypted;
      const parts = [TEXT.callState[call.state], call.name ? call.address : "", call.state === "connected" ? secure : ""];
      put(state, parts.filter(Boolean).join(" · "));
      tick();
    },
  };
}

function dialler(room, id) {
  const field = h("input", {
    type: "text", class: "field", "aria-label": TEXT.dial, placeholder: TEXT.dial, maxlength: 256,
    autocomplete: "off", autocapitalize: "off", spellcheck: "false", enterkeyhint: "go",
  });
  const button = action(room, id, "dial", {
    label: TEXT.call,
    glyph: "phone",
    look: "go",
    fields: () => (field.value.trim() ? { address: field.value.trim() } : (field.focus(), null)),
    what: () => field.value.trim() || TEXT.call,
    then: (answer) => {
      if (["confirmed", "assumed"].includes(answer.result)) field.value = "";
    },
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") button.click();
  });
  return { element: h("div", { class: "dial" }, field, button), field };
}

// Tones into the call where there is one; otherwise the keys write the number to dial.
function keypad(room, id, dial) {
  let talking = false;
  const keys = KEYS.map((key) => {
    const tone = action(room, id, "dtmf", {
      label: key,
      name: TEXT.tone(key),
      fields: { digits: key },
      what: () => TEXT.keypad,
    });
    const digit = h("button", { type: "button", class: "control", "aria-label": TEXT.key(key) }, h("span", { class: "label" }, key));
    digit.addEventListener("click", () => (dial.field.value += key));
    return [tone, digit];
  });
  const grid = h("div", { class: "keypad", role: "group", "aria-label": TEXT.keypad });
  grid.addEventListener("keydown", (event) => {
    const at = KEYS.indexOf(event.key);
    if (at >= 0) keys[at][talking ? 0 : 1].click();
  });
  const draw = () => grid.replaceChildren(...keys.map(([tone, digit]) => (talking ? tone : digit)));
  return {
    element: grid,
    show(calls) {
      const now = room.takes(id, "dtmf") && calls.some((call) => call.state === "connected");
      if (now !== talking || !grid.childElementCount) {
        talking = now;
        if (talking || dial) draw();
        else grid.replaceChildren();
      }
      set(grid, "data-tones", talking ? "" : null);
    },
  };
}
