// Keys that hold on every page: ? shows all of them, / goes to the search. Single characters can be switched off here, as
// they may mean something else to whoever speaks to the browser; those of the grid only act from within it.
(() => {
  const dialog = document.getElementById("keys");
  const opener = document.getElementById("show-keys");
  if (!dialog || !opener) return;
  const single = dialog.querySelector("[name=single-keys]");
  single.checked = localStorage.getItem("single-keys") !== "off";
  single.addEventListener("change", () => localStorage.setItem("single-keys", single.checked ? "on" : "off"));
  opener.addEventListener("click", () => dialog.showModal());
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());

  const search = () => {
    const field = document.querySelector("main input[type=search]");
    if (field) field.focus();
    else location.href = `${dialog.dataset.fleet}#words`;
  };
  document.addEventListener("keydown", (event) => {
    if (!single.checked || event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
    if (event.target.matches("input:not([type=checkbox]):not([type=radio]), textarea, select")) return;
    if (event.key === "?") dialog.showModal();
    else if (event.key === "/") search();
    else return;
    event.preventDefault();
  });
  // Somebody came here to search.
  if (location.hash === "#words") document.getElementById("words")?.focus();
})();
