// Dragging a source onto one display: by mouse, pen or finger. A tap stays a tap.
// What may not live here: what a source or a display is.

const FAR = 12; // pixels, from which on a press is a drag

export function draggable(room, tile, source) {
  let from = null;
  let ghost = null;
  let over = null;
  const target = ({ clientX, clientY }) => document.elementFromPoint(clientX, clientY)?.closest("[data-drop]");
  const mark = (found) => {
    over?.classList.remove("over");
    found?.classList.add("over");
    over = found;
  };
  const end = () => {
    mark(null);
    ghost?.remove();
    from = ghost = null;
  };
  tile.addEventListener("pointerdown", (event) => {
    end();
    if (event.button === 0) from = event;
  });
  tile.addEventListener("pointermove", (event) => {
    if (!from || (!ghost && Math.hypot(event.clientX - from.clientX, event.clientY - from.clientY) < FAR)) return;
    if (!ghost) {
      ghost = tile.cloneNode(true);
      ghost.classList.add("ghost");
      for (const name of ["data-do", "data-part"]) ghost.removeAttribute(name);
      ghost.setAttribute("aria-hidden", "true");
      document.body.append(ghost);
      tile.setPointerCapture(event.pointerId);
    }
    ghost.style.transform = `translate(${event.clientX}px, ${event.clientY}px)`;
    mark(target(event));
  });
  tile.addEventListener("pointerup", (event) => {
    const found = ghost && target(event);
    const dragged = ghost;
    end();
    if (!dragged) return;
    const swallow = (click) => click.stopImmediatePropagation(); // the click that a browser makes of it
    tile.addEventListener("click", swallow, { capture: true });
    setTimeout(() => tile.removeEventListener("click", swallow, { capture: true }), 0);
    if (!found) return;
    const reason = room.blocked(found.dataset.drop);
    if (reason) room.say(reason);
    else room.ask(found.dataset.drop, "source", { source });
  });
  for (const name of ["pointercancel", "blur"]) tile.addEventListener(name, end);
  return tile;
}
