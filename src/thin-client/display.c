// Text of others (arguments, a server's words, whatever listens at the socket) on its way to a terminal: as sanitizeForDisplay in
// src/core/util/text.ts, in less detail.

#include "client.h"

static const char replacement[] = "\xef\xbf\xbd";

/// Controls, bidi marks and overrides, line separators, invisible and private characters: first and last of each range.
static const unsigned deceptive[][2] = {
    {0x00, 0x08},     {0x0b, 0x1f},     {0x7f, 0x9f},     {0xad, 0xad},     {0x61c, 0x61c},   {0x115f, 0x1160},   {0x180e, 0x180e},
    {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f}, {0x2800, 0x2800}, {0x3164, 0x3164}, {0xd800, 0xf8ff},   {0xfeff, 0xfeff},
    {0xffa0, 0xffa0}, {0xfff0, 0xfffb}, {0xfffe, 0xffff}, {0xe0000, 0x10ffff},
};

static bool is_deceptive(unsigned code) {
  for (size_t index = 0; index < sizeof deceptive / sizeof deceptive[0]; index++) {
    if (code >= deceptive[index][0] && code <= deceptive[index][1]) return true;
  }
  return false;
}

/// The bytes of the character at `text` and its code point; 0 if it is not UTF-8.
static size_t decode(const unsigned char *text, size_t length, unsigned *code) {
  static const unsigned lowest[] = {0, 0, 0x80, 0x800, 0x10000};
  unsigned first = text[0];
  size_t size = first < 0x80 ? 1 : (first & 0xe0) == 0xc0 ? 2 : (first & 0xf0) == 0xe0 ? 3 : (first & 0xf8) == 0xf0 ? 4 : 0;
  if (size == 0 || size > length) return 0;
  *code = size == 1 ? first : first & (0x7fu >> size);
  for (size_t index = 1; index < size; index++) {
    if ((text[index] & 0xc0) != 0x80) return 0;
    *code = *code << 6 | (text[index] & 0x3f);
  }
  return *code < lowest[size] || *code > 0x10ffff ? 0 : size;
}

void append_display(struct buffer *buffer, const char *data, size_t length) {
  for (size_t at = 0; at < length;) {
    unsigned code = 0;
    size_t size = decode((const unsigned char *)data + at, length - at, &code);
    if (size == 0 || is_deceptive(code)) append_text(buffer, replacement);
    else append(buffer, data + at, size);
    at += size == 0 ? 1 : size;
  }
}
