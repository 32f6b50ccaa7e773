// The administrator's page: gets in with a token, keeps the site's overview fresh, and shows one view at a time.
// What may not live here: what a view shows (adminsite.js, adminroom.js, admintape.js, adminkeys.js).

import { h, put, set } from "./dom.js";
import { onRefused, open, signedIn, use } from "./adminlink.js";
import { surfaces, tokens } from "./adminkeys.js";
import { room } from "./adminroom.js";
import { calendars, rooms } from "./adminsite.js";
import { tape } from "./admintape.js";
import { when } from "./adminwords.js";

const EVERY = 4000; // milliseconds between looks; one request, and none while nobody sees the page
const SAID_FOR = 8000;
const VIEWS = { rooms, room, tape, surfaces, tokens, calendars };
const [app, said] = ["app", "said"].map((name) => document.getElementById(name));
const banner = h("p", { class: "banner", role: "alert" });
const summary = h("p", { class: "quiet summary" });
const content = h("main", {});
const tabs = Object.fromEntries(["rooms", "surfaces", "calendars", "tokens"].map((name) => [name, h("a", { href: `#${name}` })]));
let overview = null;
let tag = "";
let view = null;
let timer = 0;
let round = 0;
let lostAt = 0;

function say(words) {
  const toast = h("p", { class: "toast", onclick: () => toast.remove() }, words);
  setTimeout(() => toast.remove(), SAID_FOR);
  said.replaceChildren(toast);
}

// ---- what is shown

function show() {
  if (!overview) return;
  const { devices, journal, waiting, rooms: all, shared } = overview;
  const trouble = all.filter((one) => one.trouble === "offline").length;
  const broken = all.filter((one) => one.calendar?.trouble).length;
  put(summary, `${all.length} ${all.length === 1 ? "room" : "rooms"}, ${trouble} with something offline · ${devices.online} devices online, ${devices.offline} away`);
  put(tabs.rooms, trouble || shared.trouble === "offline" ? `Rooms (${trouble})` : "Rooms");
  put(tabs.surfaces, waiting ? `Surfaces (${waiting})` : "Surfaces");
  put(tabs.calendars, broken ? `Calendars (${broken})` : "Calendars");
  put(tabs.tokens, "Tokens");
  const words = [lostAt && `No connection to the gateway since ${when(lostAt)}. Shown is what was known then.`];
  words.push(journal !== "ok" && `The journal is in trouble: ${journal}`);
  put(banner, words.filter(Boolean).join(" "));
  view?.show(overview);
}

function turn(first = false) {
  view?.close?.();
  const [, name, rest] = /^#?(\w*)\/?(.*)$/.exec(location.hash) ?? [];
  const wanted = Object.hasOwn(VIEWS, name) ? name : "rooms";
  let id = rest;
  try {
    id = decodeURIComponent(rest);
  } catch {
    // a broken address: looked for as it stands
  }
  const made = ["room", "tape"].includes(wanted) ? VIEWS[wanted](id, say) : VIEWS[wanted](say);
  const title = h("h2", { tabindex: "-1" }, made.title);
  made.rename = (words) => {
    put(title, words);
    document.title = `${words} · RoomGate`;
  };
  made.rename(made.title);
  const back = made.back && h("a", { class: "control back", href: made.back[0] }, `‹ ${made.back[1]}`);
  content.replaceChildren(h("div", { class: "title" }, ...[back, title].filter(Boolean)), made.element);
  content.dataset.view = wanted;
  view = made;
  for (const [tab, element] of Object.entries(tabs)) {
    const within = { room: "rooms", tape: "rooms" }[wanted] ?? wanted;
    set(element, "aria-current", tab === within ? "page" : null);
  }
  scrollTo(0, 0);
  if (!first) title.focus({ preventScroll: true });
  show();
  if (!first) look(); // the first is under way
}

// One look at the site and at what the view shows besides; then again, for as long as somebody sees the page.
async function look() {
  clearTimeout(timer);
  const mine = ++round;
  try {
    const answer = await open("overview", { headers: tag ? { "if-none-match": tag } : {} });
    if (answer.status !== 304) {
      overview = await answer.json();
      tag = answer.headers.get("etag");
    }
    lostAt = 0;
    if (mine !== round) return;
    if (!content.isConnected) enter();
    show();
    await view?.refresh?.();
  } catch (trouble) {
    if (!signedIn() || mine !== round) return;
    if (!trouble.status) lostAt ||= Date.now() / 1000;
    else say(trouble.message);
    if (overview) show();
    else ask(trouble.message);
  }
  if (mine === round && !document.hidden && signedIn()) timer = setTimeout(look, EVERY);
}

// ---- the way in

function enter() {
  const leave = h("button", { type: "button", class: "control", onclick: () => ask("") }, "Sign out");
  const header = h("header", {}, h("h1", {}, "RoomGate"), summary, leave, h("nav", { "aria-label": "Views" }, ...Object.values(tabs)));
  app.replaceChildren(header, banner, content);
  turn(true);
}

function ask(problem) {
  use("");
  clearTimeout(timer);
  round++;
  view?.close?.();
  view = overview = null;
  tag = "";
  for (const dialog of document.querySelectorAll("dialog")) dialog.close();
  const field = h("input", { type: "password", class: "field", autocomplete: "off", id: "token", required: "required" });
  const wrong = h("p", { class: "wrongs", role: "alert" }, problem);
  const onsubmit = (event) => {
    event.preventDefault();
    const token = field.value.trim();
    if (!/^[\w.~-]{1,128}$/.test(token)) return put(wrong, "That is not a token: it has characters that no token has.");
    use(token);
    look();
  };
  const help = "“roomgate token create NAME --role admin” makes one. It is kept until this tab is closed.";
  const labelled = h("label", { class: "labelled" }, "An administrator's token", field);
  document.title = "RoomGate administration";
  const go = h("button", { type: "submit", class: "control go" }, "Sign in");
  app.replaceChildren(h("main", { class: "door" }, h("form", { class: "card", onsubmit }, h("h1", {}, "RoomGate administration"), labelled, h("p", { class: "quiet" }, help), wrong, go)));
  field.focus();
}

onRefused((trouble) => ask(trouble.message));
window.addEventListener("hashchange", () => content.isConnected && turn());
document.addEventListener("visibilitychange", () => !document.hidden && signedIn() && look());
if (signedIn()) look();
else ask("");
