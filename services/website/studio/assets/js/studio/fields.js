// The facts and the body of a text: as the editor's form holds them, and on their way to the server.
export const fieldNames = ["title", "summary", "customer", "slug", "industry", "region", "product", "use_case", "size", "stand_in", "body"];

export function readFields(form) {
  return Object.fromEntries(fieldNames.map((name) => [name, form.elements[name].value]));
}

export function writeFields(form, fields) {
  for (const name of fieldNames) {
    if (fields[name] !== undefined) form.elements[name].value = fields[name];
  }
  form.elements.body.dispatchEvent(new Event("input", { bubbles: true }));
}

export async function send(form, fields, etag) {
  return fetch(form.dataset.url + "/autosave", {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify({ ...fields, etag, key: crypto.randomUUID() }),
  });
}
