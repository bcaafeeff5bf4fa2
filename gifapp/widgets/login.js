import { make } from "./common.js";

/** @typedef {{ url: string }} Traits */

/** @param {import("./common.js").Props<Traits>} props */
function render({ model, el }) {
  /**
   * @param {string} label
   * @param {import("./common.js").Looks} attributes
   * @returns {[HTMLLabelElement, HTMLInputElement]}
   */
  const field = (label, attributes) => {
    const input = make("input", { class: "gifapp-input", required: true, ...attributes });
    return [make("label", { class: "gifapp-login__field" }, make("span", { text: label }), input), input];
  };
  const [emailField, email] = field("Email", { type: "email", autocomplete: "username" });
  const [passwordField, password] = field("Password", { type: "password", autocomplete: "current-password" });
  const problem = make("p", { class: "gifapp-login__problem", role: "alert" });
  const submit = make("button", { type: "submit", class: "gifapp-button gifapp-button--main", text: "Sign in" });
  const where = make("p", { class: "gifapp-login__where", text: model.get("url") });
  const form = make("form", { class: "gifapp-login" }, make("h2", { text: "Sign in to gifapp" }), where, emailField, passwordField, problem, submit);

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit.disabled = true;
    problem.textContent = "";
    model.send({ email: email.value, password: password.value });
    password.value = "";
  });
  /** @param {{ detail: string }} message */
  const receive = (message) => {
    submit.disabled = false;
    problem.textContent = message.detail;
    password.focus();
  };
  model.on("msg:custom", receive);
  el.append(form);
  return () => model.off("msg:custom", receive);
}

export default { render };
