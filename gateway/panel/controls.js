// The controls every part is made of: each has an `element`, and `show()` draws it anew from the state. A pressed control
// is *pending* until the answer comes, and shows only what the state says, never the value that was hoped for.
// What may not live here: what a part consists of (parts.js).

import { h, icon, put, repeating, set } from "./dom.js";
import { good } from "./room.js";
import { TEXT } from "./words.js";

// Several views as one.
export function view(element, ...parts) {
  return { element, show: () => parts.forEach((part) => part && part.show()) };
}

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

// Every control knows its part, so that all can be opened and shut in one sweep. Stop can always be pressed.
export function gate(root, room) {
  for (const control of root.querySelectorAll("[data-do]")) {
    const { part, do: verb } = control.dataset;
    const reason = verb === "stop" ? "" : room.blocked(part, verb);
    if (control.tagName === "BUTTON") set(control, "aria-disabled", reason && "true");
    else control.disabled = Boolean(reason);
    set(control, "title", reason);
  }
}

// A button for one verb. `fields` may be a function, asked when it is pressed; null from it means: not now.
// `sure` is a question to be answered first; `what` says in words what was asked of.
export function action(room, id, verb, { label, name, glyph, fields = {}, look = "", repeats, sure, what, then }) {
  const button = h(
    "button",
    { type: "button", class: `control ${look}`, "data-do": verb, "data-part": id, "aria-label": name },
    glyph && icon(...[glyph].flat()),
    label && h("span", { class: "label" }, label),
  );
  const act = async () => {
    const reason = room.blocked(id, verb);
    if (reason) return room.say(reason);
    if (repeats && button.waiting) return; // held down: the next step when this one is answered
    if (sure && !(await confirmed(sure()))) return;
    const told = typeof fields === "function" ? fields() : fields;
    if (!told) return;
    const answer = await busy(button, room.ask(id, verb, told, what && what()));
    if (then) then(answer);
  };
  if (repeats) repeating(button, act);
  else button.addEventListener("click", act);
  return button;
}

