// What a script adds: a change without a new page, so that place and focus stay; a word when another window changed something; local times.
// It is text for the browser, not code of ours: the page does everything without it.

export const enhance = `"use strict";
(() => {
  const status = document.getElementById("status");
  const main = () => document.getElementById("main");
  if (!status || !("content" in document.createElement("template"))) return;
  const windows = "BroadcastChannel" in window ? new BroadcastChannel("preferences") : undefined;

  const say = (text, kind) => {
    status.className = "status " + kind;
    // Emptied first, so that the same words are announced again.
    status.textContent = "";
    setTimeout(() => { status.textContent = text; }, 50);
  };

  const localTimes = () => {
    const format = new Intl.DateTimeFormat(main().dataset.locale, { dateStyle: "long", timeStyle: "short" });
    for (const time of document.querySelectorAll("time")) time.textContent = format.format(new Date(time.dateTime));
  };

  const show = (page) => {
    const focused = document.activeElement?.id;
    const open = [...main().querySelectorAll("details[open]")].map((each) => each.closest("section").id);
    main().replaceWith(page.getElementById("main"));
    for (const id of open) document.getElementById(id)?.querySelector("details")?.setAttribute("open", "");
    const asked = document.getElementById("confirm");
    if (asked) asked.focus();
    else if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    document.title = page.title;
    localTimes();
    const said = page.getElementById("status");
    say(said.textContent, said.className.replace("status", "").trim());
  };

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    let body;
    try {
      body = new URLSearchParams(new FormData(form, event.submitter));
    } catch {
      // A browser that cannot name the pressed button sends the form itself.
      return;
    }
    event.preventDefault();
    if (main().getAttribute("aria-busy") === "true") return;
    main().setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(form.action, { method: "POST", body, headers: { accept: "text/html" } });
      // Whoever is not known any more is told so by the page itself.
      if (answer.status === 401) return location.assign(form.action);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (!page.getElementById("status")) throw new Error("no page");
      show(page);
      if (answer.ok) windows?.postMessage(main().dataset.etag);
    } catch {
      say(main().dataset.unreachable, "stale");
    } finally {
      main().removeAttribute("aria-busy");
    }
  });

  windows?.addEventListener("message", ({ data }) => {
    if (data !== main().dataset.etag) say(main().dataset.elsewhere, "stale");
  });
  localTimes();
})();
`;
