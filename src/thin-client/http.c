// One answer of HTTP/1.1: a status, the few headers that matter, a body by length or in chunks. Whoever sends it may lie.

#include "client.h"

#include <string.h>

enum { longest_head = 16 * 1024, longest_line = 256 };
static const size_t largest_body = 16u * 1024 * 1024;

struct stream {
  read_some read;
  void *source;
  char bytes[4096];
  size_t at;
  size_t end;
};

/// The next byte, or -1.
static int next(struct stream *stream) {
  if (stream->at == stream->end) {
    long got = stream->read(stream->source, stream->bytes, sizeof stream->bytes);
    if (got <= 0 || (size_t)got > sizeof stream->bytes) return -1;
    stream->at = 0;
    stream->end = (size_t)got;
  }
  return (unsigned char)stream->bytes[stream->at++];
}

/// A line without its end; false where it does not end, or is longer than `left` bytes, of which it takes what it has.
static bool read_line(struct stream *stream, char *line, size_t size, size_t *left) {
  size_t length = 0;
  for (;;) {
    int byte = next(stream);
    if (byte < 0 || *left == 0) return false;
    *left -= 1;
    if (byte == '\n') break;
    // Of a longer line the beginning is enough: the headers that matter are short.
    if (length < size - 1) line[length++] = (char)byte;
  }
  if (length > 0 && line[length - 1] == '\r') length--;
  line[length] = '\0';
  return true;
}

static char lower(char letter) { return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter; }

/// The value of a header of this name (given in lower case), else NULL.
static const char *value_of(const char *line, const char *name) {
  for (; *name != '\0'; name++, line++) {
    if (lower(*line) != *name) return NULL;
  }
  if (*line != ':') return NULL;
  line++;
  while (*line == ' ' || *line == '\t') line++;
  return line;
}

/// A number of at most nine digits and nothing else; -1 otherwise.
static long number(const char *text, int base) {
  long value = 0;
  int digits = 0;
  for (; *text != '\0' && *text != ' ' && *text != ';' && *text != '\t'; text++, digits++) {
    char letter = lower(*text);
    int digit = letter >= '0' && letter <= '9' ? letter - '0' : base == 16 && letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
    if (digit < 0 || digits == (base == 16 ? 7 : 9)) return -1;
    value = value * base + digit;
  }
  return digits == 0 ? -1 : value;
}

static bool contains(const char *text, const char *word) {
  size_t length = strlen(word);
  for (; *text != '\0'; text++) {
    size_t at = 0;
    while (at < length && lower(text[at]) == word[at]) at++;
    if (at == length) return true;
  }
  return false;
}

static bool take(struct stream *stream, struct buffer *body, size_t length) {
  if (body->length + length > largest_body) return false;
  while (length > 0) {
    if (stream->at == stream->end) {
      int byte = next(stream);
      if (byte < 0) return false;
      stream->at--;
    }
    size_t there = stream->end - stream->at;
    size_t part = there < length ? there : length;
    append(body, stream->bytes + stream->at, part);
    stream->at += part;
    length -= part;
  }
  return true;
}

static bool take_chunks(struct stream *stream, struct buffer *body) {
  char line[longest_line];
  for (;;) {
    size_t left = longest_line;
    if (!read_line(stream, line, sizeof line, &left)) return false;
    long size = number(line, 16);
    if (size < 0) return false;
    if (size == 0) break;
    left = 2;
    if (!take(stream, body, (size_t)size) || !read_line(stream, line, sizeof line, &left) || line[0] != '\0') return false;
  }
  // Trailers, to the empty line.
  size_t left = longest_head;
  do {
    if (!read_line(stream, line, sizeof line, &left)) return false;
  } while (line[0] != '\0');
  return true;
}

bool read_answer(struct answer *answer, read_some read, void *source) {
  static struct stream stream;
  stream = (struct stream){.read = read, .source = source};
  *answer = (struct answer){.standard_out = -1, .exit_code = -1, .keeps_open = true};
  char line[longest_line];
  size_t left = longest_head;
  if (!read_line(&stream, line, sizeof line, &left)) return false;
  if (!starts_with(line, "HTTP/1.1 ") && !starts_with(line, "HTTP/1.0 ")) return false;
  long status = number(line + 9, 10);
  if (status < 100 || status > 599) return false;
  answer->status = (int)status;

  long length = -1;
  bool has_length = false;
  bool is_chunked = false;
  for (;;) {
    if (!read_line(&stream, line, sizeof line, &left)) return false;
    if (line[0] == '\0') break;
    const char *value;
    if ((value = value_of(line, "content-length")) != NULL) {
      long given = number(value, 10);
      if (given < 0 || (has_length && given != length)) return false;
      length = given;
      has_length = true;
    } else if ((value = value_of(line, "transfer-encoding")) != NULL) {
      is_chunked = contains(value, "chunked");
      if (!is_chunked) return false;
    } else if ((value = value_of(line, "connection")) != NULL) {
      if (contains(value, "close")) answer->keeps_open = false;
    } else if ((value = value_of(line, "authsock-stdout")) != NULL) {
      if ((answer->standard_out = number(value, 10)) < 0) return false;
    } else if ((value = value_of(line, "authsock-exit")) != NULL) {
      if ((answer->exit_code = number(value, 10)) < 0 || answer->exit_code > 255) return false;
    } else if ((value = value_of(line, "authsock-pass-on")) != NULL) {
      answer->pass_on = true;
    } else if ((value = value_of(line, "authsock-login")) != NULL) {
      // It becomes an argument: a profile's name and nothing else.
      size_t at = 0;
      for (; value[at] != '\0'; at++) {
        char letter = value[at];
        bool is_word = (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9');
        bool is_mark = at > 0 && (letter == '.' || letter == '_' || letter == '-');
        if ((!is_word && !is_mark) || at == sizeof answer->login - 1) return false;
      }
      memcpy(answer->login, value, at + 1);
    }
  }
  // Two ways to say where a body ends are one too many.
  if (is_chunked == has_length) return false;
  if (is_chunked ? !take_chunks(&stream, &answer->body) : !take(&stream, &answer->body, (size_t)length)) return false;
  return answer->standard_out <= (long)answer->body.length;
}
