// Texts that grow, and the few string functions that the client needs.

#include "client.h"

#include <stdlib.h>
#include <string.h>

static const char out_of_memory[] = "authsock: out of memory\n";

void append(struct buffer *buffer, const char *data, size_t length) {
  size_t wanted = buffer->length + length + 1;
  if (wanted > buffer->capacity) {
    size_t capacity = buffer->capacity == 0 ? 1024 : buffer->capacity;
    while (capacity < wanted) capacity *= 2;
    char *grown = realloc(buffer->data, capacity);
    if (grown == NULL) {
      write_error(out_of_memory, sizeof out_of_memory - 1);
      leave(exit_unexpected);
    }
    buffer->data = grown;
    buffer->capacity = capacity;
  }
  if (length > 0) memcpy(buffer->data + buffer->length, data, length);
  buffer->length += length;
  buffer->data[buffer->length] = '\0';
}

void append_text(struct buffer *buffer, const char *text) { append(buffer, text, strlen(text)); }

void append_number(struct buffer *buffer, size_t number) {
  char digits[24];
  size_t at = sizeof digits;
  do {
    digits[--at] = (char)('0' + number % 10);
    number /= 10;
  } while (number > 0);
  append(buffer, digits + at, sizeof digits - at);
}

void append_escaped(struct buffer *buffer, const char *text) {
  static const char hex[] = "0123456789ABCDEF";
  for (; *text != '\0'; text++) {
    unsigned char byte = (unsigned char)*text;
    if (byte >= 0x20 && byte != 0x7f && byte != '%') {
      append(buffer, text, 1);
    } else {
      char escaped[3] = {'%', hex[byte >> 4], hex[byte & 15]};
      append(buffer, escaped, 3);
    }
  }
}

void clear(struct buffer *buffer) {
  free(buffer->data);
  *buffer = (struct buffer){0};
}

bool equal(const char *a, const char *b) { return strcmp(a, b) == 0; }

char lower(char letter) { return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter; }

bool starts_with(const char *text, const char *prefix) { return strncmp(text, prefix, strlen(prefix)) == 0; }

char *base_name(const char *path) {
  const char *start = path;
  for (const char *at = path; *at != '\0'; at++) {
    if (*at == '/' || *at == '\\') start = at + 1;
  }
  struct buffer name = {0};
  append_text(&name, start);
  if (name.length > 4 && (equal(name.data + name.length - 4, ".exe") || equal(name.data + name.length - 4, ".EXE"))) {
    name.data[name.length - 4] = '\0';
  }
  return name.data;
}

char *join(const char *a, const char *b, const char *c) {
  struct buffer text = {0};
  append_text(&text, a);
  append_text(&text, b);
  append_text(&text, c);
  return text.data;
}
