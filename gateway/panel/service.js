// What an administrator does at a panel, behind the room's PIN where it has one: restart a device, open the Equipment page,
// take the screen out of the room. What may not live here: deciding who may (the gateway does).

import { brand, h, put, set } from "./dom.js";
import { spoken } from "./language.js";

const TEXT = await spoken("service");
const LOOK = 3000;
const AGAIN = 2000; // while the gateway is away
const id = decodeURIComponent(location.pathname.split("/")[2]);
const KEPT = `roomgate.token.${id}`;
const UNTIL = `roomgate.open.${id}`; // until when this screen is unlocked, in milliseconds; panel.js looks at it
const SERVED = `roomgate.served.${id}`; // the devices that it may restart meanwhile
const room = `/api/v1/rooms/${encodeURIComponent(id)}`;
const panel = `/panel/${encodeURIComponent(id)}${location.search}`;
const token = localStorage.getItem(KEPT) ?? "";
const app = document.getElementById("app");
let round = 0;

const back = () => location.replace(panel);
const wait = (time) => new Promise((wake) => setTimeout(wake, time));
const button = (words, onclick, look = "") => h("button", { type: "button", class: `control wide ${look}`, onclick }, words);

// The answer's status and JSON; status 0 where the gateway is not there.
async function ask(path, method = "GET", body = undefined) {
  try {
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(path, { method, headers, cache: "no-store", body: body && JSON.stringify(body) });
    return { status: answer.status, told: await answer.json(), after: Number(answer.headers.get("retry-after")) };
  } catch {
    return { status: 0, told: {}, after: 0 };
  }
}

function page(...content) {
  round += 1;
  document.title = TEXT.title;
  const leave = h("a", { class: "control wide", href: panel }, TEXT.back);
  app.replaceChildren(h("main", { class: "card door" }, brand() || "", h("h1", {}, TEXT.title), ...content, leave));
}

function forget() {
  lock();
  localStorage.removeItem(KEPT);
  back();
}

function lock() {
  sessionStorage.removeItem(UNTIL);
  sessionStorage.removeItem(SERVED);
}

// ---- locked

function door(words = "") {
  lock();
  const wrong = h("p", { class: "wrong", role: "alert" }, words);
  const label = { "aria-label": TEXT.pin, placeholder: TEXT.pin, maxlength: 12, required: "required" };
  const field = h("input", { type: "password", inputmode: "numeric", autocomplete: "off", class: "field", ...label });
  const send = h("button", { type: "submit", class: "control go" }, TEXT.go);
  const onsubmit = async (event) => {
    event.preventDefault();
    if (send.getAttribute("aria-busy")) return;
    set(send, "aria-busy", "true");
    const pin = field.value.trim();
    field.value = "";
    const { status, told, after } = await ask(`${room}/unlock`, "POST", { pin });
    set(send, "aria-busy", null);
    if (status === 401) return back();
    if (status === 200) {
      sessionStorage.setItem(UNTIL, String(Date.now() + 1000 * told.seconds));
      sessionStorage.setItem(SERVED, JSON.stringify(told.devices));
      return open();
    }
    const refused = TEXT.refused[status ? told.why : "away"] ?? told.detail;
    put(wrong, refused + (after ? ` ${TEXT.after(after)}` : ""));
    field.focus();
  };
  page(wrong, h("p", {}, TEXT.asked), h("form", { class: "row", onsubmit }, field, send));
  field.focus();
}

// ---- open

async function open() {
  const said = h("p", { role: "status" });
  const wrong = h("p", { class: "wrong", role: "alert" });
  const rows = Object.entries(JSON.parse(sessionStorage.getItem(SERVED))).map(([device, name]) => {
    const state = h("small", {});
    const restart = h("button", { type: "button", class: "control", "aria-label": TEXT.restartOf(name) }, TEXT.restart);
    restart.addEventListener("click", async () => {
      const path = device.split("/").map(encodeURIComponent).join("/");
      const { status, told } = await ask(`/api/v1/devices/${path}/restart`, "POST");
      if (status === 403) return door(TEXT.over); // the gateway has begun anew, or time is up
      put(wrong, status === 202 ? "" : (told.detail ?? TEXT.refused.away));
      put(said, status === 202 ? TEXT.restarted(name) : "");
    });
    return { name, state, element: h("li", {}, h("span", { class: "who" }, h("strong", {}, name), state), restart) };
  });
  const relock = async () => {
    await ask(`${room}/unlock`, "DELETE");
    lock();
    back();
  };
  const list = rows.length && h("ul", { class: "served" }, ...rows.map(({ element }) => element));
  page(
    h("p", {}, TEXT.unlocked),
    list && h("h2", {}, TEXT.devices),
    list || "",
    said,
    wrong,
    button(TEXT.lock, relock),
    button(TEXT.forget, forget, "danger"),
  );
  const mine = round;
  while (mine === round) {
    if (!(sessionStorage.getItem(UNTIL) > Date.now())) return back();
    const { status, told } = await ask(room);
    if (status === 401) return back();
    if (status === 200) for (const row of rows) put(row.state, told.devices[row.name]?.online ? TEXT.online : TEXT.offline);
    await wait(LOOK);
  }
}

// ---- the way in

async function begin() {
  if (!token) return back();
  let answer = await ask(room);
  while (!answer.status) {
    page(h("p", { role: "status" }, TEXT.refused.away));
    await wait(AGAIN);
    answer = await ask(room);
  }
  if (answer.status !== 200) return back();
  const phone = token.startsWith("rp_"); // it may be taken out of the room, and no more
  if (phone || !answer.told.locked) return page(h("p", {}, phone ? TEXT.refused.phone : TEXT.plain), button(TEXT.forget, forget, "danger"));
  if (sessionStorage.getItem(UNTIL) > Date.now()) return open();
  door();
}

begin();
