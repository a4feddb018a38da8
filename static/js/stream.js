// What hx-sse leaves to the page: connecting only while it is seen, saying how things stand, ending cleanly
// when the server refuses, and asking what is new when a message speaks of what the page lacks.
(() => {
  const stream = document.getElementById("stream");
  const link = document.getElementById("link");
  if (!stream || !link) return;

  const WORDS = {
    live: ["live", "Changes are pushed to this page."],
    lost: ["reconnecting", "The connection is away; what is shown may be old."],
    out: ["not live", "You were signed out or may no longer see this. Reload the page."],
  };
  let state = "";
  const say = (next) => {
    if (state === "out" || state === next) return;
    state = next;
    link.hidden = false;
    link.dataset.link = next;
    link.title = WORDS[next][1];
    link.innerHTML = "<span></span>";
    link.firstChild.textContent = WORDS[next][0];
  };
  const stop = () => {
    say("out");
    stream.remove();
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
  const own = (event) => event.target === stream || event.detail?.ctx?.sourceElement === stream;

  // A tab opened in the background would connect, and ask how old readings are, although nobody looks.
  document.addEventListener("htmx:before:request", (event) => {
    const source = event.detail.ctx.sourceElement;
    if (document.hidden && (source === stream || source.id === "ages" || source.id === "news" || "poll" in source.dataset)) event.preventDefault();
  });
  document.addEventListener("htmx:sse:after:connection", () => say("live"));
  document.addEventListener("htmx:sse:error", (event) => (event.detail.status === 403 ? stop() : say("lost")));
  // A page that shows another part of a list listens to that: its own doing, and no loss.
  document.addEventListener("htmx:sse:close", (event) => event.detail.reason === "cleanup" || say("lost"));
  document.addEventListener("htmx:response:error", (event) => {
    if (own(event)) event.detail.ctx.response.status === 403 ? stop() : say("lost");
  });
  document.addEventListener("htmx:error", (event) => own(event) && say("lost"));
  // hx-sse goes on without a word when the server ends a stream: say so until it is back.
  document.addEventListener("htmx:sse:before:connection", (event) => event.detail.connection.attempt > 0 && say("lost"));

  // A row that the list lacks, or a sign that the fleet or some batch has changed: ask what is new. Not at once, since
  // there may be much; and of a fleet that never rests not often. In ms: after the sign, and after having asked before.
  const PAUSES = { "fleet-moved": [2500, 10000], "batches-moved": [500, 2000] };
  let timer = 0;
  let asked = -Infinity;
  document.addEventListener("htmx:sse:before:message", (event) => {
    const news = document.getElementById("news");
    if (!news || timer) return;
    const targets = event.detail.message.data.matchAll(/hx-target="#(fleet-moved|batches-moved|operation-\d+)"/g);
    for (const [, id] of targets) {
      if (!(id in PAUSES) && document.getElementById(id)) continue;
      const [pause, between] = PAUSES[id] ?? [700, 0];
      timer = setTimeout(() => {
        timer = 0;
        asked = performance.now();
        if (news.isConnected) htmx.trigger(news, "news");
      }, Math.max(pause, asked + between - performance.now()));
      return;
    }
  });
})();
