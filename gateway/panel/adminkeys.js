// Who is let in: panels and decks that wait, decks that have a room, and tokens.
// What may not live here: rooms and their devices.

import { h, put } from "./dom.js";
import { ask, inPath } from "./adminlink.js";
import { filter, List } from "./adminlist.js";
import { value, visible, when } from "./adminwords.js";

// A question with a form: `act(fields)` is done when it is sent, and what goes wrong is said in it.
function question(title, parts, yes, act, danger = false) {
  const wrong = h("p", { class: "wrongs", role: "alert" });
  const submit = h("button", { type: "submit", class: danger ? "control danger" : "control go" }, yes);
  const form = h("form", {}, h("h2", {}, title), ...parts, wrong);
  form.append(h("div", { class: "acts" }, h("button", { type: "button", class: "control", onclick: () => dialog.close() }, "Cancel"), submit));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (submit.getAttribute("aria-busy")) return;
    submit.setAttribute("aria-busy", "true");
    try {
      await act(new FormData(form));
      dialog.close();
    } catch (trouble) {
      put(wrong, trouble.message);
    }
    submit.removeAttribute("aria-busy");
  });
  const dialog = h("dialog", { "aria-label": title, onclose: () => dialog.remove() }, form);
  document.body.append(dialog);
  dialog.showModal();
}

const labelled = (words, field) => h("label", { class: "labelled" }, words, field);

export function surfaces(say) {
  const waiting = h("ul", { class: "rows" });
  const adopted = h("ul", { class: "rows" });
  const [nobody, none] = ["Nobody waits.", "No deck has a room."].map((words) => h("p", { class: "quiet" }, words));
  let site = [];
  let refresh = async () => {};

  // The room, and for a deck the surface; a panel's code is asked for where it is not known.
  function adopt({ id = "", kind = "panel" }) {
    const rooms = [...site].sort((one, other) => one.name.localeCompare(other.name));
    const option = (id, name) => {
      const made = h("option", {}, visible(name));
      made.value = id;
      return made;
    };
    const room = h("select", { name: "room", class: "control", required: "required" });
    const label = ({ room: id, name }) => (name === id ? name : `${name} (${id})`);
    room.append(option("", "Choose a room"), ...rooms.map((one) => option(one.room, label(one))));
    const surface = h("select", { name: "surface", class: "control", required: "required" });
    const choose = () => surface.replaceChildren(...(site.find((one) => one.room === room.value)?.surfaces ?? []).map((one) => option(one, one)));
    room.addEventListener("change", choose);
    const code = h("input", { name: "code", class: "field", autocomplete: "off", autocapitalize: "characters", spellcheck: "false", required: "required", maxlength: "16" });
    const parts = [!id && labelled("The code on its screen", code), labelled("Room", room), kind === "deck" && labelled("Surface", surface)];
    const hint = kind === "panel" && id && h("p", { class: "quiet" }, "Only adopt it if this code is on the screen in that room.");
    question(id ? `Adopt ${visible(id)}` : "Adopt a panel", [...parts, hint].filter(Boolean), "Adopt", async (fields) => {
      const who = id || fields.get("code").toUpperCase().replace(/[^A-Z0-9]/g, "");
      const body = { room: fields.get("room"), surface: fields.get("surface") ?? "" };
      const told = await ask(`surfaces/${inPath(who)}/adopt`, { method: "POST", body });
      say(`${who} belongs to ${told.room} now${told.token ? `; its token is called ${told.token}` : ""}.`);
      await refresh();
    });
  }

  async function drop(id, words) {
    try {
      await ask(`surfaces/${inPath(id)}`, { method: "DELETE" });
      say(`${id} ${words}.`);
      await refresh();
    } catch (trouble) {
      say(trouble.message);
    }
  }

  function act(words, id, onclick, kind = "") {
    return h("button", { type: "button", class: `control ${kind}`, "aria-label": `${words} ${visible(id)}`, onclick }, words);
  }

  const stranger = (told) => {
    const facts = told.kind === "panel" ? [told.address, told.is] : Object.entries(told.facts).map(([name, fact]) => `${name} ${value(fact)}`);
    return h(
      "li",
      { class: "card row", "data-waiting": told.id },
      h("code", { class: "code" }, visible(told.id)),
      h("span", { class: "who quiet" }, `${told.kind === "panel" ? "Panel" : "Deck"}, waits since ${when(told.since)}`),
      h("p", { class: "small quiet" }, visible(facts.join(" · "))),
      h(
        "div",
        { class: "acts" },
        act("Adopt", told.id, () => adopt(told), "go"),
        act("Reject", told.id, () => drop(told.id, "was turned away")),
      ),
    );
  };
  const member = (told) =>
    h(
      "li",
      { class: "card row", "data-adopted": told.id },
      h("code", { class: "code" }, visible(told.id)),
      h("span", { class: "who" }, `${told.room}: ${told.surface}`),
      h("span", { class: "quiet about" }, `${told.online ? "Online" : "Away"}, adopted ${when(told.since)}`),
      h("div", { class: "acts" }, act("Release", told.id, () => release(told))),
    );
  function release({ id, room }) {
    const words = h("p", {}, "It goes blank, and waits to be adopted again.");
    question(`Take ${visible(id)} from ${room}?`, [words], "Release", () => drop(id, "has no room any more"), true);
  }
  const lists = [new List(waiting, ({ id }) => id, stranger), new List(adopted, ({ id }) => id, member)];
  refresh = async () => {
    const told = await ask("surfaces");
    lists[0].show(told.waiting);
    lists[1].show(told.adopted);
    nobody.hidden = told.waiting.length > 0;
    none.hidden = told.adopted.length > 0;
  };
  const byCode = h("button", { type: "button", class: "control go", onclick: () => adopt({}) }, "Adopt a panel by its code");
  const section = (title, ...parts) => h("section", { "aria-label": title }, h("h3", {}, title), ...parts);
  const element = h("div", {}, h("div", { class: "tools" }, byCode), section("Waiting", nobody, waiting), section("Decks with a room", none, adopted));
  return { title: "Surfaces", element, refresh, show: (told) => (site = told.rooms) };
}

