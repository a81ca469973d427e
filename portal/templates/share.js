"use strict";
// Sharing: the page of the form opens as a window over the order, addresses become chips, the letters of the message
// are counted. Each is whole without it.
(function () {
  var letters = /^[^\s@,;<>]+@[^\s@,;<>]+\.[^\s@,;<>]{2,}$/;

  /** Addresses as chips; the field that is sent holds one a line. */
  function addChips(field) {
    var area = field.querySelector("textarea"), label = field.querySelector("label"), say = field.dataset;
    var list = document.createElement("ul"), input = document.createElement("input"), said = document.createElement("p");
    input.type = "text";
    input.inputMode = "email";
    input.autocomplete = "off";
    input.spellcheck = false;
    input.setAttribute("autocapitalize", "none");
    input.id = area.id + "-next";
    input.placeholder = area.placeholder;
    ["aria-describedby", "aria-invalid"].forEach(function (name) {
      if (area.hasAttribute(name)) { input.setAttribute(name, area.getAttribute(name)); }
    });
    said.className = "unseen";
    said.setAttribute("role", "status");
    list.setAttribute("aria-label", label.textContent);
    label.htmlFor = input.id;
    area.required = false;
    area.hidden = true;
    area.after(list, input, said);

    function addresses() { return Array.from(list.children, function (chip) { return chip.dataset.address; }); }

    function write() {
      area.value = addresses().concat(input.value.trim() || []).join("\n");
      input.required = !list.children.length;
    }

    function add(address) {
      if (addresses().some(function (one) { return one.toLowerCase() === address.toLowerCase(); })) { return; }
      var chip = document.createElement("li"), text = document.createElement("span"), remove = document.createElement("button");
      chip.className = letters.test(address) ? "chip" : "chip odd";
      chip.dataset.address = address;
      text.textContent = address;
      remove.type = "button";
      remove.textContent = "\u00d7";
      remove.setAttribute("aria-label", say.remove + ": " + address);
      remove.addEventListener("click", function () { take(chip); input.focus(); });
      chip.append(text, remove);
      list.append(chip);
      said.textContent = (letters.test(address) ? say.add : say.odd) + ": " + address;
    }

    function take(chip) {
      said.textContent = say.removed + ": " + chip.dataset.address;
      chip.remove();
      write();
    }

    /** Makes chips of all that is complete; of the rest too, when it is left. */
    function split(all) {
      var parts = input.value.split(/[\s,;]+/), rest = all ? "" : parts.pop();
      parts.filter(Boolean).forEach(add);
      if (all || parts.length) { input.value = rest; }
      write();
    }

    input.addEventListener("input", function () { split(false); });
    input.addEventListener("blur", function () { split(true); });
    input.addEventListener("keydown", function (event) {
      if (event.key === "Enter" && input.value.trim()) {
        event.preventDefault();
        split(true);
      } else if (event.key === "Backspace" && !input.value && list.lastElementChild) {
        take(list.lastElementChild);
      }
    });
    input.addEventListener("paste", function (event) {
      // A list of lines would lose its ends in a field of one line.
      var text = event.clipboardData && event.clipboardData.getData("text");
      if (text && /[\s,;]/.test(text.trim())) {
        event.preventDefault();
        input.value += text;
        split(true);
      }
    });
    input.form.addEventListener("reset", function () {
      list.replaceChildren();
      input.value = "";
      setTimeout(write, 0);
    });
    input.value = area.value;
    split(true);
    said.textContent = "";
  }

  /** How many letters are left. */
  function countLetters(note) {
    var area = document.getElementById(note.dataset.count), most = Number(area.getAttribute("maxlength"));
    function update() { note.textContent = note.dataset.left.replace("{n}", String(most - Array.from(area.value).length)); }
    area.addEventListener("input", update);
    area.form.addEventListener("reset", function () { setTimeout(update, 0); });
    update();
  }

  /** The number is asked for only where the PIN goes there. */
  function showWay(choices) {
    function update() {
      var chosen = choices.querySelector("input[type=radio]:checked");
      choices.querySelectorAll("[data-way]").forEach(function (part) {
        var wanted = Boolean(chosen) && chosen.value === part.dataset.way;
        part.hidden = !wanted;
        part.querySelectorAll("input").forEach(function (input) { input.required = wanted; });
      });
    }
    choices.addEventListener("change", update);
    choices.closest("form").addEventListener("reset", function () { setTimeout(update, 0); });
    update();
  }

  document.querySelectorAll("[data-chips]").forEach(addChips);
  document.querySelectorAll("[data-count]").forEach(countLetters);
  document.querySelectorAll("[data-ways]").forEach(showWay);

  var shareWindow = document.getElementById("share-window"), opener = document.querySelector("[data-opens=share-window]");
  if (shareWindow && opener && shareWindow.showModal) {
    opener.addEventListener("click", function (event) {
      if (event.ctrlKey || event.metaKey || event.shiftKey) { return; }
      event.preventDefault();
      shareWindow.showModal();
    });
    // The menu that it was opened from is closed by now.
    shareWindow.addEventListener("close", function () { (opener.closest("details") || document).querySelector("summary").focus(); });
    shareWindow.querySelector("[data-clear]").addEventListener("click", function (event) {
      event.preventDefault();
      shareWindow.querySelector("form.share").reset();
    });
  }
})();
