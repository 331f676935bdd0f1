// Reads one HTTP/1.1 answer: a status, the few headers that matter, a body by length or in chunks. The sender is not trusted.

#include "client.h"

#include <string.h>

enum { max_head = 16 * 1024, max_line = 256 };
static const size_t max_body = 16u * 1024 * 1024;

struct stream {
  read_some read;
  void *source;
  char bytes[4096];
  size_t at;
  size_t end;
  /// The source has ended, or failed.
  bool has_ended;
};

static bool fill(struct stream *stream) {
  if (stream->at < stream->end) return true;
  long got = stream->read(stream->source, stream->bytes, sizeof stream->bytes);
  stream->has_ended = got <= 0 || (size_t)got > sizeof stream->bytes;
  if (stream->has_ended) return false;
  stream->at = 0;
  stream->end = (size_t)got;
  return true;
}

/// A line without its end. False if it does not end within `left` bytes, which are counted down.
static bool read_line(struct stream *stream, char *line, size_t size, size_t *left) {
  size_t length = 0;
  for (;;) {
    if (!fill(stream) || *left == 0) return false;
    char byte = stream->bytes[stream->at++];
    *left -= 1;
    if (byte == '\n') break;
    // The rest of a longer line is dropped: the headers that matter are short.
    if (length < size - 1) line[length++] = byte;
  }
  if (length > 0 && line[length - 1] == '\r') length--;
  line[length] = '\0';
  return true;
}

/// The value of a header of this name (in lower case), or NULL.
static const char *value_of(const char *line, const char *name) {
  for (; *name != '\0'; name++, line++) {
    if (lower(*line) != *name) return NULL;
  }
  if (*line != ':') return NULL;
  line++;
  while (*line == ' ' || *line == '\t') line++;
  return line;
}

/// A number of at most nine decimal or seven hexadecimal digits; -1 otherwise.
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

// ---- the body

static bool take(struct stream *stream, struct buffer *body, size_t length) {
  if (body->length + length > max_body) return false;
  while (length > 0) {
    if (!fill(stream)) return false;
    size_t available = stream->end - stream->at;
    size_t part = available < length ? available : length;
    append(body, stream->bytes + stream->at, part);
    stream->at += part;
    length -= part;
  }
  return true;
}

static bool take_chunks(struct stream *stream, struct buffer *body) {
  char line[max_line];
  for (;;) {
    size_t left = max_line;
    if (!read_line(stream, line, sizeof line, &left)) return false;
    long size = number(line, 16);
    if (size < 0) return false;
    if (size == 0) break;
    left = 2;
    if (!take(stream, body, (size_t)size) || !read_line(stream, line, sizeof line, &left) || line[0] != '\0') return false;
  }
  // Trailers, to the empty line.
  size_t left = max_head;
  do {
    if (!read_line(stream, line, sizeof line, &left)) return false;
  } while (line[0] != '\0');
  return true;
}

// ---- the head

struct framing {
  /// -1: no Content-Length.
  long length;
  bool is_chunked;
};

/// The name of a profile and nothing else: it becomes an argument of a command.
static bool take_login(struct answer *answer, const char *value) {
  size_t at = 0;
  for (; value[at] != '\0'; at++) {
    char letter = value[at];
    bool is_word = (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9');
    bool is_mark = at > 0 && (letter == '.' || letter == '_' || letter == '-');
    if ((!is_word && !is_mark) || at == sizeof answer->login - 1) return false;
  }
  memcpy(answer->login, value, at + 1);
  return true;
}

static bool take_header(const char *line, struct answer *answer, struct framing *framing) {
  const char *value;
  if ((value = value_of(line, "content-length")) != NULL) {
    long given = number(value, 10);
    if (given < 0 || (framing->length >= 0 && given != framing->length)) return false;
    framing->length = given;
  } else if ((value = value_of(line, "transfer-encoding")) != NULL) {
    return framing->is_chunked = contains(value, "chunked");
  } else if ((value = value_of(line, "connection")) != NULL) {
    if (contains(value, "close")) answer->keeps_open = false;
  } else if ((value = value_of(line, "authsock-stdout")) != NULL) {
    return (answer->standard_out = number(value, 10)) >= 0;
  } else if ((value = value_of(line, "authsock-exit")) != NULL) {
    return (answer->exit_code = number(value, 10)) >= 0 && answer->exit_code <= 255;
  } else if (value_of(line, "authsock-pass-on") != NULL) {
    answer->pass_on = true;
  } else if ((value = value_of(line, "authsock-login")) != NULL) {
    return take_login(answer, value);
  }
  return true;
}

static bool read_head(struct stream *stream, struct answer *answer, struct framing *framing) {
  char line[max_line];
  size_t left = max_head;
  if (!read_line(stream, line, sizeof line, &left)) return false;
  if (!starts_with(line, "HTTP/1.1 ") && !starts_with(line, "HTTP/1.0 ")) return false;
  long status = number(line + 9, 10);
  if (status < 100 || status > 599) return false;
  answer->status = (int)status;
  for (;;) {
    if (!read_line(stream, line, sizeof line, &left)) return false;
    if (line[0] == '\0') return true;
    if (!take_header(line, answer, framing)) return false;
  }
}

bool read_answer(struct answer *answer, read_some read, void *source) {
  static struct stream stream;
  stream.read = read;
  stream.source = source;
  stream.at = stream.end = 0;
  stream.has_ended = false;
  *answer = (struct answer){.standard_out = -1, .exit_code = -1, .keeps_open = true};
  struct framing framing = {.length = -1};
  bool is_whole = read_head(&stream, answer, &framing);
  // A body with two lengths, or none, has no certain end.
  is_whole = is_whole && framing.is_chunked != (framing.length >= 0);
  is_whole = is_whole && (framing.is_chunked ? take_chunks(&stream, &answer->body) : take(&stream, &answer->body, (size_t)framing.length));
  answer->is_cut = !is_whole && stream.has_ended;
  return is_whole && answer->standard_out <= (long)answer->body.length;
}
