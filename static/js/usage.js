// How much each vCPU uses: the server pushes one element for all of them, which is shown in the slots, on the cards of
// sockets and in words. Beside it the lens that was chosen, which this browser remembers.
(() => {
  const { board, slots, idsOf } = window.slotGrid ?? {};
  if (!board) return;

  // "SECONDS/SCALE IDS:RAN+WAITED ...": shares of one CPU in hundredths or, of large guests, in eighths.
  const read = () => {
    const text = document.querySelector("data[id^=usage-]")?.value ?? "";
    const [head, ...runs] = text.split(" ");
    const [seconds, scale] = head.split("/").map(Number);
    const of = new Map();
    for (const run of runs) {
      const [ids, ran, waited] = run.split(/[:+]/);
      const [low, high = low] = ids.split("-").map(Number);
      for (let id = low; id <= high; id++) of.set(id, { ran: ran / scale, waited: (waited ?? 0) / scale });
    }
    return { text, seconds, scale, of };
  };
  let usage = { of: new Map() };

  const mean = (known, what) => known.reduce((sum, one) => sum + one[what], 0) / known.length;
  const known = (ids) => ids.map((id) => usage.of.get(id)).filter(Boolean);
  const level = (share) => (share < 0.005 ? 0 : Math.max(1, Math.round(share * 8)));
  const percent = (share) => `${Math.round(share * 100)} %`;
  const put = (element, name, value) => {
    if (value === undefined) delete element.dataset[name];
    else if (element.dataset[name] !== String(value)) element.dataset[name] = value;
  };

  const showSlot = (slot, large) => {
    const some = slot.dataset.live === "1" ? known(idsOf(slot)) : [];
    const share = some.length ? mean(some, "ran") : undefined;
    put(slot, "u", some.length ? level(share) : undefined);
    if (large) put(slot.querySelector(".b"), "used", slot.dataset.live !== "1" ? undefined : some.length ? percent(share) : "–");
  };
  const showCards = () => {
    const size = Number(board.querySelector(".over")?.dataset.size);
    for (const card of board.querySelectorAll(".over a")) {
      const first = Number(card.id.slice(5)) * size;
      const some = known(Array.from({ length: size }, (_, index) => first + index));
      put(card, "used", some.length ? percent(mean(some, "ran")) : undefined);
    }
  };
  const show = () => {
    usage = read();
    const large = !board.classList.contains("m");
    for (const slot of slots()) showSlot(slot, large);
    showCards();
    const says = document.getElementById("usage-says");
    const present = board.querySelector('.sockets .slot[data-live="1"]');
    const words = usage.of.size ? `over the last ${usage.seconds} s` : present ? "usage not known" : "";
    if (says && says.textContent !== words) says.textContent = words;
  };

  // One slot's usage as a sentence; nothing for one that is not there.
  window.slotUsage = (slot) => {
    if (slot.dataset.live !== "1") return "";
    const ids = idsOf(slot);
    const some = known(ids);
    if (!some.length) return "Usage: not known.";
    const [ran, waited] = [mean(some, "ran"), mean(some, "waited")];
    const share = (part) => (usage.scale === 8 ? `about ${Math.round(part * 8)}/8` : percent(part));
    const what = ids.length > 1 ? "of a CPU each, on average," : "of one CPU";
    const used = ran ? `${share(ran)} ${what}` : "idle";
    return `Usage: ${used} over the last ${usage.seconds} s${waited ? `, waited ${share(waited)} for a host CPU` : ""}.`;
  };

  const lenses = board.querySelector(".lens");
  const kept = localStorage.getItem("lens");
  for (const lens of lenses.querySelectorAll("input")) if (lens.value === kept) lens.checked = true;
  lenses.addEventListener("change", (event) => localStorage.setItem("lens", event.target.value));
  let due = 0; // once for all that is pushed at a time, and before it is painted
  document.addEventListener("htmx:after:swap", () => {
    due ||= requestAnimationFrame(() => {
      due = 0;
      show();
    });
  });
  show();
})();
