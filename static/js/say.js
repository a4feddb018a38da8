// What a button would do to the selected slots, in one sentence each, before it is done. The server's own words say the
// same of what was asked for.
(() => {
  const { board, form, idsOf, inputOf, present, list, read, slots } = window.slotGrid ?? {};
  if (!form) return;
  const side = () => form.elements.affect.value;
  const name = board.dataset.name;
  const there = (slot) => present(slot, side() === "config" ? "config" : "live");
  const off = () => slots()[0]?.dataset.live === "";
  const shortcuts = () => document.getElementById("shortcuts").dataset;

  const named = (some) => list(some.flatMap(idsOf));
  const SAYS = {
    add: (ids) => ({
      live: `Adds vCPU ${ids} to the running guest ${name} until it is shut down.`,
      config: `Adds vCPU ${ids} to the configuration of ${name}, for the next start.`,
      both: `Adds vCPU ${ids} to the running guest ${name} and to its configuration.`,
    }[side()]),
    remove: (ids, some) => ({
      live: `Removes vCPU ${ids} of ${name} from the running guest; the guest must let go.`,
      config: `Removes vCPU ${ids} from the configuration of ${name}${kept(some)}.`,
      both: `Removes vCPU ${ids} of ${name} from the running guest, where the guest must let go, and then from its configuration.`,
    }[side()]),
    make_removable: (ids, some) => {
      const mine = some.flatMap(idsOf);
      const after = read(shortcuts().fixed ?? "").filter((id) => id > Math.min(...mine) && !mine.includes(id));
      const more = after.length
        ? ` vCPU ${list(after)}, fixed and above ${Math.min(...mine)}, ${after.length > 1 ? "go" : "goes"} along: none may stay fixed above a removable one.`
        : "";
      return `Marks vCPU ${list([...mine, ...after].sort((a, b) => a - b))} in the configuration of ${name} as removable, from its next start on.${more}`;
    },
    online: (ids) => `Has the kernel of ${name} use vCPU ${ids}, through its agent. Nothing is plugged.`,
    offline: (ids, some) => `Has the kernel of ${name} stop using vCPU ${ids}, through its agent. ${several(some) ? "They stay" : "It stays"} plugged.`,
  };
  const several = (some) => some.flatMap(idsOf).length > 1;
  // What a removal from the configuration leaves to the running guest.
  const kept = (some) => {
    const running = some.filter((slot) => slot.dataset.live === "1");
    if (!running.length) return "";
    const which = running.length === some.length ? (several(some) ? "them" : "it") : `vCPU ${named(running)}`;
    return `; the running guest keeps ${which} until it is shut down`;
  };
  // Of both sides, those where a slot stands as it is asked to already.
  const already = (action, some) => {
    const state = action === "add" ? "1" : "0";
    return ["live", "config"].map((where) => {
      const there = some.filter((slot) => slot.dataset[where] === state);
      if (side() !== "both" || !there.length) return "";
      return ` vCPU ${named(there)} ${several(there) ? "are" : "is"} ${action === "add" ? "there already" : "absent already"} ${where === "live" ? "in the running guest" : "in the configuration"}.`;
    }).join("");
  };
  // Somebody was here first: said from the slot's own story.
  const taken = (some) =>
    some.filter((slot) => ["queued", "adding", "removing", "changing", "waiting"].includes(slot.dataset.st)).slice(0, 3).map((slot) => {
      const now = inputOf(slot).title.split("\n").find((line) => line.startsWith("Now: "));
      return now ? ` vCPU ${named([slot])} is taken: ${now.slice(5)}` : "";
    }).join("");
  // Why nothing that is selected can be changed, where one sentence says it for all.
  const none = (all) => {
    if (side() !== "config" && off()) return `${name} is not running, so nothing can be changed live; choose Config.`;
    if (side() !== "live" && all[0].dataset.config === "") return `${name} is transient and has no configuration; choose Live.`;
    const which = all.length === 1 ? `vCPU ${named(all)}` : "None of the selected slots";
    return all.length === 1 ? `${which} cannot be changed this way; the reason stands at the side.` : `${which} can be changed this way; each says why at the side.`;
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
    return (action === "add" || action === "remove" ? words + already(action, some) + halves(some) : words) + taken(some);
  };
  Object.assign(window.slotGrid, { side, there, named, sentence, none });
})();
