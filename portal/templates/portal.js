"use strict";
// Two comforts on top of pages that are whole without them: passwords can be shown, and the rules of a new
// one are ticked while it is typed. The server checks them all, and more.
(function () {
  var kept = {
    length: function (text) { return Array.from(text).length >= 8; },
    upper: function (text) { return /[A-Z]/.test(text); },
    lower: function (text) { return /[a-z]/.test(text); },
    digit: function (text) { return /[0-9]/.test(text); },
    symbol: function (text) { return /[!@#$%^&*]/.test(text); }
  };

  function addEye(input) {
    var button = document.createElement("button");
    button.type = "button";
    button.className = "show";
    button.textContent = input.dataset.show;
    button.setAttribute("aria-pressed", "false");
    button.setAttribute("aria-controls", input.id);
    button.addEventListener("click", function () {
      var hidden = input.type === "password";
      input.type = hidden ? "text" : "password";
      button.setAttribute("aria-pressed", String(hidden));
    });
    // What is sent is never kept by the browser as a plain text field.
    input.form.addEventListener("submit", function () { input.type = "password"; });
    input.after(button);
  }

  function tick(list, input) {
    list.querySelectorAll("[data-rule]").forEach(function (item) {
      var state = document.createElement("span");
      state.className = "state";
      item.append(" ", state);
      function update() {
        var good = kept[item.dataset.rule](input.value);
        item.dataset.state = good ? "kept" : "open";
        state.textContent = "(" + (good ? list.dataset.kept : list.dataset.open) + ")";
      }
      input.addEventListener("input", update);
      update();
    });
  }

  document.querySelectorAll("input[data-show]").forEach(addEye);
  var rules = document.getElementById("rules");
  var field = document.getElementById("new");
  if (rules && field) { tick(rules, field); }
})();
