"use strict";
// The panel of the downloads, live: progress comes as server-sent events while the page is seen, and by asking
// again where those do not come. The server writes every sentence; nothing of it is kept here.
(function () {
  var panel = document.getElementById("panel");
  if (!panel) { return; }
  // Where the downloads are: those of a patient, or of somebody with whom an order is shared.
  var base = panel.dataset.base;
  var list = document.getElementById("downloads");
  var blank = document.getElementById("download-blank");
  var said = document.getElementById("panel-said");
  var opener = document.querySelector(".tool.downloads");
  // Their own page has neither: it does not fold, and does not close.
  var details = panel.querySelector("details");
  var close = panel.querySelector(".panel-close");
  // Asked again after so many milliseconds: while something is made, and while something is brought back.
  var SOON = 5000, LATER = 30000;
  var events = null, timer = 0, arrived = false, failed = false;

  function part(item, name) { return item.querySelector("[data-part=" + name + "]"); }

  function write(item, name, text) {
    var place = part(item, name);
    if (place && place.textContent !== text) { place.textContent = text; }
    if (place) { place.hidden = text === ""; }
  }

  function newItem(entry) {
    var item = blank.content.firstElementChild.cloneNode(true);
    item.dataset.request = entry.id;
    part(item, "fetch").href = entry.href;
    part(item, "look").href = entry.look;
    part(item, "withdraw").action = base + "/" + entry.id + "/withdraw";
    part(item, "tell").action = base + "/" + entry.id + "/tell";
    part(item, "again").action = base + "/" + entry.id + "/again";
    return item;
  }

  function show(item, entry) {
    var bar = part(item, "bar");
    if (item.dataset.state && item.dataset.state !== entry.state && entry.announced) {
      said.textContent = entry.announced;
    }
    item.dataset.state = entry.state;
    write(item, "name", entry.name);
    write(item, "about", entry.about);
    write(item, "outcome", entry.outcome);
    write(item, "says", entry.says);
    write(item, "detail", entry.detail);
    bar.hidden = !entry.isPreparing;
    if (entry.permille === null) { bar.removeAttribute("value"); } else { bar.value = entry.permille; }
    bar.setAttribute("aria-label", entry.barLabel);
    part(item, "fetch").hidden = !entry.isReady;
    write(item, "fetch-label", entry.fetchLabel);
    part(item, "look").hidden = !(entry.isReady || entry.isPreparing);
    write(item, "look-label", entry.lookLabel);
    part(item, "tell").hidden = !entry.tellLabel;
    write(item, "tell-label", entry.tellLabel);
    write(item, "withdraw-label", entry.withdrawLabel);
    write(item, "again-label", entry.againLabel);
    part(item, "again").hidden = !entry.canAgain;
  }

  function update(state) {
    arrived = true;
    var known = {};
    Array.from(list.children).forEach(function (item) { known[item.dataset.request] = item; });
    state.entries.forEach(function (entry, number) {
      var item = known[entry.id] || newItem(entry);
      delete known[entry.id];
      // Moving what has the focus would take it away.
      if (list.children[number] !== item && !item.contains(document.activeElement)) {
        list.insertBefore(item, list.children[number] || null);
      }
      show(item, entry);
    });
    Object.keys(known).forEach(function (id) { known[id].remove(); });
    write(panel, "title", state.title);
    panel.dataset.pace = state.pace;
    if (!state.entries.length && close) { panel.hidden = true; }
    if (opener) {
      opener.hidden = !state.entries.length;
      opener.querySelector(".count").textContent = String(state.entries.length);
      opener.querySelector(".unseen").textContent = state.label;
    }
    plan();
  }

  function ask() {
    fetch(base + "/state", { credentials: "same-origin", cache: "no-store" }).then(function (answer) {
      // Whoever is logged out is led elsewhere: the page stays as it is.
      return answer.ok && !answer.redirected ? answer.json() : null;
    }).then(function (state) { if (state) { update(state); } else { stop(); } }, function () { plan(); });
  }

  function stop() {
    clearTimeout(timer);
    timer = 0;
    if (events) { events.close(); events = null; }
  }

  function listen() {
    events = new EventSource(base + "/events");
    arrived = false;
    events.onmessage = function (event) { update(JSON.parse(event.data)); };
    events.onerror = function () {
      if (!arrived || events.readyState === EventSource.CLOSED) { failed = true; stop(); plan(); }
    };
    // Something on the way may hold events back.
    setTimeout(function () { if (events && !arrived) { failed = true; stop(); ask(); } }, SOON);
  }

  /** Listens or asks as fast as things change; a page that is not seen does neither. */
  function plan() {
    var pace = panel.dataset.pace;
    if (document.hidden || pace === "still") { stop(); return; }
    if (pace === "live" && !failed && window.EventSource) {
      clearTimeout(timer);
      if (!events) { listen(); }
      return;
    }
    stop();
    timer = setTimeout(ask, pace === "live" ? SOON : LATER);
  }

  /** Tells the server how the panel is shown, so that the next page shows it alike. */
  function remember(shown) {
    var form = new URLSearchParams(new FormData(close));
    form.set("shown", shown);
    fetch(base + "/panel", { method: "POST", body: form, credentials: "same-origin", redirect: "manual", keepalive: true });
  }

  if (close) {
    panel.dataset.open = String(details.open);
    details.addEventListener("toggle", function () {
      if (!panel.hidden && String(details.open) !== panel.dataset.open) {
        panel.dataset.open = String(details.open);
        remember(details.open ? "open" : "folded");
      }
    });
    close.addEventListener("submit", function (event) {
      event.preventDefault();
      panel.hidden = true;
      remember("closed");
      opener.focus();
    });
    opener.addEventListener("click", function (event) {
      if (!list.children.length || event.ctrlKey || event.metaKey || event.shiftKey) { return; }
      event.preventDefault();
      panel.hidden = false;
      details.open = true;
      panel.dataset.open = "true";
      remember("open");
      details.querySelector("summary").focus();
    });
  }
  document.addEventListener("visibilitychange", function () { if (document.hidden) { stop(); } else { ask(); } });
  plan();
})();