// A question that must be answered first. Resolves true or false.
export function confirmed({ title, text, yes }) {
  return new Promise((settle) => {
    const choice = (label, look, answer) =>
      h("button", { type: "button", class: `control ${look}`, onclick: () => dialog.close(answer) }, label);
    const dialog = h(
      "dialog",
      { class: "ask", "aria-label": title },
      h("h2", {}, title),
      h("p", {}, text),
      h("div", { class: "row" }, choice(TEXT.cancel, "", ""), choice(yes, "danger", "yes")),
    );
    dialog.addEventListener("close", () => {
      settle(dialog.returnValue === "yes");
      dialog.remove();
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

// The text of one point: its value, how surely it is known, since when.
export function value(room, id, point, format = String) {
  const element = h("span", { class: "value" });
  const show = () => {
    const { value, status, since } = room.reading(id, point);
    const words = value === null ? TEXT.unknown : format(value);
    put(element, status === "assumed" ? `≈ ${words}` : words);
    set(element, "data-status", status);
    set(element, "title", [TEXT.status[status], TEXT.since(since)].filter(Boolean).join(", "));
  };
  return { element, show };
}

// A few buttons of which the one is pressed in that the device's own word fits: `is` lists the words.
export function choice(room, id, verb, point, label, choices) {
  const buttons = choices.map((one) => action(room, id, verb, { name: `${label}: ${one.label}`, ...one }));
  const show = () => {
    const { value } = room.reading(id, point);
    buttons.forEach((button, at) => set(button, "aria-pressed", String(choices[at].is.includes(value))));
  };
  return { element: h("div", { class: "pair", role: "group", "aria-label": label }, ...buttons), show };
}

// On and off. In between (warming up, cooling down) neither is pressed in.
export function power(room, id, label, { on = TEXT.on, off = TEXT.off, sure } = {}) {
  return choice(room, id, "power", "power", label, [
    { label: on, fields: { on: true }, is: ["on"] },
    { label: off, fields: { on: false }, is: ["off", "standby"], sure },
  ]);
}

// A switch that says what it is about and how it stands: "Microphones: Muted".
export function toggle(room, id, verb, point, { label, words, glyph, look = "" }) {
  const fields = () => ({ on: room.reading(id, point).value !== true });
  const button = action(room, id, verb, { label, glyph: [glyph, "slash"], look: `toggle ${look}`, fields });
  const state = value(room, id, point, (on) => words[on]);
  button.append(state.element);
  return view(button, state, { show: () => set(button, "aria-pressed", String(room.reading(id, point).value ?? "mixed")) });
}

// A slider whose fill is what the device says. Its thumb follows the finger, and then goes back to what the device says.
// `live`: ask while the finger moves, one question at a time; else only when it is lifted.
export function slider(room, id, { verb, field, point, label, max = 100, live }) {
  const input = h("input", { type: "range", min: 0, max, "data-do": verb, "data-part": id, "aria-label": label });
  const aim = h("span", { class: "aim", "aria-hidden": "true" });
  let held = false;
  let flying = 0;
  let asked = null;
  const show = () => {
    const { value, status } = room.reading(id, point);
    const open = held || flying;
    if (!open) {
      input.value = value ?? 0;
      asked = null;
    }
    input.style.setProperty("--at", `${Math.min(100, (100 * (value ?? 0)) / max)}%`);
    set(input, "data-status", open ? "asked" : status);
    put(aim, open && Number(input.value) !== value ? `→ ${TEXT.percent(input.value)}` : "");
    set(input, "aria-valuetext", value === null ? TEXT.unknown : TEXT.percent(value));
  };
  const ask = async () => {
    asked = Number(input.value);
    flying += 1;
    const answer = await busy(input, room.ask(id, verb, { [field]: asked }));
    flying -= 1;
    if (held && live && !flying && good(answer) && Number(input.value) !== asked) ask();
    show();
  };
  const moved = (now) => {
    if (now && Number(input.value) !== asked) ask();
    show();
  };
  // The browser tells of a change after the finger has left, and not at all where it came back to where it began.
  const leave = () => {
    if (!held) return;
    held = false;
    moved(asked !== null);
  };
  input.addEventListener("pointerdown", () => (held = true));
  input.addEventListener("input", () => moved(live && !flying));
  input.addEventListener("change", () => {
    held = false;
    moved(true);
  });
  for (const name of ["pointerup", "pointercancel", "blur"]) input.addEventListener(name, () => setTimeout(leave, 100));
  return { element: input, aim, show };
}

// A choice among the device's own names. It springs back to what the device says, and tells what is being asked for.
export function chooser(room, id, verb, point, label) {
  const names = { ...room.part(id).choices[point] };
  const option = (key) => h("option", { value: key }, names[key]);
  const first = h("option", { disabled: true, hidden: true });
  first.value = "";
  const select = h("select", { "data-do": verb, "data-part": id, "aria-label": label, class: "control" }, first);
  select.append(...Object.keys(names).map(option));
  let asked = "";
  const show = () => {
    const { value, status } = room.reading(id, point);
    if (value !== null && !(value in names)) {
      names[value] = value; // the device shows an input that it did not list
      select.append(option(value));
    }
    put(first, asked ? `→ ${names[asked]}` : TEXT.unknown);
    const shown = asked ? "" : (value ?? "");
    if (select.value !== shown) select.value = shown;
    set(select, "data-status", status);
  };
  select.addEventListener("change", async () => {
    const wanted = (asked = select.value);
    show();
    await busy(select, room.ask(id, verb, { [verb]: wanted }));
    if (asked === wanted) asked = "";
    show();
  });
  return { element: select, show };
}

// A drawer or a question of its own making: shown over the page, and gone once it is closed.
export function dialog(look, label, ...content) {
  const close = { type: "button", class: "control round", "aria-label": TEXT.close, onclick: () => element.close() };
  const title = h("div", { class: "title" }, h("h2", {}, label), h("button", close, icon("close")));
  const element = h("dialog", { class: look, "aria-label": label, onclose: () => element.remove() }, title, ...content);
  element.addEventListener("click", (event) => event.target === element && element.close());
  document.body.append(element);
  element.showModal();
  return element;
}
