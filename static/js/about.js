// One slot in words: the one that has the focus or, while none has, the one under the pointer. At the side of the
// board, and on narrow screens under the row of the slot, where it moves what is below and so waits for a tap.
(() => {
  const grid = window.slotGrid;
  if (!grid) return;
  const { board, slots, handle, idsOf, list, uncover } = grid;
  const slotAt = (event) => event.target.closest(".sockets .slot");
  const narrow = matchMedia("(width < 68rem)");
  let told = null;

  const line = (shown, text) => {
    const at = text.indexOf(": ");
    const term = Object.assign(document.createElement("dt"), { textContent: text.slice(0, at) });
    const words = Object.assign(document.createElement("dd"), { textContent: text.slice(at + 2) });
    const number = shown.dataset.operation;
    if (term.textContent === "Now" && number) {
      const link = Object.assign(document.createElement("a"), { href: `/operations/${number}/`, textContent: `Operation ${number}` });
      words.textContent = words.textContent.replace(`Operation ${number}.`, "");
      words.append(link);
    }
    return [term, words];
  };
  const place = (about, shown) => {
    const before = narrow.matches ? shown.closest(".socket").querySelector(".cores") : document.querySelector(".split > aside");
    if (narrow.matches) before.nextElementSibling !== about && before.after(about);
    else if (before.firstElementChild !== about) before.prepend(about);
  };
  const tell = () => {
    const about = document.getElementById("about");
    const shown = told && document.getElementById(told);
    if (!about || !shown) return;
    place(about, shown);
    const lines = [...handle(shown).title.split("\n"), window.slotUsage(shown)].filter(Boolean);
    about.dataset.told = "";
    about.querySelector("h2").textContent = `vCPU ${list(idsOf(shown))}`;
    about.querySelector("dl").replaceChildren(...lines.flatMap((text) => line(shown, text)));
    for (const other of slots()) other.toggleAttribute("data-told", other === shown);
  };
  const turnTo = (slot) => {
    if (!slot) return;
    told = slot.id;
    tell();
    if (narrow.matches) requestAnimationFrame(reveal);
  };
  const reveal = () => {
    const about = board.querySelector(".socket > #about");
    const slot = told && document.getElementById(told);
    if (about && slot) uncover(about, slot);
  };

  board.addEventListener("focusin", (event) => turnTo(slotAt(event)));
  board.addEventListener("change", (event) => slotAt(event) && requestAnimationFrame(reveal));
  board.addEventListener("click", (event) => turnTo(slotAt(event)));
  board.addEventListener("pointerover", (event) => narrow.matches || board.contains(document.activeElement) || turnTo(slotAt(event)));
  let due = 0; // after the usage, which is shown in the same frame
  document.addEventListener("htmx:after:swap", () => {
    due ||= requestAnimationFrame(() => {
      due = 0;
      tell();
    });
  });
  narrow.addEventListener("change", tell);
})();
