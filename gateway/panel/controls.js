// The controls every part is made of. A pressed control is *pending* until the answer comes, and shows only what the
// state says, never the value that was hoped for. What may not live here: what a part consists of (parts.js).

import { h, icon, put, repeating, set } from "./dom.js";
import { good } from "./room.js";
import { TEXT } from "./words.js";

// Mark an element as waiting until the promise has settled; several may be under way at once.
export function busy(element, promise) {
  element.waiting = (element.waiting ?? 0) + 1;
  set(element, "aria-busy", "true");
  promise.then(() => {
    element.waiting -= 1;
    if (!element.waiting) set(element, "aria-busy", null);
  });
  return promise;
}

// Every control knows its part, so that all can be opened and shut in one sweep. Stop is never shut.
export function gate(root, room) {
  for (const control of root.querySelectorAll("[data-do]")) {
    const reason = control.dataset.do === "stop" ? "" : room.blocked(control.dataset.part);
    if (control.tagName === "BUTTON") set(control, "aria-disabled", reason ? "true" : null);
    else control.disabled = Boolean(reason);
    set(control, "title", reason || control.dataset.title || null);
  }
}

// A button for one verb. `fields` may be a function, asked when it is pressed; null from it means: not now.
export function action(room, id, verb, { label, name, glyph, fields = {}, look = "", repeats = false, sure, what, then }) {
  const button = h(
    "button",
    { type: "button", class: `control ${look}`, "data-do": verb, "data-part": id, "aria-label": name },
    ...(glyph ? [icon(...[glyph].flat())] : []),
    ...(label ? [h("span", { class: "label" }, label)] : []),
  );
  const act = async () => {
    const reason = verb === "stop" ? "" : room.blocked(id);
    if (reason) return room.say(reason);
    if (sure && !(await confirmed(sure()))) return;
    if (repeats && button.waiting) return; // held down: the next step when this one is answered
    const told = typeof fields === "function" ? fields() : fields;
    if (!told) return;
    const answer = await busy(button, room.ask(id, verb, told, what ? what() : undefined));
    if (then) then(answer);
  };
  if (repeats) repeating(button, act);
  else button.addEventListener("click", act);
  return button;
}

// A question that must be answered first. Resolves true or false.
export function confirmed({ title, text, yes }) {
  return new Promise((settle) => {
    const no = h("button", { type: "button", class: "control", onclick: () => dialog.close() }, TEXT.cancel);
    const go = h("button", { type: "button", class: "control danger", onclick: () => dialog.close("yes") }, yes);
    const dialog = h(
      "dialog",
      { class: "ask", "aria-label": title, onclose: () => (settle(dialog.returnValue === "yes"), dialog.remove()) },
      h("h2", {}, title),
      h("p", {}, text),
      h("div", { class: "row" }, no, go),
    );
    document.body.append(dialog);
    dialog.showModal();
    no.focus();
  });
}

// The text of one point: its value, how surely it is known, since when.
export function value(format = String) {
  const element = h("span", { class: "value" });
  return {
    element,
    show(reading) {
      const words = reading.value === null ? TEXT.unknown : format(reading.value);
      put(element, reading.status === "assumed" ? `≈ ${words}` : words);
      set(element, "data-status", reading.status);
      set(element, "title", `${TEXT.status[reading.status]}${reading.since ? `, ${TEXT.since(reading.since)}` : ""}`);
    },
  };
}

// On and off as two buttons: what is pressed in is what the device says. In between, neither is.
export function power(room, id, { label, words = TEXT.powerState, on = TEXT.on, off = TEXT.off, sureOff, what }) {
  const buttons = [
    action(room, id, "power", { label: on, fields: { on: true }, what }),
    action(room, id, "power", { label: off, fields: { on: false }, what, sure: sureOff }),
  ];
  const state = value((power) => words[power] ?? power);
  return {
    element: h("div", { class: "pair", role: "group", "aria-label": label }, ...buttons),
    state: state.element,
    show(reading) {
      state.show(reading);
      set(buttons[0], "aria-pressed", String(reading.value === "on"));
      set(buttons[1], "aria-pressed", String(["off", "standby"].includes(reading.value)));
    },
  };
}

