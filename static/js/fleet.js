// Choosing guests to change together: how many are chosen, all of a page at once, a range with Shift.
(() => {
  const boxes = () => [...document.querySelectorAll(".fleet input[name=domain]")];
  const refresh = () => {
    const chosen = document.getElementById("chosen");
    if (!chosen) return;
    const all = boxes();
    const count = all.filter((box) => box.checked).length;
    chosen.textContent = count ? `${count} chosen` : chosen.dataset.none;
    const form = document.getElementById("bulk");
    form.querySelector("[type=submit]").disabled = !count;
    form.querySelector("[type=reset]").hidden = !count;
    const every = document.getElementById("tick-all");
    every.hidden = !all.length;
    every.checked = count > 0 && count === all.length;
    every.indeterminate = count > 0 && count < all.length;
  };
  let anchor = null;
  document.addEventListener("click", (event) => {
    const box = event.target.closest?.(".fleet input[name=domain]");
    if (!box) return;
    const all = boxes();
    const from = all.findIndex((other) => other.value === anchor);
    if (event.shiftKey && from >= 0) {
      const [low, high] = [from, all.indexOf(box)].sort((x, y) => x - y);
      for (const other of all.slice(low, high + 1)) other.checked = box.checked;
    }
    anchor = box.value;
    refresh();
  });
  document.addEventListener("change", (event) => {
    if (event.target.id === "tick-all") for (const box of boxes()) box.checked = event.target.checked;
    refresh();
  });
  document.addEventListener("reset", () => setTimeout(refresh));
  document.addEventListener("htmx:after:swap", refresh);
  window.addEventListener("pageshow", refresh); // what the browser restored when somebody came back
  refresh();
})();
