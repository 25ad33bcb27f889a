// The only script of the desk: asks the browser for a passkey and sends its answer with the form. It shows and keeps nothing else.
"use strict";

async function ask(form) {
  const options = JSON.parse(form.dataset.options);
  const answer = form.dataset.passkey === "create"
    ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
    : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
  form.querySelector("[data-answer]").value = JSON.stringify(answer);
  form.submit();
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const failed = form.querySelector("[data-failed]");
  const button = form.querySelector("button");
  button.addEventListener("click", () => {
    failed.hidden = true;
    ask(form).catch(() => { failed.hidden = false; });
  });
  button.disabled = false; // only now does a press do something
}
