/* Signing in, creating an account, and a new password by a link, against /api/v1/auth. */

const byId = (id) => document.getElementById(id);
const FIELDS = ["token", "email", "password"];
const FIELD_OF_CODE = {
  "credentials-wrong": "password",
  "email-taken": "email",
  "setup-token-wrong": "token",
  "invite-invalid": "token",
  "password-too-short": "password",
  "password-too-long": "password",
  "password-too-common": "password",
};

// remove the tokens from the address bar, so that nobody reads or bookmarks them
const query = new URLSearchParams(location.search);
const invite = query.get("invite");
const setup = query.get("setup");
const reset = query.get("reset");
history.replaceState(null, "", location.pathname);

const noAccountYet = "noAccountYet" in document.body.dataset;
const registration = document.body.dataset.registration;
const state = { creating: noAccountYet || Boolean(invite), resetting: Boolean(reset) };

function introduction() {
  if (state.resetting) return "This link works once. All your devices will be signed out.";
  if (!state.creating) return "";
  if (noAccountYet && setup) return "You're the first one here. This account will be the administrator.";
  if (noAccountYet) {
    return "No account exists yet. Open the link that gifapp printed in the server's terminal, or paste the setup code: the last part of that link.";
  }
  if (invite) return "You've been invited. The invitation works for one account.";
  if (registration === "invite") return "This server is invite-only. Open your invitation link, or paste the code from it.";
  return "";
}

function alternative() {
  if (noAccountYet) return null;
  if (state.resetting) return ["Remember your password?", "Sign in"];
  if (state.creating) return ["Have an account?", "Sign in"];
  if (registration === "closed") return null;
  return ["New here?", "Create an account"];
}

function title() {
  if (state.resetting) return "Choose a new password";
  if (noAccountYet) return "Create the administrator account";
  return state.creating ? "Create your account" : "Sign in";
}

function tokenName() {
  return noAccountYet ? "Setup code" : "Invitation code";
}

function verb() {
  if (state.resetting) return "Change password";
  return state.creating ? "Create account" : "Sign in";
}

function show() {
  const choosing = state.creating || state.resetting;
  byId("title").textContent = title();
  document.title = `${title()} · gifapp`;
  byId("go-text").textContent = verb();
  byId("word").textContent = introduction();
  byId("word").hidden = !introduction();
  byId("password-rules").hidden = !choosing;
  byId("password-label").textContent = state.resetting ? "New password" : "Password";
  byId("password").setAttribute("aria-describedby", `${choosing ? "password-rules " : ""}password-error`);
  byId("password").autocomplete = choosing ? "new-password" : "current-password";
  byId("email-field").hidden = state.resetting;
  byId("token-field").hidden = !state.creating || state.resetting || !(noAccountYet ? !setup : registration === "invite" && !invite);
  byId("token-label").textContent = tokenName();
  const switcher = alternative();
  byId("other").hidden = !switcher;
  [byId("other-text").textContent, byId("other-way").textContent] = switcher || ["", ""];
  showProblems({});
  byId(FIELDS.find((field) => !byId(field).closest("[hidden]"))).focus();
}

function showProblems(problems) {
  for (const field of FIELDS) {
    byId(`${field}-error`).textContent = problems[field] || "";
    byId(field).setAttribute("aria-invalid", String(Boolean(problems[field])));
  }
  byId("alert").textContent = problems.form || "";
  const first = FIELDS.find((field) => problems[field] && !byId(field).closest("[hidden]"));
  if (first) byId(first).focus();
}

function inputProblems() {
  const problems = {};
  if (state.resetting) return byId("password").value ? {} : { password: "Enter a new password." };
  if (!byId("email").value.trim()) problems.email = "Enter your email address.";
  else if (!byId("email").checkValidity()) problems.email = "Enter a valid email address.";
  if (!byId("password").value) problems.password = "Enter a password.";
  if (!byId("token-field").hidden && !byId("token").value.trim()) problems.token = `Enter the ${tokenName().toLowerCase()}.`;
  return problems;
}

function problemsOf(answer) {
  const field = answer.field || FIELD_OF_CODE[answer.code];
  const shown = FIELDS.includes(field) && !byId(field).closest("[hidden]");
  return { [shown ? field : "form"]: answer.detail || "Something went wrong. Try again." };
}

async function post(verb, body) {
  const token = (document.cookie.match(/\b_xsrf=([^;]*)/) || [])[1] || "";
  const answer = await fetch(`api/v1/auth/${verb}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-XSRFToken": token },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw await answer.json();
}

async function send() {
  if (state.resetting) {
    await post("reset", { token: reset, new_password: byId("password").value });
    location.replace(location.pathname);
    return;
  }
  const account = { email: byId("email").value.trim(), password: byId("password").value };
  if (state.creating && state.registered !== account.email) {
    const token = (noAccountYet ? setup : invite) || byId("token").value.trim() || undefined;
    await post("register", { ...account, [noAccountYet ? "setup_token" : "invite"]: token });
    state.registered = account.email; // should signing in fail now, the next try must not register again
  }
  await post("login", account);
  location.replace(location.pathname);
}

function setBusy(isBusy) {
  state.isBusy = isBusy;
  byId("go").setAttribute("aria-disabled", String(isBusy));
  byId("go-text").textContent = isBusy ? "One moment…" : verb();
}

byId("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (state.isBusy) return;
  const problems = inputProblems();
  showProblems(problems);
  if (Object.keys(problems).length) return;
  setBusy(true);
  try {
    await send();
  } catch (error) {
    setBusy(false);
    const answered = error && error.detail;
    showProblems(answered ? problemsOf(error) : { form: "Can't reach the server. Check your connection and try again." });
  }
});

byId("show").addEventListener("click", () => {
  const shown = byId("password").type === "password";
  byId("password").type = shown ? "text" : "password";
  byId("show").textContent = shown ? "Hide" : "Show";
  byId("show").setAttribute("aria-pressed", String(shown));
  byId("password").focus();
});

byId("other-way").addEventListener("click", () => {
  state.creating = !state.resetting && !state.creating;
  state.resetting = false;
  show();
});

show();
