// What the buttons below the grid would do to the selected slots. The form works without it; this says it first,
// in one sentence each.
(() => {
  const { board, form, inputOf, named, none, sentence, side, there, ticked, uncover } = window.slotGrid ?? {};
  if (!form) return;
  const can = (slot, word) => (slot.dataset.can ?? "").split(" ").includes(word);
  // On both sides: whatever is not yet as it is asked to be must be possible, or nothing would come of the whole.
  const open = (slot) => {
    if (side() !== "both") return can(slot, side());
    const { live, config } = slot.dataset;
    const due = Object.entries({ live, config }).filter(([, state]) => state === (there(slot) ? "1" : "0"));
    return Boolean(live && config) && due.every(([where]) => can(slot, where));
  };

  const CHOOSES = {
    add: (slot) => open(slot) && !there(slot),
    remove: (slot) => open(slot) && there(slot),
    make_removable: (slot) => can(slot, "removable"),
    online: (slot) => can(slot, "online"),
    offline: (slot) => can(slot, "offline"),
  };
  const chosen = (action, all = ticked()) => all.filter(CHOOSES[action]);

  // ---- buttons
  const plain = {};
  const row = (action) => document.getElementById(action)?.closest("li");
  const describe = (action, some, all) => {
    const says = document.getElementById(`${action}-says`);
    plain[action] ??= says.innerHTML;
    if (!all.length) says.innerHTML = plain[action];
    else if (some.length) says.textContent = sentence(action, some);
    else says.textContent = none(all);
  };
  const describeMain = (action, found, all) => {
    const button = document.getElementById(action);
    const some = found[action];
    const word = action === "add" ? "Add" : "Remove";
    const other = found[action === "add" ? "remove" : "add"];
    describe(action, some, all);
    button.querySelector("span").textContent = some.length ? `${word} ${named(some)}` : word;
    button.disabled = all.length > 0 && !some.length;
    button.classList.toggle("solid", some.length > 0 && !other.length);
    const any = Object.values(found).some((list) => list.length);
    row(action).hidden = all.length > 0 && !some.length && any;
    const out = all.filter((slot) => !open(slot));
    if (some.length && out.length) {
      document.getElementById(`${action}-says`).textContent += ` Leaves out ${named(out)}, which cannot be changed here.`;
    }
  };
  const refresh = () => {
    form.dataset.scripted = "";
    const all = ticked();
    const found = Object.fromEntries(Object.keys(CHOOSES).map((action) => [action, chosen(action, all)]));
    document.getElementById("picked").textContent = all.length ? `${all.length} selected: ${named(all)}` : "Choose slots above";
    document.getElementById("clear").hidden = !all.length;
    document.getElementById("rare").open = true;
    const goOn = document.getElementById("go-on");
    goOn.hidden = all.length < 2;
    if (goOn.hidden) goOn.firstElementChild.checked = false;
    describeMain("add", found, all);
    describeMain("remove", found, all);
    for (const action of ["make_removable", "online", "offline"].filter(row)) {
      row(action).hidden = !found[action].length;
      describe(action, found[action], all);
    }
  };

  // ---- the form
  // Only when somebody does something: what is pushed must not move the page under a reader.
  const reveal = () => {
    const slot = document.activeElement.closest(".sockets .slot");
    if (!slot) return;
    slot.scrollIntoView({ block: "nearest" });
    uncover(slot, slot);
  };
  board.addEventListener("focusin", reveal);
  const clear = () => {
    for (const slot of ticked()) inputOf(slot).checked = false;
    board.dispatchEvent(new Event("change", { bubbles: true }));
  };
  Object.assign(window.slotGrid, { chosen, clear });
  document.addEventListener("change", (event) => {
    if (!board.contains(event.target)) return;
    if (event.target.name === "affect") document.cookie = `affect=${side()}; path=/; max-age=31536000; samesite=lax`;
    refresh();
    reveal();
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") {
      clear();
      return;
    }
    // Single letters act only from within the grid and its form: elsewhere they may mean something to the browser.
    if (!board.contains(event.target) || event.target.matches("input:not([type=checkbox]):not([type=radio])")) return;
    if ((event.key === "a" || event.key === "r") && getComputedStyle(form).display !== "none") {
      const button = document.getElementById(event.key === "a" ? "add" : "remove");
      if (!button.disabled && ticked().length) form.requestSubmit(button);
    }
  });
  form.addEventListener("reset", (event) => {
    event.preventDefault(); // keeps the side that was chosen
    clear();
  });
  document.addEventListener("htmx:after:swap", refresh);
  refresh();
})();
