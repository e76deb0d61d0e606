/** Shorter values would mask ordinary text. */
const LEAST_CHARACTERS = 4;
const LEAST_ENCODED_CHARACTERS = 8;
const LEAST_LINE_CHARACTERS = 16;

/** How a secret may stand in a text: as it is, line by line, and in base64, hexadecimal, URL and JSON form. */
export function formsOf(secret: string): readonly string[] {
  const whole = secret.trim();
  // A key of many lines may be quoted line by line.
  const lines = whole.split(/\r?\n/).map((line) => line.trim());
  const parts =
    lines.length > 1
      ? lines.filter((line) => line.length >= LEAST_LINE_CHARACTERS && !/^-----/.test(line))
      : [];
  return [whole, ...parts].filter((part) => part.length >= LEAST_CHARACTERS).flatMap(encodingsOf);
}

function encodingsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret, 'utf8');
  const hex = bytes.toString('hex');
  const encoded = [
    hex,
    hex.toUpperCase(),
    ...urlForms(secret),
    JSON.stringify(secret).slice(1, -1),
    ...[0, 1, 2].flatMap((offset) => base64At(bytes, offset)),
  ];
  return [secret, ...encoded.filter((form) => form.length >= LEAST_ENCODED_CHARACTERS)];
}

/** Encoders differ in what they leave as it is (RFC 3986 and older ones, HTML forms) and in the case of their digits. */
function urlForms(secret: string): readonly string[] {
  const usual = encodeURIComponent(secret.toWellFormed());
  const strict = usual.replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
  const form = new URLSearchParams({ v: secret }).toString().slice(2);
  return [usual, strict, form].flatMap((one) => [
    one,
    one.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
  ]);
}

/** Inside a longer base64 text a value looks different at each of three offsets; its edges depend on its neighbours. */
function base64At(bytes: Buffer, offset: number): readonly string[] {
  const shifted = Buffer.concat([Buffer.alloc(offset), bytes]);
  const first = Math.ceil((offset * 8) / 6);
  const last = Math.floor((shifted.length * 8) / 6);
  return [shifted.toString('base64').slice(first, last), shifted.toString('base64url').slice(first, last)];
}
