// Building elements, icons, and buttons that repeat while they are held. No HTML is ever parsed from text.
// What may not live here: anything that knows of rooms.

export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else set(element, name, value);
  }
  element.append(...children.filter(Boolean));
  return element;
}

// Writing only what differs keeps a busy room cheap and a screen reader quiet.
export function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function set(element, name, value) {
  const text = value === null || value === undefined || value === false || value === "" ? null : String(value);
  if (element.getAttribute(name) === text) return;
  if (text === null) element.removeAttribute(name);
  else element.setAttribute(name, text);
}

const PATHS = {
  power: "M12 3v9M6.3 6.7a8 8 0 1 0 11.4 0",
  mic: "M12 3a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3zM5.5 11a6.5 6.5 0 0 0 13 0M12 17.5V21",
  camera: "M3.5 7.5h11v9h-11zM14.5 11l6-3v8l-6-3",
  sound: "M4 9.5h3.5L12 5.5v13l-4.5-4H4zM15.5 9a4 4 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11",
  slash: "M4 4l16 16",
  minus: "M5 12h14",
  plus: "M5 12h14M12 5v14",
  up: "M6 14.5l6-6 6 6",
  down: "M6 9.5l6 6 6-6",
  stop: "M7.5 7.5h9v9h-9z",
  phone: "M6.5 3.5h3l1.6 4.2-2 1.6a12 12 0 0 0 5.6 5.6l1.6-2 4.2 1.6v3c0 1.2-1 2-2 2A15.5 15.5 0 0 1 4.5 5.5c0-1 .8-2 2-2z",
  hangup: "M3.5 14.5c5-4.7 12-4.7 17 0l-2 2.7-4-1.7v-2.2a12 12 0 0 0-5 0v2.2l-4 1.7z",
  mobile: "M7.5 3.5h9v17h-9zM11 17.5h2",
  display: "M3.5 5h17v11h-17zM9 20h6M12 16v4",
  laptop: "M5.5 5h13v10h-13zM2.5 18.5h19",
  cast: "M4 8V5.5h16.5v13H14M4 12a7 7 0 0 1 7 7M4 15.5a3.5 3.5 0 0 1 3.5 3.5",
  people: "M9 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM3 19a6 6 0 0 1 12 0M16 5.5a3 3 0 0 1 0 5.5M17.5 13.5A6 6 0 0 1 21 19",
  page: "M6 3.5h8l4 4v13H6zM14 3.5v4h4M9 12h6M9 15.5h6",
  info: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 11v5M12 7.8v.1",
  warning: "M12 4l9 16H3zM12 10v4.5M12 17.2v.1",
  left: "M14.5 6l-6 6 6 6",
  right: "M9.5 6l6 6-6 6",
  home: "M4 11l8-6.5 8 6.5M6.5 9.5V19h11V9.5M10.5 19v-5h3v5",
  light: "M9 17.5h6M10 20.5h4M12 3.5a5.5 5.5 0 0 1 3 10.2V15H9v-1.3a5.5 5.5 0 0 1 3-10.2z",
  gear: "M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM12 3v3M12 18v3M3 12h3M18 12h3M5.6 5.6l2.2 2.2M16.2 16.2l2.2 2.2M5.6 18.4l2.2-2.2M16.2 7.8l2.2-2.2",
  help: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM9.7 9.6a2.4 2.4 0 1 1 3.4 2.2c-.8.4-1.1.9-1.1 1.7M12 16.4v.1",
  star: "M12 4l2.4 5 5.6.8-4 3.9.9 5.5-4.9-2.6-4.9 2.6.9-5.5-4-3.9 5.6-.8z",
  scene: "M12 4v3M12 17v3M4 12h3M17 12h3M6.5 6.5l2 2M15.5 15.5l2 2M6.5 17.5l2-2M15.5 8.5l2-2",
  pause: "M9 6v12M15 6v12",
  forward: "M4 16v-2a4 4 0 0 1 4-4h10M14 6l4 4-4 4",
  close: "M6 6l12 12M18 6L6 18",
};

export function icon(...names) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  for (const name of names) {
    const path = document.createElementNS(svg.namespaceURI, "path");
    path.setAttribute("d", PATHS[name]);
    path.setAttribute("class", `i-${name}`);
    svg.append(path);
  }
  return svg;
}

// The house's logo or name, as the profile has them; the theme's style sheet brings the picture.
export function brand() {
  const told = (name) => document.querySelector(`meta[name=${name}]`)?.content ?? "";
  const title = told("application-name");
  if (told("logo")) return h("span", { class: "logo", role: "img", "aria-label": title || "Logo" });
  return title && h("span", { class: "quiet brand" }, title);
}

// A source's picture, from the words people give their sources.
export function sourceIcon(name, label) {
  const words = `${name} ${label}`.toLowerCase();
  if (/laptop|notebook|hdmi|usb/.test(words)) return "laptop";
  if (/wireless|cast|air|click|share/.test(words)) return "cast";
  if (/codec|conf|call|meet|teams|zoom|webex|video/.test(words)) return "people";
  if (/doc|visual|camera/.test(words)) return "page";
  return "display";
}

const FIRST_REPEAT = 450;
const NEXT_REPEAT = 220;
const NUDGE = 400;
const held = new Set(); // how to end each button that is held now

// Whatever takes the page away from the finger lets every button go: a lost window, a lost link, a page built anew.
export function letGo() {
  for (const end of [...held]) end();
}
for (const name of ["blur", "pagehide"]) window.addEventListener(name, letGo);
document.addEventListener("visibilitychange", letGo);

// Every way a finger can leave a button ends what it began: a button is never stuck.
function onLeaving(button, end) {
  for (const name of ["pointerup", "pointercancel", "pointerleave", "blur", "contextmenu"]) button.addEventListener(name, end);
}

// `act` at once, and again while the button is held.
export function repeating(button, act) {
  let timer = 0;
  let byPointer = false;
  const end = () => {
    clearTimeout(timer);
    held.delete(end);
  };
  const again = () => {
    act();
    timer = setTimeout(again, NEXT_REPEAT);
  };
  button.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    end();
    byPointer = true;
    held.add(end);
    act();
    timer = setTimeout(again, FIRST_REPEAT);
  });
  onLeaving(button, end);
  button.addEventListener("click", (event) => {
    if (event.detail === 0 || !byPointer) act(); // the keyboard, or a screen reader
    byPointer = false;
  });
}

// `start` when the button goes down, `stop` when it is let go; a click without either (a screen reader's) is a nudge.
export function holding(button, start, stop) {
  const spaced = (event) => event.key === " " || event.key === "Enter";
  let quiet = false; // the click that follows a press has been dealt with
  const end = () => {
    if (!held.delete(end)) return;
    button.classList.remove("held");
    stop();
  };
  const begin = () => {
    if (held.has(end)) return;
    held.add(end);
    button.classList.add("held");
    start();
  };
  button.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    quiet = true;
    begin();
  });
  onLeaving(button, end);
  button.addEventListener("keydown", (event) => {
    if (!spaced(event)) return;
    event.preventDefault();
    if (!event.repeat) begin();
  });
  button.addEventListener("keyup", (event) => {
    if (!spaced(event)) return;
    event.preventDefault();
    end();
  });
  button.addEventListener("click", () => {
    if (!quiet) {
      begin();
      setTimeout(end, NUDGE);
    }
    quiet = false;
  });
}

export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  return `${hours ? `${hours}:` : ""}${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}
