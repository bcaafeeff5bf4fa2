// Requests that send the recipe as it is now: a preview, the layers of text, the strip of frames.

/**
 * @param {string} address
 * @param {string} recipe  JSON
 * @param {AbortSignal} signal
 * @param {Record<string, unknown>} more  other fields of the request
 */
export function postRecipe(address, recipe, signal, more = {}) {
  const fields = Object.entries(more).map(([name, value]) => `, ${JSON.stringify(name)}: ${JSON.stringify(value)}`);
  const body = `{"recipe": ${recipe}${fields.join("")}}`;
  return fetch(address, { method: "POST", headers: { "Content-Type": "application/json" }, body, signal });
}

/**
 * When to send the request again: null if the answer is final.
 * @param {Response} response
 */
export function retryAfterMs(response) {
  if (response.status !== 429 && response.status < 500) return null;
  return 1000 * Number(response.headers.get("Retry-After") ?? 2);
}