// A switch that says what it is about and how it stands: "Microphones: Muted".
export function toggle(room, id, verb, point, { label, words, glyph, look = "", field = "on" }) {
  const button = action(room, id, verb, {
    label,
    glyph: [glyph, "slash"],
    look: `toggle ${look}`,
    fields: () => ({ [field]: room.reading(id, point).value !== true }),
  });
  const state = value((on) => words[on]);
  button.append(state.element);
  return {
    element: button,
    show() {
      const reading = room.reading(id, point);
      state.show(reading);
      set(button, "aria-pressed", reading.value === null ? "mixed" : String(reading.value));
    },
  };
}

// A slider whose fill is the confirmed value. Its thumb follows the finger and goes back to what the device says.
// `live`: ask while the finger moves, one question at a time; else only when it is lifted.
export function slider(room, id, { verb, field, point, label, max = 100, live = false, format = TEXT.volumeOf }) {
  const input = h("input", { type: "range", min: 0, max, step: 1, "data-do": verb, "data-part": id, "aria-label": label });
  const aim = h("span", { class: "aim", "aria-hidden": "true" });
  let held = false;
  let flying = 0;
  let asked = null;
  const show = () => {
    const { value, status } = room.reading(id, point);
    const share = value === null ? 0 : Math.min(100, (100 * value) / max);
    input.style.setProperty("--at", `${share}%`);
    set(input, "data-status", status);
    if (!held && !flying) {
      input.value = value ?? 0;
      asked = null;
    }
    const target = held || flying ? Number(input.value) : value;
    put(aim, target === value || value === null ? "" : `→ ${format(target)}`);
    input.style.setProperty("--aim", `${(100 * Number(input.value)) / max}%`);
    set(input, "aria-valuetext", value === null ? TEXT.unknown : format(value));
  };
  const ask = async () => {
    asked = Number(input.value);
    flying += 1;
    const answer = await busy(input, room.ask(id, verb, { [field]: asked }));
    flying -= 1;
    if (held && live && !flying && good(answer) && Number(input.value) !== asked) ask();
    show();
  };
  // The browser tells of a change after the finger has left, and not at all where it came back to where it began.
  const leave = () => {
    if (!held) return;
    held = false;
    if (asked !== null && Number(input.value) !== asked) ask();
    show();
  };
  input.addEventListener("pointerdown", () => (held = true));
  input.addEventListener("input", () => {
    if (live && !flying && Number(input.value) !== asked) ask();
    show();
  });
  input.addEventListener("change", () => {
    held = false;
    if (Number(input.value) !== asked) ask();
    show();
  });
  for (const name of ["pointerup", "pointercancel", "blur"]) input.addEventListener(name, () => setTimeout(leave, 100));
  return { element: input, aim, show };
}

// A choice among the device's own names. It springs back to what the device says, and tells what is being asked for.
export function chooser(room, id, verb, field, point, choices, label) {
  const select = h("select", { "data-do": verb, "data-part": id, "aria-label": label, class: "control" });
  const names = { ...choices };
  const option = (key) => h("option", { value: key }, names[key]);
  select.append(h("option", { value: "", disabled: true, hidden: true }, TEXT.unknown), ...Object.keys(names).map(option));
  let flying = 0;
  const show = () => {
    const { value, status } = room.reading(id, point);
    if (value !== null && !(value in names)) {
      names[value] = value; // the device shows an input that it did not list
      select.append(option(value));
    }
    if (!flying) put(select.options[0], TEXT.unknown);
    const shown = flying ? "" : value ?? "";
    if (select.value !== shown) select.value = shown;
    set(select, "data-status", status);
  };
  select.addEventListener("change", async () => {
    const wanted = select.value;
    flying += 1;
    put(select.options[0], `→ ${names[wanted]}`);
    show();
    await busy(select, room.ask(id, verb, { [field]: wanted }));
    flying -= 1;
    show();
  });
  return { element: select, show };
}
