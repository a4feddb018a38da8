// What the buttons below the grid would do to the selected slots. The form works without it; this says it first,
// in one sentence each.
(() => {
  const { board, form, idsOf, inputOf, present, list, read, ticked, slots } = window.slotGrid ?? {};
  if (!form) return;
  const side = () => form.elements.affect.value;
  const name = board.dataset.name;
  const can = (slot, word) => (slot.dataset.can ?? "").split(" ").includes(word);
  const open = (slot) => (side() === "both" ? can(slot, "live") || can(slot, "config") : can(slot, side()));
  const there = (slot) => present(slot, side() === "config" ? "config" : "live");
  const off = () => slots()[0]?.dataset.live === "";
  const shortcuts = () => document.getElementById("shortcuts").dataset;

  const CHOOSES = {
    add: (slot) => open(slot) && !there(slot),
    remove: (slot) => open(slot) && there(slot),
    make_removable: (slot) => can(slot, "removable"),
    online: (slot) => can(slot, "online"),
    offline: (slot) => can(slot, "offline"),
  };
  const chosen = (action, all = ticked()) => all.filter(CHOOSES[action]);

  // ---- sentences
  const named = (some) => list(some.flatMap(idsOf));
  const SAYS = {
    add: (ids) => ({
      live: `Adds vCPU ${ids} to the running guest ${name} until it is shut down.`,
      config: `Adds vCPU ${ids} to the configuration of ${name}, for the next start.`,
      both: `Adds vCPU ${ids} to the running guest ${name} and to its configuration.`,
    }[side()]),
    remove: (ids) => ({
      live: `Removes vCPU ${ids} of ${name} from the running guest; the guest must let go.`,
      config: `Removes vCPU ${ids} from the configuration of ${name}${off() ? "" : "; the running guest keeps it until it is shut down"}.`,
      both: `Removes vCPU ${ids} of ${name} from the running guest, where the guest must let go, and then from its configuration.`,
    }[side()]),
    make_removable: (ids, some) => {
      const mine = some.flatMap(idsOf);
      const after = read(shortcuts().fixed ?? "").filter((id) => id > Math.min(...mine) && !mine.includes(id));
      const more = after.length
        ? ` vCPU ${list(after)}, fixed and above ${Math.min(...mine)}, goes along: none may stay fixed above a removable one.`
        : "";
      return `Marks vCPU ${list([...mine, ...after].sort((a, b) => a - b))} in the configuration of ${name} as removable, from its next start on.${more}`;
    },
    online: (ids) => `Has the kernel of ${name} use vCPU ${ids}, through its agent. Nothing is plugged.`,
    offline: (ids) => `Has the kernel of ${name} stop using vCPU ${ids}, through its agent. It stays plugged.`,
  };
  // Threads that are plugged one by one: a core of which only a part would be left on the side that changes.
  const halves = (some) => {
    const parts = [];
    for (const core of new Set(some.map((slot) => slot.closest(".core[data-core]")))) {
      const all = core ? [...core.querySelectorAll(".slot")] : [];
      const left = all.filter((slot) => there(slot) !== some.includes(slot)).length;
      if (left && left < all.length) parts.push(`${left === 1 ? "one thread" : `${left} threads`} of ${core.dataset.core}`);
    }
    return parts.length ? ` Leaves ${parts.join(" and ")}.` : "";
  };
  const sentence = (action, some) => {
    let words = SAYS[action](named(some), some);
    if (action === "remove" && side() !== "config" && shortcuts().delay) words += ` ${shortcuts().delay}`;
    return action === "add" || action === "remove" ? words + halves(some) : words;
  };

  // ---- buttons
  const plain = {};
  const row = (action) => document.getElementById(action)?.closest("li");
  const describe = (action, some, all) => {
    const says = document.getElementById(`${action}-says`);
    plain[action] ??= says.innerHTML;
    if (!all.length) says.innerHTML = plain[action];
    else if (some.length) says.textContent = sentence(action, some);
    else says.textContent = "None of the selected slots can be changed this way; each says why at the side.";
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
  const clear = () => {
    for (const slot of ticked()) inputOf(slot).checked = false;
    board.dispatchEvent(new Event("change", { bubbles: true }));
  };
  Object.assign(window.slotGrid, { side, chosen, clear });
  document.addEventListener("change", (event) => {
    if (!board.contains(event.target)) return;
    if (event.target.name === "affect") document.cookie = `affect=${side()}; path=/; max-age=31536000; samesite=lax`;
    refresh();
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
