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
  display: "M3.5 5h17v11h-17zM9 20h6M12 16v4",
  laptop: "M5.5 5h13v10h-13zM2.5 18.5h19",
  cast: "M4 8V5.5h16.5v13H14M4 12a7 7 0 0 1 7 7M4 15.5a3.5 3.5 0 0 1 3.5 3.5",
  people: "M9 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM3 19a6 6 0 0 1 12 0M16 5.5a3 3 0 0 1 0 5.5M17.5 13.5A6 6 0 0 1 21 19",
  page: "M6 3.5h8l4 4v13H6zM14 3.5v4h4M9 12h6M9 15.5h6",
  info: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 11v5M12 7.8v.1",
  warning: "M12 4l9 16H3zM12 10v4.5M12 17.2v.1",
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

// `act` at once, and again while the button is held. Every way a finger can leave ends it: a button is never stuck.
export function repeating(button, act) {
  let timer = 0;
  let byPointer = false;
  const end = () => {
    clearTimeout(timer);
    timer = 0;
  };
  const again = () => {
    act();
    timer = setTimeout(again, NEXT_REPEAT);
  };
  button.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    end();
    byPointer = true;
    act();
    timer = setTimeout(again, FIRST_REPEAT);
  });
  for (const name of ["pointerup", "pointercancel", "pointerleave", "blur", "contextmenu"]) {
    button.addEventListener(name, end);
  }
  window.addEventListener("blur", end);
  document.addEventListener("visibilitychange", end);
  button.addEventListener("click", (event) => {
    if (event.detail === 0 || !byPointer) act(); // the keyboard, or a screen reader
    byPointer = false;
  });
}

export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  return `${hours ? `${hours}:` : ""}${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}
