// Answers that an agent would never give, read by the thin client under AddressSanitizer: cut, split, spliced, oversized, chunked,
// lying. `fuzz SEED COUNT`; ends with 1 where something that must hold does not.

#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned long long state;

/// xorshift64*
static unsigned below(unsigned most) {
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return (unsigned)((state * 2685821657736338717ull) >> 33) % most;
}

static const char *const answers[] = {
    "HTTP/1.1 200 OK\r\nContent-Length: 11\r\nAuthsock-Stdout: 6\r\nAuthsock-Exit: 3\r\n\r\nhello\nerror",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nAuthsock-Stdout: 10\r\nAuthsock-Exit: 0\r\n\r\n5\r\nhello\r\n5;x=y\r\nworld\r\n0\r\nTrailer: x\r\n\r\n",
    "HTTP/1.1 409 Conflict\r\nContent-Type: text/plain\r\nConnection: close\r\nAuthsock-Login: work-1.2_3\r\nAuthsock-Stdout: 0\r\nAuthsock-Exit: 3\r\nContent-Length: 4\r\n\r\noops",
    "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nauthsock-stdout: 0\r\nauthsock-pass-on: 1\r\nauthsock-exit: 0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nAuthsock-Stdout: 2\r\n\r\n{}",
};

static const char *const pieces[] = {
    "\r\n", "\n", "\r\n\r\n", "Content-Length: 4294967296\r\n", "Content-Length: -1\r\n", "Content-Length: 99999999\r\n",
    "Content-Length: 0\r\n", "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: gzip\r\n", "Authsock-Stdout: 999999999\r\n",
    "Authsock-Exit: 256\r\n", "Authsock-Login: --help\r\n", "Authsock-Login: ../x\r\n", "ffffffff\r\n", "7fffffff\r\n", "fffffff\r\n",
    "0\r\n\r\n", ":", " ", "\t", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 99 x\r\n",
    "Authsock-Login: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n",
};

struct source {
  const char *data;
  size_t length;
  size_t at;
  unsigned part;
};

static long read_part(void *from, char *into, size_t most) {
  struct source *input = from;
  size_t left = input->length - input->at;
  size_t part = 1 + below(input->part);
  if (part > left) part = left;
  if (part > most) part = most;
  memcpy(into, input->data + input->at, part);
  input->at += part;
  return left == 0 && below(2) == 0 ? -1 : (long)part;
}

static void insert(struct buffer *text, size_t at, const char *piece, size_t length) {
  struct buffer changed = {0};
  append(&changed, text->data, at);
  append(&changed, piece, length);
  append(&changed, text->data + at, text->length - at);
  clear(text);
  *text = changed;
}

static void mutate(struct buffer *text) {
  size_t at = below((unsigned)text->length + 1);
  switch (below(6)) {
    case 0:
      text->length = at;
      break;
    case 1:
      if (at < text->length) text->data[at] = (char)below(256);
      break;
    case 2: {
      const char *piece = pieces[below(sizeof pieces / sizeof pieces[0])];
      insert(text, at, piece, strlen(piece));
      break;
    }
    case 3: {
      size_t count = below(3) == 0 ? below(70000) : below(300);
      char *filler = malloc(count + 1);
      if (filler == NULL) abort();
      memset(filler, (int)('0' + below(60)), count);
      insert(text, at, filler, count);
      free(filler);
      break;
    }
    case 4: {
      const char *other = answers[below(sizeof answers / sizeof answers[0])];
      size_t from = below((unsigned)strlen(other));
      insert(text, at, other + from, strlen(other + from));
      break;
    }
    default: {
      size_t length = below((unsigned)(text->length - at) + 1);
      memmove(text->data + at, text->data + at + length, text->length - at - length);
      text->length -= length;
    }
  }
}

static bool is_sound(const struct answer *answer) {
  if (answer->status < 100 || answer->status > 599) return false;
  if (answer->standard_out > (long)answer->body.length || answer->standard_out < -1) return false;
  if (answer->exit_code < -1 || answer->exit_code > 255) return false;
  if (answer->login[0] == '-' || answer->login[0] == '.' || strchr(answer->login, '/') != NULL) return false;
  return strlen(answer->login) < sizeof answer->login;
}

int main(int argc, char **argv) {
  state = argc > 1 ? strtoull(argv[1], NULL, 10) | 1 : 1;
  long count = argc > 2 ? strtol(argv[2], NULL, 10) : 100000;
  long accepted = 0;
  for (long round = 0; round < count; round++) {
    struct buffer text = {0};
    append_text(&text, answers[below(sizeof answers / sizeof answers[0])]);
    for (unsigned changes = below(5); changes > 0; changes--) mutate(&text);
    // At its exact size, so that reading beyond it is noticed.
    char *exact = malloc(text.length == 0 ? 1 : text.length);
    if (exact == NULL) abort();
    memcpy(exact, text.data, text.length);
    struct source input = {.data = exact, .length = text.length, .part = 1 + below(200)};
    struct answer answer;
    if (read_answer(&answer, read_part, &input)) {
      accepted++;
      if (!is_sound(&answer)) {
        printf("round %ld is not sound\n", round);
        return 1;
      }
    }
    clear(&answer.body);
    free(exact);
    clear(&text);
  }
  printf("%ld answers, %ld accepted\n", count, accepted);
  return 0;
}
