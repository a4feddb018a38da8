// The slot grid for keyboard and selection. Everything here is a convenience: the form works without it.
(() => {
  const board = document.getElementById("board");
  if (!board) return;
  const form = document.getElementById("change");
  const slots = () => [...board.querySelectorAll(".sockets .slot")];
  const inputOf = (slot) => slot.querySelector("input");
  const handle = (slot) => inputOf(slot) ?? slot;
  const ticked = () => slots().filter((slot) => inputOf(slot)?.checked);
  // A slot may be a unit: several IDs that are only plugged together.
  const idsOf = (slot) => {
    const first = Number(slot.id.slice(5));
    return Array.from({ length: Number(slot.dataset.last ?? first) - first + 1 }, (_, index) => first + index);
  };
  const list = (ids) => {
    const parts = [];
    for (const id of ids) {
      const last = parts.at(-1);
      if (last && id === last[1] + 1) last[1] = id;
      else parts.push([id, id]);
    }
    return parts.map(([low, high]) => (low === high ? low : high === low + 1 ? `${low}, ${high}` : `${low}–${high}`)).join(", ");
  };
  const present = (slot, side) => (side === "config" || slot.dataset.live === "" ? slot.dataset.config : slot.dataset.live) === "1";
  // The opposite of list, from the server's spelling: "0-2,5".
  const read = (cpulist) =>
    cpulist.split(",").filter(Boolean).flatMap((part) => {
      const [low, high = low] = part.split("-").map(Number);
      return Array.from({ length: high - low + 1 }, (_, index) => low + index);
    });
  // The form stands in front of what is at the bottom of the window, and grows with what is selected: scroll an element
  // out from behind it, as far as its slot stays in view.
  const edges = (element) => element.getBoundingClientRect();
  const uncover = (element, slot) => {
    const floor = () => Math.min(innerHeight, form ? edges(form).top : Infinity);
    const hidden = () => Math.min(edges(element).bottom + 8 - floor(), edges(slot).top - 8);
    for (let times = 0; times < 2 && hidden() > 0; times++) scrollBy(0, hidden()); // the form may come along once
  };
  window.slotGrid = { board, form, slots, inputOf, handle, ticked, idsOf, list, read, present, uncover };

  // ---- moving about: one slot is in the tab order, arrows move
  let here = null;
  const settle = () => {
    const all = slots();
    const current = all.find((slot) => slot.id === here) ?? all[0];
    for (const slot of all) {
      const stop = slot === current ? "0" : "-1";
      if (handle(slot).getAttribute("tabindex") !== stop) handle(slot).setAttribute("tabindex", stop);
    }
  };
  const beside = (slot, down) => {
    const box = slot.getBoundingClientRect();
    const middle = box.left + box.width / 2;
    let best = null;
    for (const other of slots()) {
      const rect = other.getBoundingClientRect();
      const away = down ? rect.top - box.bottom : box.top - rect.bottom;
      if (away < -1) continue;
      const score = away * 4 + Math.abs(rect.left + rect.width / 2 - middle);
      if (!best || score < best.score) best = { other, score };
    }
    return best?.other;
  };
  board.addEventListener("focusin", (event) => {
    const slot = event.target.closest(".sockets .slot");
    if (!slot) return;
    here = slot.id;
    settle();
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const slot = event.target.closest?.(".sockets .slot");
    const moves = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: "down", ArrowUp: "up", Home: "first", End: "last" };
    if (!slot || !(event.key in moves)) return;
    const all = slots();
    const move = moves[event.key];
    const next = move === "down" || move === "up" ? beside(slot, move === "down")
      : move === "first" ? all[0] : move === "last" ? all.at(-1) : all[all.indexOf(slot) + move];
    event.preventDefault();
    if (!next) return;
    handle(next).focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
    next.dispatchEvent(new CustomEvent("slot:move", { bubbles: true, detail: { from: slot, extend: event.shiftKey } }));
  });
  document.addEventListener("htmx:after:swap", settle);
  settle();
})();
