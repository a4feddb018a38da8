// What hx-sse leaves to the page: connecting only while it is seen, saying how things stand, ending cleanly
// when the server refuses, and fetching a list again when a message speaks of a row that it lacks.
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
    if (document.hidden && (source === stream || source.id === "ages" || source.id === "news")) event.preventDefault();
  });
  document.addEventListener("htmx:sse:after:connection", () => say("live"));
  document.addEventListener("htmx:sse:error", (event) => (event.detail.status === 403 ? stop() : say("lost")));
  document.addEventListener("htmx:sse:close", () => say("lost"));
  document.addEventListener("htmx:response:error", (event) => {
    if (own(event)) event.detail.ctx.response.status === 403 ? stop() : say("lost");
  });
  document.addEventListener("htmx:error", (event) => own(event) && say("lost"));
  // hx-sse goes on without a word when the server ends a stream: say so until it is back.
  document.addEventListener("htmx:sse:before:connection", (event) => event.detail.connection.attempt > 0 && say("lost"));

  // A row that the list lacks: fetch the fleet again, or ask how many lines of the history are new. Not at once,
  // since there may be many.
  let timer = 0;
  document.addEventListener("htmx:sse:before:message", (event) => {
    const list = document.getElementById("list");
    if (!list || timer) return;
    const targets = event.detail.message.data.matchAll(/hx-target="#((?:fleet|operation)-\d+)"/g);
    for (const [, id] of targets) {
      if (document.getElementById(id)) continue;
      timer = setTimeout(() => {
        timer = 0;
        const news = document.getElementById("news");
        if (id.startsWith("fleet")) htmx.trigger(list, "refresh");
        else if (news) htmx.trigger(news, "news");
      }, 700);
      return;
    }
  });
})();
