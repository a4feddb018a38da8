// One slot in words, at the side: the one that has the focus or, while none has, the one under the pointer.
(() => {
  const grid = window.slotGrid;
  if (!grid) return;
  const { board, slots, handle, idsOf, list } = grid;
  const slotAt = (event) => event.target.closest(".sockets .slot");
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
  const tell = () => {
    const about = document.getElementById("about");
    const shown = told && document.getElementById(told);
    if (!about || !shown) return;
    about.hidden = false;
    about.querySelector("h2").textContent = `vCPU ${list(idsOf(shown))}`;
    about.querySelector("dl").replaceChildren(...handle(shown).title.split("\n").flatMap((text) => line(shown, text)));
    for (const other of slots()) other.toggleAttribute("data-told", other === shown);
  };
  const turnTo = (slot) => {
    if (!slot) return;
    told = slot.id;
    tell();
  };

  board.addEventListener("focusin", (event) => turnTo(slotAt(event)));
  board.addEventListener("pointerover", (event) => board.contains(document.activeElement) || turnTo(slotAt(event)));
  document.addEventListener("htmx:after:swap", tell);
})();
