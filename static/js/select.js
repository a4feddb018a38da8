// Selecting several slots: a range with Shift (by click or arrows) or by dragging, and all of them with Ctrl+A.
(() => {
  const { board, form, slots, inputOf } = window.slotGrid ?? {};
  if (!form) return;
  const slotAt = (place) => place?.closest?.("#board .sockets .slot");
  let mine = false;
  const changed = () => {
    mine = true;
    board.dispatchEvent(new Event("change", { bubbles: true }));
    mine = false;
  };

  // A range runs from its anchor, the slot last chosen or walked to alone. What it covered and leaves again becomes
  // what it was before. All is kept by id, since a push may put other elements into the page.
  let range = null;
  const begin = (slot, ticks) => {
    range = { anchor: slot.id, ticks, before: new Set(slots().filter((one) => inputOf(one).checked).map((one) => one.id)) };
  };
  const extend = (slot) => {
    const all = slots();
    const [low, high] = [all.findIndex((one) => one.id === range.anchor), all.indexOf(slot)].sort((one, other) => one - other);
    if (low < 0) return;
    all.forEach((one, at) => {
      inputOf(one).checked = at >= low && at <= high ? range.ticks : range.before.has(one.id);
    });
    changed();
  };
  // Cleared, or sent: the next range begins anew.
  document.addEventListener("change", (event) => {
    if (!mine && board.contains(event.target) && !slots().some((one) => inputOf(one).checked)) range = null;
  });

  // ---- Shift
  board.addEventListener("click", (event) => {
    const slot = event.target.matches("input") && slotAt(event.target);
    if (!slot) return;
    if (event.shiftKey && range) extend(slot);
    else begin(slot, inputOf(slot).checked);
  });
  board.addEventListener("slot:move", (event) => {
    const { from, extend: wide } = event.detail;
    if (!wide) begin(event.target, true);
    else {
      if (!range) begin(from, true);
      extend(event.target);
    }
  });
  board.addEventListener("keydown", (event) => {
    if (event.key !== "a" || !(event.ctrlKey || event.metaKey) || !slotAt(event.target)) return;
    event.preventDefault();
    for (const slot of slots()) inputOf(slot).checked = true;
    changed();
  });

  // ---- dragging, with a mouse or a pen: a finger scrolls
  let drag = null;
  let dropped = false;
  board.addEventListener("pointerover", (event) => board.toggleAttribute("data-pen", event.pointerType === "pen"));
  board.addEventListener("pointerleave", () => board.removeAttribute("data-pen"));
  board.addEventListener("pointerdown", (event) => {
    const slot = slotAt(event.target);
    if (slot && event.button === 0 && event.pointerType !== "touch" && !event.shiftKey) drag = { pointer: event.pointerId, from: slot.id };
  });
  document.addEventListener("pointermove", (event) => {
    if (drag?.pointer !== event.pointerId) return;
    const first = document.getElementById(drag.from);
    if (!(event.buttons & 1) || !first) {
      drag = null;
      return;
    }
    const slot = slotAt(document.elementFromPoint(event.clientX, event.clientY));
    if (!slot || (!drag.moved && slot === first)) return;
    if (!drag.moved) begin(first, !inputOf(first).checked);
    drag.moved = true;
    extend(slot);
  });
  document.addEventListener("pointerup", (event) => {
    if (drag?.pointer !== event.pointerId) return;
    dropped = Boolean(drag.moved);
    drag = null;
    setTimeout(() => (dropped = false));
  });
  document.addEventListener("pointercancel", () => (drag = null));
  // Where a drag ends no slot was clicked.
  document.addEventListener("click", (event) => {
    if (!dropped) return;
    event.preventDefault();
    event.stopPropagation();
  }, true);
})();