export function tokens(say) {
  const rows = h("ul", { class: "rows" });
  let own = "";
  const revoke = (name) => {
    const mine = name === own && h("p", { class: "wrongs" }, "This page uses it: you will be signed out.");
    const words = [h("p", {}, "Whoever uses it is thrown out at once. It cannot be brought back."), mine];
    question(`Revoke ${visible(name)}?`, words.filter(Boolean), "Revoke", async () => {
      await ask(`tokens/${inPath(name)}`, { method: "DELETE" });
      say(`${name} is worthless now.`);
      await refresh();
    }, true);
  };
  const row = ({ name, role, rooms, created }) => {
    const where = rooms.length ? rooms.join(", ") : "every room";
    return h(
      "li",
      { class: "card row", "data-token": name, "data-words": `${name} ${role} ${where}`.toLowerCase() },
      h("strong", { class: "who" }, visible(name)),
      h("span", { class: "about" }, `${role} · ${visible(where)}`),
      h("small", { class: "quiet about" }, `made ${when(Date.parse(created) / 1000)}`),
      h("div", { class: "acts" }, h("button", { type: "button", class: "control", "aria-label": `Revoke ${visible(name)}`, onclick: () => revoke(name) }, "Revoke")),
    );
  };
  const list = new List(rows, ({ name }) => name, row);
  const search = filter("Filter: name, role, room", rows, { what: "token" });
  const refresh = async () => {
    list.show((await ask("tokens")).tokens);
    search.apply();
  };
  const element = h("div", {}, h("div", { class: "tools" }, search.field, search.count), rows);
  return { title: "Tokens", element, refresh, show: (told) => (own = told.token) };
}
