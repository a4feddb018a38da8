// The slot grid for keyboard and selection. Everything here is a convenience: the form works without it.
(() => {
  const board = document.getElementById("board");
  if (!board) return;
  const form = document.getElementById("change");
  const side = () => form?.elements.affect.value ?? "live";
  const slots = () => [...board.querySelectorAll(".sockets .slot")];
  const handle = (slot) => slot.querySelector("input") ?? slot;
  const idOf = (slot) => Number(slot.id.slice(5));
  const ticked = () => slots().filter((slot) => slot.querySelector("input")?.checked);

  // ---- which of the selected slots a button would change
  const present = (slot) => (side() === "config" || slot.dataset.live === "" ? slot.dataset.config : slot.dataset.live) === "1";
  const open = (slot) => {
    const can = (slot.dataset.can ?? "").split(" ");
    return side() === "both" ? can.includes("live") || can.includes("config") : can.includes(side());
  };
  const split = () => {
    const all = ticked();
    return {
      all,
      add: all.filter((slot) => open(slot) && !present(slot)),
      remove: all.filter((slot) => open(slot) && present(slot)),
      out: all.filter((slot) => !open(slot)),
    };
  };
  const list = (some) => {
    const parts = [];
    for (const id of some.map(idOf)) {
      const last = parts.at(-1);
      if (last && id === last[1] + 1) last[1] = id;
      else parts.push([id, id]);
    }
    return parts.map(([low, high]) => (low === high ? low : high === low + 1 ? `${low}, ${high}` : `${low}–${high}`)).join(", ");
  };
  const off = () => slots()[0]?.dataset.live === "";
  const SAYS = {
    add: {
      live: (ids, name) => `Adds vCPU ${ids} to the running guest ${name} until it is shut down.`,
      config: (ids, name) => `Adds vCPU ${ids} to the configuration of ${name}, for the next start.`,
      both: (ids, name) => `Adds vCPU ${ids} to the running guest ${name} and to its configuration.`,
    },
    remove: {
      live: (ids, name) => `Removes vCPU ${ids} of ${name} from the running guest; the guest must let go.`,
      config: (ids, name) => `Removes vCPU ${ids} from the configuration of ${name}${off() ? "" : "; the running guest keeps it until it is shut down"}.`,
      both: (ids, name) => `Removes vCPU ${ids} of ${name} from the running guest, where the guest must let go, and then from its configuration.`,
    },
  };
  const plain = {};
  const describe = (action, chosen, found) => {
    const button = document.getElementById(action);
    const says = document.getElementById(`${action}-says`);
    plain[action] ??= says.innerHTML;
    const word = action === "add" ? "Add" : "Remove";
    button.querySelector("span").textContent = chosen.length ? `${word} ${list(chosen)}` : word;
    button.disabled = found.all.length > 0 && !chosen.length;
    button.classList.toggle("solid", chosen.length > 0 && !(found.add.length && found.remove.length));
    button.parentElement.hidden = found.all.length > 0 && !chosen.length && found.add.length + found.remove.length > 0;
    if (!found.all.length) says.innerHTML = plain[action];
    else if (chosen.length) says.textContent = SAYS[action][side()](list(chosen), board.dataset.name);
    else says.textContent = "None of the selected slots can be changed this way; each says why at the side.";
    if (chosen.length && found.out.length) says.textContent += ` Leaves out ${list(found.out)}, which cannot be changed here.`;
  };
  const refresh = () => {
    if (!form) return;
    form.dataset.scripted = "";
    const found = split();
    const picked = document.getElementById("picked");
    picked.textContent = found.all.length ? `${found.all.length} selected: ${list(found.all)}` : "Choose slots above";
    document.getElementById("clear").hidden = !found.all.length;
    describe("add", found.add, found);
    describe("remove", found.remove, found);
  };

  // ---- one slot in words, at the side
  const about = document.getElementById("about");
  let told = null;
  const tell = (slot) => {
    told = slot?.id ?? told;
    const shown = told && document.getElementById(told);
    if (!about || !shown) return;
    about.hidden = false;
    about.querySelector("h2").textContent = `vCPU ${idOf(shown)}`;
    const rows = handle(shown).title.split("\n").flatMap((line) => {
      const at = line.indexOf(": ");
      const term = Object.assign(document.createElement("dt"), { textContent: line.slice(0, at) });
      const text = Object.assign(document.createElement("dd"), { textContent: line.slice(at + 2) });
      const number = shown.dataset.operation;
      if (term.textContent === "Now" && number) {
        const link = Object.assign(document.createElement("a"), { href: `/operations/${number}/`, textContent: `Operation ${number}` });
        text.textContent = text.textContent.replace(`Operation ${number}.`, "");
        text.append(link);
      }
      return [term, text];
    });
    about.querySelector("dl").replaceChildren(...rows);
    for (const other of slots()) other.toggleAttribute("data-told", other === shown);
  };

  // ---- moving about: one slot is in the tab order, arrows move, Shift extends the selection
  let here = null;
  const settle = () => {
    const all = slots();
    const current = all.find((slot) => slot.id === here) ?? all[0];
    for (const slot of all) handle(slot).tabIndex = slot === current ? 0 : -1;
  };
  const go = (slot, extend) => {
    if (!slot) return;
    const box = slot.querySelector("input");
    if (extend && box) {
      const from = document.getElementById(here)?.querySelector("input");
      box.checked = from ? from.checked : true;
      refresh();
    }
    handle(slot).focus();
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
    tell(slot);
  });
  board.addEventListener("pointerover", (event) => {
    const slot = event.target.closest(".sockets .slot");
    if (slot && !board.contains(document.activeElement)) tell(slot);
  });
  board.addEventListener("click", (event) => {
    const box = event.target.closest(".sockets input");
    const slot = box?.closest(".slot");
    if (event.shiftKey && slot && anchor && anchor !== slot.id) {
      const all = slots();
      const [from, to] = [all.findIndex((other) => other.id === anchor), all.indexOf(slot)].sort((x, y) => x - y);
      for (const other of all.slice(from, to + 1)) other.querySelector("input").checked = box.checked;
    }
    if (slot) anchor = slot.id;
  });
  let anchor = null;

  const typing = (target) => target.matches("input:not([type=checkbox]):not([type=radio]), textarea, select");
  const clear = () => {
    for (const slot of ticked()) slot.querySelector("input").checked = false;
    refresh();
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "Escape") {
      clear();
      return;
    }
    if (typing(event.target)) return;
    const slot = event.target.closest?.(".sockets .slot");
    const moves = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: "down", ArrowUp: "up", Home: "first", End: "last" };
    if (slot && event.key in moves) {
      const all = slots();
      const move = moves[event.key];
      const next = move === "down" || move === "up" ? beside(slot, move === "down")
        : move === "first" ? all[0] : move === "last" ? all.at(-1) : all[all.indexOf(slot) + move];
      event.preventDefault();
      go(next, event.shiftKey);
    } else if ((event.key === "a" || event.key === "r") && form && getComputedStyle(form).display !== "none") {
      const button = document.getElementById(event.key === "a" ? "add" : "remove");
      if (!button.disabled && ticked().length) form.requestSubmit(button);
    }
  });

  // ---- the form
  if (form) {
    document.addEventListener("change", (event) => (board.contains(event.target) ? refresh() : undefined));
    form.addEventListener("reset", (event) => {
      event.preventDefault(); // keeps the side that was chosen
      clear();
    });
    // Only what the button named is sent: a mixed selection is two requests.
    document.addEventListener("htmx:config:request", (event) => {
      const { ctx } = event.detail;
      if (ctx.sourceElement !== form || !(ctx.request.body instanceof FormData)) return;
      const action = ctx.request.body.get("action");
      if (action !== "add" && action !== "remove") return;
      const chosen = split()[action];
      if (!chosen.length) return;
      ctx.request.body.delete("vcpu");
      for (const slot of chosen) ctx.request.body.append("vcpu", String(idOf(slot)));
      sent = chosen.map((slot) => slot.id);
    });
    let sent = [];
    document.addEventListener("htmx:after:swap", (event) => {
      if (event.detail.ctx.sourceElement !== form) return;
      const outcome = document.querySelector("#change-outcome > [data-status]");
      if (!outcome) return; // refused: the selection stays, to be corrected
      for (const id of sent) document.getElementById(id)?.querySelector("input")?.toggleAttribute("checked", false);
      for (const id of sent) Object.assign(document.getElementById(id)?.querySelector("input") ?? {}, { checked: false });
      sent = [];
      form.elements.note.value = "";
      // A push may have overtaken this answer: then the newer word is in the list at the side.
      const newer = document.querySelector(`#recent-${outcome.id.slice(8)} .tag`);
      if (newer) outcome.querySelector(".tag").replaceWith(newer.cloneNode(true));
      refresh();
    });
  }
  document.addEventListener("htmx:after:swap", () => {
    settle();
    refresh();
    tell(null);
  });
  settle();
  refresh();
})();
