// From the press of a button to the answer: only what it named is sent, the slots say so at once and take it back where
// nothing came of it, what could hurt is asked about first, and no answer is told from a refusal.
(() => {
  const { board, form, slots, inputOf, idsOf, read, side, chosen } = window.slotGrid ?? {};
  if (!form) return;
  const outcome = document.getElementById("change-outcome");
  const ours = (event) => {
    const source = event.detail?.ctx?.sourceElement;
    return source?.form === form || source?.closest?.("#change, [data-confirm]");
  };

  // ---- what is meant
  const meant = (body) => {
    const [word, ...rest] = (body.get("pick") ?? "").split(" ");
    let ids = body.getAll("vcpu").flatMap(read);
    if (word === "first" || word === "highest") {
      ids = rest.filter((part) => part.startsWith(`${side()}:`)).map((part) => Number(part.split(":")[1]));
    } else if (word) ids = read(rest.at(-1) ?? "");
    return slots().filter((slot) => idsOf(slot).some((id) => ids.includes(id)));
  };

  // ---- at once
  const asked = new Map();
  const mark = (slot) => {
    const card = slot.querySelector(".b");
    const queued = document.querySelector(".legend [data-st=queued] .b");
    if (!queued || slot.hasAttribute("data-asked")) return;
    asked.set(slot.id, { state: slot.dataset.st, rest: [...card.children].slice(1) });
    slot.dataset.st = "queued";
    slot.setAttribute("data-asked", "");
    card.replaceChildren(card.firstElementChild, ...[...queued.children].slice(1).map((part) => part.cloneNode(true)));
  };
  // What the server has drawn since is its word, and has lost the mark.
  const takeBack = () => {
    for (const [id, { state, rest }] of asked) {
      const slot = document.getElementById(id);
      if (!slot?.hasAttribute("data-asked")) continue;
      slot.removeAttribute("data-asked");
      if (state) slot.dataset.st = state;
      else delete slot.dataset.st;
      const card = slot.querySelector(".b");
      card.replaceChildren(card.firstElementChild, ...rest);
    }
    asked.clear();
  };

  // ---- sending
  let sent = [];
  let pressed = null;
  form.addEventListener("submit", (event) => (pressed = event.submitter));
  document.addEventListener("htmx:config:request", (event) => {
    const { ctx } = event.detail;
    if (!ours(event) || !(ctx.request.body instanceof FormData)) return;
    const { body } = ctx.request;
    const some = ctx.sourceElement === form && body.has("action") ? chosen(body.get("action")) : [];
    if (some.length) {
      body.delete("vcpu"); // a mixed selection is two requests
      for (const slot of some) body.append("vcpu", inputOf(slot).value);
    }
    const about = body.has("back") ? [] : meant(body);
    about.forEach(mark);
    sent = body.has("pick") ? [] : about.map((slot) => slot.id);
  });

  // ---- the answer
  const sure = document.getElementById("sure");
  const ended = (status) => !["queued", "running", "waiting"].includes(status);
  const settle = () => {
    const said = outcome.querySelector(":scope > [data-status]");
    if (said && asked.size && ended(said.dataset.status)) takeBack();
  };
  const accepted = (said) => {
    for (const slot of sent.map((id) => document.getElementById(id)).filter(Boolean)) {
      inputOf(slot).removeAttribute("checked");
      inputOf(slot).checked = false;
    }
    form.elements.note.value = "";
    // A push may have overtaken this answer: then the newer word is in the list at the side.
    const newer = document.querySelector(`#recent-${said.id.slice(8)} .tag`);
    if (newer) said.querySelector(".tag").replaceWith(newer.cloneNode(true));
    board.dispatchEvent(new Event("change", { bubbles: true }));
  };
  document.addEventListener("htmx:after:swap", (event) => {
    if (!ours(event)) {
      settle();
      return;
    }
    const { target } = event.detail.ctx;
    if (target === "#sure") {
      takeBack(); // nothing has been done yet
      sure.showModal();
      return;
    }
    sure.close();
    const said = outcome.querySelector(":scope > [data-status]");
    if (said && said.dataset.status !== "failed") accepted(said);
    else takeBack(); // the selection stays, to be corrected
    settle();
    sent = [];
  });
  sure.addEventListener("click", (event) => event.target.closest("[data-close]") && sure.close());

  // ---- no answer
  const unanswered = (event) => {
    if (!ours(event)) return;
    sure.close();
    takeBack();
    outcome.replaceChildren(document.getElementById("unanswered").content.cloneNode(true));
    outcome.querySelector("button").addEventListener("click", () => form.requestSubmit(pressed?.isConnected ? pressed : null));
  };
  document.addEventListener("htmx:error", unanswered);
  document.addEventListener("htmx:response:error", (event) => event.detail.ctx.response?.status >= 500 && unanswered(event));
})();
