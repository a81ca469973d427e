"use strict";
// Comforts on top of pages that are whole without them: passwords can be shown, the rules of a new one are
// ticked while it is typed (the server checks them all, and more), menus and messages close, and a list that
// is still being asked for comes by itself.
(function () {
  var kept = {
    length: function (text) { return Array.from(text).length >= 8; },
    upper: function (text) { return /[A-Z]/.test(text); },
    lower: function (text) { return /[a-z]/.test(text); },
    digit: function (text) { return /[0-9]/.test(text); },
    symbol: function (text) { return /[!@#$%^&*]/.test(text); },
    six: function (text) { return /^[0-9]{6}$/.test(text); },
    zero: function (text) { return /^[1-9]/.test(text); },
    varied: function (text) { return text.length > 5 && !/^(.)\1*$/.test(text) && "0123456789876543210".indexOf(text) < 0; }
  };

  function addEye(button) {
    var input = document.getElementById(button.getAttribute("aria-controls"));
    button.hidden = false;
    button.addEventListener("click", function () {
      var hidden = input.type === "password";
      input.type = hidden ? "text" : "password";
      button.setAttribute("aria-pressed", String(hidden));
    });
    // What is sent is never kept by the browser as a plain text field.
    input.form.addEventListener("submit", function () { input.type = "password"; });
  }

  function tick(list, input) {
    list.querySelectorAll("[data-rule]").forEach(function (item) {
      var state = document.createElement("span");
      state.className = "unseen";
      item.append(" ", state);
      function update() {
        var good = kept[item.dataset.rule](input.value);
        item.dataset.state = good ? "kept" : "open";
        state.textContent = "(" + (good ? list.dataset.kept : list.dataset.open) + ")";
      }
      input.addEventListener("input", update);
      input.form.addEventListener("reset", function () { setTimeout(update, 0); });
      update();
    });
  }

  function compare(note, input, again) {
    function update() {
      var same = input.value === again.value;
      note.dataset.state = same ? "same" : "differs";
      note.textContent = again.value === "" ? "" : same ? note.dataset.same : note.dataset.differs;
    }
    input.addEventListener("input", update);
    again.addEventListener("input", update);
  }

  document.querySelectorAll(".show").forEach(addEye);
  document.querySelectorAll(".rules").forEach(function (rules) { tick(rules, document.getElementById(rules.dataset.field)); });
  var differs = document.getElementById("differs");
  if (differs) { compare(differs, document.getElementById("new"), document.getElementById("confirm")); }

  document.querySelectorAll(".menu").forEach(function (menu) {
    document.addEventListener("click", function (event) {
      if (!menu.contains(event.target)) { menu.open = false; }
    });
    // What is behind it is seen when Tab comes there.
    menu.addEventListener("focusout", function (event) {
      if (event.relatedTarget && !menu.contains(event.relatedTarget)) { menu.open = false; }
    });
    menu.addEventListener("keydown", function (event) {
      if (event.key === "Escape" && menu.open) {
        menu.open = false;
        menu.querySelector("summary").focus();
      }
    });
  });

  document.querySelectorAll("[data-close]").forEach(function (form) {
    form.addEventListener("submit", function (event) {
      event.preventDefault();
      form.parentElement.remove();
      document.getElementById("content").focus();
    });
  });

  if (document.querySelector("[data-reload]")) {
    // What a page asks by itself is not taken for somebody who uses it.
    setTimeout(function () { location.replace("?again"); }, 3000);
  }
})();
