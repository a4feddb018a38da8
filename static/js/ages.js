// Turns the times that are marked as ages into "12 s ago", those that last into "for 3 min", and keeps them so. The
// tooltip has the time itself; for who cannot hover, a button in the foot puts it into the page.
(() => {
  const amount = (seconds) => {
    if (seconds < 90) return `${Math.round(seconds)} s`;
    if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
    if (seconds < 129600) return `${Math.round(seconds / 3600)} h`;
    return `${Math.round(seconds / 86400)} d`;
  };
  const WORDS = {
    age: (seconds) => (seconds < 5 ? "just now" : `${amount(seconds)} ago`),
    span: (seconds) => `for ${amount(seconds)}`,
  };
  const EXACTLY = { age: (moment) => moment, span: (moment) => `since ${moment}` };
  // The page's own clock may be wrong: what counts is the server's, as the answer to this very page told it.
  const sent = Date.parse(document.querySelector("meta[name=now]")?.content ?? "");
  const ahead = Number.isNaN(sent) ? 0 : Date.now() - performance.now() - sent;
  const skew = Math.abs(ahead) > 5000 ? ahead : 0;
  const exact = document.getElementById("exact");
  let exactly = /(^|; )times=exact/.test(document.cookie);
  const refresh = () => {
    const times = document.querySelectorAll("time[data-when=age], time[data-when=span]");
    for (const time of times) {
      const { when, full } = time.dataset;
      const seconds = Math.max((Date.now() - skew - Date.parse(time.dateTime)) / 1000, 0);
      const text = exactly && full ? EXACTLY[when](full) : WORDS[when](seconds);
      if (time.textContent !== text) time.textContent = text;
    }
    if (!exact) return;
    exact.hidden = !times.length;
    exact.setAttribute("aria-pressed", exactly);
  };
  exact?.addEventListener("click", () => {
    exactly = !exactly;
    document.cookie = `times=${exactly ? "exact" : "ago"}; path=/; max-age=31536000; samesite=lax`;
    refresh();
  });
  refresh();
  setInterval(refresh, 1000);
  document.addEventListener("htmx:after:swap", refresh);
})();
