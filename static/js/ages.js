// Turns the times that are marked as ages into "12 s ago" and keeps them so. The tooltip has the time itself.
(() => {
  const words = (seconds) => {
    if (seconds < 5) return "just now";
    if (seconds < 90) return `${Math.round(seconds)} s ago`;
    if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`;
    if (seconds < 129600) return `${Math.round(seconds / 3600)} h ago`;
    return `${Math.round(seconds / 86400)} d ago`;
  };
  // The page's own clock may be wrong: what counts is the server's, as the answer to this very page told it.
  const sent = Date.parse(document.querySelector("meta[name=now]")?.content ?? "");
  const ahead = Number.isNaN(sent) ? 0 : Date.now() - performance.now() - sent;
  const skew = Math.abs(ahead) > 5000 ? ahead : 0;
  const refresh = () => {
    for (const time of document.querySelectorAll("time[data-when=age]")) {
      const text = words(Math.max((Date.now() - skew - Date.parse(time.dateTime)) / 1000, 0));
      if (time.textContent !== text) time.textContent = text;
    }
  };
  refresh();
  setInterval(refresh, 1000);
  document.addEventListener("htmx:after:swap", refresh);
})();
