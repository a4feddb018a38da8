// Puts the times that the server wrote in UTC into the viewer's zone; the tooltip keeps UTC. A cookie tells the
// server the zone, by which it heads the days of a list and reads times that were typed into a form.
(() => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  const parts = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
  const form = (locale, options) => {
    const made = new Intl.DateTimeFormat(locale, { ...options, timeZone: zone });
    return (moment) => made.format(moment);
  };
  const time = form("en-GB", parts);
  const day = form("en-GB", { day: "numeric", month: "long", year: "numeric" });
  const date = form("sv-SE", {});
  const offset = new Intl.DateTimeFormat("en-GB", { timeZone: zone, timeZoneName: "longOffset" });
  const offsetOf = (moment) => {
    const name = offset.formatToParts(moment).find((part) => part.type === "timeZoneName").value;
    return name.replace("GMT", "UTC").replace("+00:00", ""); // some browsers name Greenwich's own offset, too
  };
  const WORDS = {
    time,
    exact: form("en-GB", { ...parts, fractionalSecondDigits: 3 }),
    date,
    minute: (moment) => `${date(moment)} ${time(moment).slice(0, 5)}`,
    full: (moment) => `${day(moment)}, ${time(moment)} ${offsetOf(moment)}`,
  };
  const put = (element, text) => element.textContent !== text && (element.textContent = text);
  const refresh = () => {
    for (const element of document.querySelectorAll("time[data-when]")) {
      const moment = new Date(element.dateTime);
      const write = WORDS[element.dataset.when];
      if (write) put(element, write(moment));
      const clock = element.dataset.when === "exact" ? WORDS.exact(moment) : time(moment);
      element.dataset.full = `${date(moment)} ${clock} ${offsetOf(moment)}`; // for paper
    }
    for (const element of document.querySelectorAll("[data-zone-name]")) put(element, zone);
    const foot = document.getElementById("zone");
    if (foot && zone !== "UTC") put(foot, `times in ${zone}, UTC on hover`);
  };

  // Times that the server has filled into the form are in the zone that it knew; they keep it until the next page.
  const input = document.querySelector("input[name=zone]");
  if (input && !document.querySelector('input[type="datetime-local"]:not([value=""])')) {
    input.value = zone;
    put(document.getElementById("filter-zone"), zone);
  }
  document.cookie = `zone=${zone}; path=/; max-age=31536000; samesite=lax`;
  refresh();
  document.addEventListener("htmx:after:swap", refresh);
  // A list whose days were told apart in another zone is fetched once more, now that the server knows this one.
  addEventListener("load", () => {
    const list = document.querySelector("[data-zone]");
    if (list && list.dataset.zone !== zone) htmx.trigger(list, "refresh");
  });
})();
