// What hx-sse leaves to the page: connecting only while it is seen, saying how things stand, ending cleanly
// when the server refuses, and asking what is new when a message speaks of what the page lacks.
(() => {
  const link = document.getElementById("link");
  if (!link || !document.getElementById("stream")) return;

  const WORDS = {
    live: ["live", "Changes are pushed to this page."],
    lost: ["reconnecting", "The connection is away; what is shown may be old. Changes that are missed meanwhile are shown when it is back."],
    out: ["not live", "You were signed out or may no longer see this. Reload the page."],
  };
  const PATIENCE = 10000; // until a page that reconnects says since when it may be wrong
  let state = "";
  let timer = 0;
  const put = (words) => {
    link.hidden = false;
    link.title = WORDS[state][1];
    link.innerHTML = "<span></span>";
    link.firstChild.textContent = words;
  };
  const say = (next) => {
    if (state === "out" || state === next) return;
    // That all is well from the start is not worth a word to who listens; what changes from then on is.
    if (state || next !== "live") link.removeAttribute("aria-live");
    state = next;
    clearTimeout(timer);
    link.dataset.link = next;
    put(WORDS[next][0]);
    if (next !== "lost") return;
    const since = new Date().toLocaleTimeString("en-GB");
    timer = setTimeout(() => put(`stale since ${since}`), PATIENCE);
  };
  const stop = () => {
    say("out");
    document.getElementById("stream")?.remove();
    document.getElementById("ages")?.remove();
    const note = document.createElement("p");
    note.className = "note wait";
    note.setAttribute("role", "alert");
    const words = document.createElement("span");
    const again = document.createElement("a");
    again.href = location.href;
    again.textContent = "Load it again";
    words.append("You were signed out, or may no longer see this page. ", again);
    note.append(words);
    document.getElementById("main").prepend(note);
  };
  // Not the element itself: a list that is fetched anew brings another one.
  const asker = (event) => event.detail?.ctx?.sourceElement?.id;
  const own = (event) => event.target.id === "stream" || asker(event) === "stream";

  // A tab opened in the background would connect, and ask how old readings are, although nobody looks.
  document.addEventListener("htmx:before:request", (event) => {
    const source = event.detail.ctx.sourceElement;
    if (document.hidden && (["stream", "ages", "news"].includes(source.id) || "poll" in source.dataset)) event.preventDefault();
  });
  let connection = null;
  let open = false;
  let deaf = false;
  let lacks = false;
  const part = () => {
    open = false;
    say("lost");
  };
  document.addEventListener("htmx:sse:after:connection", (event) => {
    connection = event.detail.connection;
    open = true;
    deaf = false;
    if (!lacks) say("live");
  });
  document.addEventListener("htmx:sse:error", (event) => (event.detail.status === 403 ? stop() : part()));
  // A page that shows another part of a list listens to that: its own doing, and no loss.
  document.addEventListener("htmx:sse:close", (event) => event.detail.reason === "cleanup" || part());
  document.addEventListener("htmx:response:error", (event) => {
    if (own(event)) event.detail.ctx.response.status === 403 ? stop() : say("lost");
  });
  // A connection that was cut without a word looks open for ever. The question for the readings' age tells: while it
  // finds nobody nothing is live, and once it finds somebody again the stream is opened anew, from where it was.
  const lose = () => {
    deaf = true;
    say("lost");
  };
  const renew = () => deaf && connection?.reader?.cancel();
  document.addEventListener("htmx:error", (event) => {
    if (asker(event) === "ages") lose();
    if (own(event)) say("lost");
  });
  document.addEventListener("htmx:after:request", (event) => asker(event) === "ages" && renew());
  addEventListener("offline", lose);
  addEventListener("online", renew);
  // hx-sse goes on without a word when the server ends a stream: say so until it is back.
  document.addEventListener("htmx:sse:before:connection", (event) => event.detail.connection.attempt > 0 && part());

  // A page that could not fetch itself anew lacks what it was to fetch, however live its stream is: it asks again.
  const whole = (event) => event.detail?.ctx?.sourceElement?.matches('[hx-trigger*="resync"]');
  const lack = (event) => {
    if (!whole(event) || event.detail.ctx.response?.status < 500) return;
    lacks = true;
    say("lost");
    const source = event.detail.ctx.sourceElement;
    setTimeout(() => source.isConnected && htmx.trigger(source, "refresh"), 1000 + 2000 * Math.random());
  };
  document.addEventListener("htmx:error", lack);
  document.addEventListener("htmx:response:error", lack);
  document.addEventListener("htmx:after:swap", (event) => {
    if (!lacks || !whole(event) || event.detail.ctx.response.status >= 400) return;
    lacks = false;
    if (open && !deaf) say("live");
  });

  // A row that the list lacks, or a sign that the fleet or some batch has changed: ask what is new. Not at once, since
  // there may be much; and of a fleet that never rests not often. In ms: after the sign, and after having asked before.
  const PAUSES = { "fleet-moved": [2500, 10000], "batches-moved": [500, 2000] };
  let soon = 0;
  let last = -Infinity;
  document.addEventListener("htmx:sse:before:message", (event) => {
    const news = document.getElementById("news");
    if (!news || soon) return;
    const targets = event.detail.message.data.matchAll(/hx-target="#(fleet-moved|batches-moved|operation-\d+)"/g);
    for (const [, id] of targets) {
      if (!(id in PAUSES) && document.getElementById(id)) continue;
      const [pause, between] = PAUSES[id] ?? [700, 0];
      soon = setTimeout(() => {
        soon = 0;
        last = performance.now();
        if (news.isConnected) htmx.trigger(news, "news");
      }, Math.max(pause, last + between - performance.now()));
      return;
    }
  });
})();
