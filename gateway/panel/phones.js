// Phones come in: a panel shows the code to scan here (in a frame of its own page), a phone brings that code or the PIN.
// What may not live here: what is done once a phone is in (panel.js), who is let in (the gateway).

import { brand, h, put } from "./dom.js";
import { spoken } from "./language.js";

const TEXT = await spoken("phones");
const LOOK = 5000; // a code that was used makes way for another, so that the next phone can come
const AGAIN = 2000; // while the gateway is away
const PATIENCE = 300000; // a code does not stand on a wall for ever
const id = decodeURIComponent(location.pathname.split("/")[2]);
const KEPT = `roomgate.token.${id}`;
const base = `/api/v1/rooms/${encodeURIComponent(id)}`;
const panel = `/panel/${encodeURIComponent(id)}${location.search}`;
const app = document.getElementById("app");
const opened = Date.now();

const guest = (token) => token?.startsWith("rp_"); // a phone's token, which ends by itself
const inPanel = () => location.replace(panel);
const wait = (time) => new Promise((wake) => setTimeout(wake, time));

// The answer's status and JSON; asked again until the gateway is there.
async function ask(path, token = "", body = undefined) {
  for (;;) {
    try {
      const headers = { ...(token && { authorization: `Bearer ${token}` }) };
      const answer = await fetch(base + path, { headers, cache: "no-store", ...(body && { method: "POST", body: JSON.stringify(body) }) });
      return { status: answer.status, told: await answer.json(), after: Number(answer.headers.get("retry-after")) };
    } catch {
      if (body) return { status: 0, told: {}, after: 0 }; // what was typed is not sent twice
      await wait(AGAIN);
    }
  }
}

function page(title, ...content) {
  document.title = title;
  const framed = window !== window.top; // its dialog has a title of its own
  const top = framed ? [h("h1", { class: "sr" }, title)] : [brand(), h("h1", {}, title)];
  app.replaceChildren(h("main", { class: framed ? "frame" : "card door" }, ...top, ...content));
}

// ---- on a phone

async function come(body) {
  const { status, told, after } = await ask("/phones", "", body);
  if (status !== 201) return TEXT.refused[status ? (told.why ?? "unknown") : "away"] + (after ? ` ${TEXT.after(after)}` : "");
  localStorage.setItem(KEPT, told.token);
  inPanel();
  return "";
}

// What happened, and every way to begin (again).
async function door(words) {
  const { told } = await ask("/phones");
  const wrong = h("p", { class: "wrong", role: "alert" }, words);
  const label = { "aria-label": TEXT.pin, placeholder: TEXT.pin, maxlength: 12, required: "required" };
  const field = h("input", { type: "password", inputmode: "numeric", autocomplete: "off", class: "field", ...label });
  const send = h("button", { type: "submit", class: "control go" }, TEXT.go);
  const onsubmit = async (event) => {
    event.preventDefault();
    if (send.getAttribute("aria-busy")) return;
    send.setAttribute("aria-busy", "true");
    const pin = field.value.trim();
    field.value = "";
    put(wrong, await come({ pin }));
    send.removeAttribute("aria-busy");
    field.focus();
  };
  const ways = told.pin && [h("p", {}, TEXT.byPin), h("form", { class: "row", onsubmit }, field, send)];
  const other = h("a", { class: "quiet", href: panel }, TEXT.other);
  page(TEXT.title, wrong, h("p", {}, TEXT.byCode), ...(ways || []), other);
  if (ways) field.focus();
}

async function arrive(code) {
  const token = localStorage.getItem(KEPT);
  if (token) {
    const { status, told } = await ask("", token);
    if (status === 200 && !(code && guest(token))) return code || guest(token) ? inPanel() : show(token);
    if (status === 401) localStorage.removeItem(KEPT);
    if (!code && guest(token)) return door(TEXT.over[told.over ?? "gone"]);
  }
  const words = code && (await come({ code }));
  if (words || !code) door(words);
}

// ---- on a panel

const close = () => window.frameElement?.closest("dialog")?.close() ?? inPanel();

async function show(token) {
  const picture = h("div", { class: "scan", role: "img", "aria-label": TEXT.picture });
  const typed = h("p", { class: "quiet" });
  const { told: ways } = await ask("/phones");
  page(TEXT.title, picture, h("p", {}, TEXT.scan), typed);
  document.addEventListener("keydown", (event) => event.key === "Escape" && close());
  let shown = "";
  while (Date.now() - opened < PATIENCE) {
    const { status, told } = await ask("/phones/qr", token);
    if (status === 401) return close();
    if (status !== 200) return page(TEXT.title, h("p", { class: "wrong", role: "alert" }, told.detail));
    if (told.address !== shown) {
      const drawn = new DOMParser().parseFromString(told.svg, "image/svg+xml").documentElement;
      picture.replaceChildren(document.importNode(drawn, true));
      shown = told.address;
      if (ways.pin) put(typed, TEXT.typed(shown.split("#")[0]));
    }
    await wait(Math.min(LOOK, 1000 * told.seconds));
  }
  close();
}

// The code stands in the fragment, which no server sees; it is used once, and taken out of the address and the history.
const code = new URLSearchParams(location.hash.slice(1)).get("code");
if (code) history.replaceState(null, "", location.pathname + location.search);
window.addEventListener("hashchange", () => location.reload()); // another code, scanned into the same page
arrive(code);
