// Zooming and panning by wheel, fingers and keys, where there is a script; without one the links do as well.
const article = document.querySelector(".leaf");
const pane = article?.querySelector(".pane");
const figure = pane?.querySelector("figure");

document.addEventListener("keydown", (event) => {
  const busy = event.target.closest("input, textarea, select, [contenteditable]");
  if (busy || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const rel = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
  const panned = view && view.scale > 1;
  const link = rel && !panned && document.querySelector(`.tools a[rel="${rel}"]`);
  if (link) location.assign(link.href);
});

const view = figure && article.classList.contains("zoom-fit") ? { scale: 1, x: 0, y: 0 } : null;
const LARGEST = 8;

if (view) {
  const image = figure.querySelector("img");
  const held = new Map();

  const draw = () => {
    const width = figure.offsetWidth, height = figure.offsetHeight;
    view.x = Math.min(0, Math.max(view.x, width - width * view.scale));
    view.y = Math.min(0, Math.max(view.y, height - height * view.scale));
    figure.style.transform = view.scale > 1 ? `translate(${view.x}px, ${view.y}px) scale(${view.scale})` : "";
    pane.classList.toggle("near", view.scale > 1);
    if (view.scale > 1.3) image.sizes = `${Math.round(width * Math.min(view.scale, 4))}px`;
  };
  const zoom = (factor, x, y) => {
    const next = Math.min(LARGEST, Math.max(1, view.scale * factor));
    view.x = x - ((x - view.x) * next) / view.scale;
    view.y = y - ((y - view.y) * next) / view.scale;
    view.scale = next;
    draw();
  };
  const place = (event) => {
    const box = figure.getBoundingClientRect();
    return [event.clientX - box.left + view.x, event.clientY - box.top + view.y];
  };

  pane.classList.add("live");
  pane.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && view.scale === 1) return; // the page scrolls as ever until somebody zooms
    event.preventDefault();
    zoom(Math.exp(-event.deltaY / 300), ...place(event));
  }, { passive: false });
  pane.addEventListener("dblclick", (event) => {
    event.preventDefault();
    zoom(view.scale > 1 ? 1 / LARGEST : 2.5, ...place(event));
  });
  pane.addEventListener("pointerdown", (event) => {
    held.set(event.pointerId, event);
    if (view.scale > 1) {
      pane.setPointerCapture(event.pointerId);
      pane.classList.add("held");
      event.preventDefault();
    }
  });
  pane.addEventListener("pointermove", (event) => {
    const before = held.get(event.pointerId);
    if (!before) return;
    const other = [...held.values()].find((one) => one.pointerId !== event.pointerId);
    if (other) {
      const apart = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) || 1;
      zoom(apart(event) / apart(before), ...place({ clientX: (event.clientX + other.clientX) / 2, clientY: (event.clientY + other.clientY) / 2 }));
    } else if (view.scale > 1) {
      view.x += event.clientX - before.clientX;
      view.y += event.clientY - before.clientY;
      draw();
    }
    held.set(event.pointerId, event);
  });
  for (const end of ["pointerup", "pointercancel", "pointerleave"]) {
    pane.addEventListener(end, (event) => {
      held.delete(event.pointerId);
      if (!held.size) pane.classList.remove("held");
    });
  }
  pane.addEventListener("keydown", (event) => {
    const step = 60, moves = { ArrowLeft: [step, 0], ArrowRight: [-step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
    const centre = [figure.offsetWidth / 2, figure.offsetHeight / 2];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "+" || event.key === "=") zoom(1.4, ...centre);
    else if (event.key === "-") zoom(1 / 1.4, ...centre);
    else if (event.key === "0") zoom(1 / LARGEST, ...centre);
    else if (moves[event.key] && view.scale > 1) {
      view.x += moves[event.key][0];
      view.y += moves[event.key][1];
      draw();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
  addEventListener("resize", draw);
}
