// Answers of token endpoints as servers really write them, brought into the form of RFC 6749 section 5: JSON under another
// content type, form encoding, errors with status 200, numbers as texts, nulls, a missing token_type.

type Json = Record<string, unknown>

/** `json` is undefined where the body is neither JSON nor a form with something known in it. */
export function normalTokenBody(text: string, status: number): { readonly json: Json | undefined; readonly status: number } {
  const json = parse(text)
  if (json === undefined) return { json, status }
  for (const [name, value] of Object.entries(json)) if (value === null || value === '') delete json[name]
  // GitHub answers errors with 200.
  if (typeof json['error'] === 'string' && json['access_token'] === undefined)
    return { json, status: status === 200 ? 400 : status }
  // Some wrap the error: {"error": {"code": ..., "message": ...}}.
  if (typeof json['error'] === 'object') delete json['error']
  if (json['access_token'] === undefined) return { json, status }
  json['token_type'] ??= 'Bearer'
  const { scope } = json
  if (Array.isArray(scope)) json['scope'] = scope.join(' ')
  const expiresIn = Number(json['expires_in'])
  if (json['expires_in'] !== undefined) {
    if (Number.isFinite(expiresIn) && expiresIn >= 0) json['expires_in'] = expiresIn
    else delete json['expires_in']
  }
  return { json, status: status === 201 ? 200 : status }
}

function parse(text: string): Json | undefined {
  const trimmed = text.trim()
  if (trimmed.startsWith('{')) {
    try {
      return JSON.parse(trimmed) as Json
    } catch {
      return undefined
    }
  }
  if (!/^[A-Za-z_]+=[^\s<>]*$/.test(trimmed)) return undefined
  const form = Object.fromEntries(new URLSearchParams(trimmed))
  return form['access_token'] !== undefined || form['error'] !== undefined ? form : undefined
}
