// The panel's pages: which there are, which is shown, and the rail of buttons that turns them.
// What may not live here: what stands on a page.

import { h, icon, set } from "./dom.js";
import { TEXT } from "./words.js";

const GLYPHS = { home: "home", calls: "phone", cameras: "camera", lights: "light", more: "gear" };

export class Views {
  // `turned(view)` is told when another page is shown.
  constructor(turned) {
    this.turned = turned;
    this.shown = this.wanted = "home"; // wanted: where somebody turned to, though it may not be there for a while
    this.pages = {};
    this.buttons = {};
  }

  // `pages`: elements by the view's name, in order; those without anything are left out.
  build(pages) {
    this.pages = Object.fromEntries(Object.entries(pages).filter(([, page]) => page));
    const names = Object.keys(this.pages);
    const button = (name) => {
      const held = { type: "button", class: "control tab", "data-view": name, onclick: () => this.open(name) };
      return h("button", held, icon(GLYPHS[name]), h("span", {}, TEXT.view[name]));
    };
    this.buttons = Object.fromEntries(names.map((name) => [name, button(name)]));
    const rail = names.length > 1 && h("nav", { class: "rail", "aria-label": TEXT.views }, ...Object.values(this.buttons));
    this.open(names.includes(this.wanted) ? this.wanted : (names[0] ?? "home"), false);
    return [rail, ...Object.values(this.pages)];
  }

  open(name, byHand = true) {
    if (!(name in this.pages)) return;
    this.shown = name;
    for (const [other, page] of Object.entries(this.pages)) page.hidden = other !== name;
    for (const [other, button] of Object.entries(this.buttons)) set(button, "aria-current", other === name && "page");
    if (!byHand) return;
    this.wanted = name;
    window.scrollTo(0, 0);
    this.turned(name);
  }
}
