// Lists that are told afresh every few seconds and change only where something changed, so that focus stays; and the
// filter over them. What may not live here: what any list is about.

import { h, put } from "./dom.js";

// A list of `items` in `parent`: `make(item)` builds one, anew only where its item is another than before.
export class List {
  constructor(parent, key, make) {
    Object.assign(this, { parent, key, make });
    this.held = new Map(); // key -> { told, element }
  }

  show(items) {
    const focused = document.activeElement;
    const keys = new Set(items.map(this.key));
    for (const [key, { element }] of this.held) {
      if (keys.has(key)) continue;
      element.remove();
      this.held.delete(key);
    }
    let place = this.parent.firstElementChild;
    for (const item of items) {
      const key = this.key(item);
      const told = JSON.stringify(item);
      let held = this.held.get(key);
      if (held?.told !== told) {
        const element = this.make(item);
        const again = held && focusedIn(held.element, element);
        if (held) {
          if (held.element === place) place = element;
          held.element.replaceWith(element);
        }
        again?.focus();
        held = { told, element };
        this.held.set(key, held);
      }
      if (held.element === place) place = place.nextElementSibling;
      else this.parent.insertBefore(held.element, place);
    }
    if (focused?.isConnected && document.activeElement !== focused && document.activeElement === document.body) focused.focus();
  }
}

// What in `now` is what has the focus in `before`, if anything has.
function focusedIn(before, now) {
  if (!before.contains(document.activeElement)) return null;
  const all = "a, button, input, select, summary";
  return now.querySelectorAll(all)[[...before.querySelectorAll(all)].indexOf(document.activeElement)];
}

// A field that hides what has not all the words typed; `count` says how many are left. Elements carry data-words.
export function filter(label, parent, { extra, what } = {}) {
  const field = h("input", { type: "search", class: "field", "aria-label": label, placeholder: label, autocomplete: "off", spellcheck: "false" });
  const count = h("p", { class: "quiet count", role: "status" });
  const apply = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const element of parent.children) {
      const told = element.dataset.words ?? "";
      const fits = words.every((word) => told.includes(word)) && (!extra || extra(element));
      if (element.hidden === fits) element.hidden = !fits;
      shown += fits;
    }
    const all = parent.childElementCount;
    put(count, `${shown === all ? "" : `${shown} of `}${all} ${all === 1 ? what : `${what}s`}`);
  };
  field.addEventListener("input", apply);
  return { field, count, apply };
}
