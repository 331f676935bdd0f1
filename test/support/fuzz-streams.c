// A relay's streams between clients that do what they like and another end that keeps to protocol/relay.md, or does not, under
// AddressSanitizer. `fuzz-streams SEED ROUNDS`; ends with 1 where something that must hold does not: what is sent arrives, in order
// and once; nobody sends more than was granted, or after the end; and when all read on, everything ends.

#include "client.h"
#include "streams.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { most_ids = 600, type_open = 1, type_data, type_end, type_close, type_credit };

static unsigned long long state;

/// xorshift64*
static unsigned below(unsigned most) {
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return (unsigned)((state * 2685821657736338717ull) >> 33) % most;
}

/// A stream as both of its ends know it: the client here, and whoever is over there.
struct both {
  struct stream *stream;
  bool is_open, is_dropped, has_shut, was_told_end;
  size_t said, heard;
  bool far_knows, far_ended, far_closed, near_ended, near_closed;
  size_t far_heard, far_said, may_say, to_grant;
};

static struct streams streams;
static struct both all[most_ids + 1];
static long moved, ended;

static _Noreturn void wrong(const char *what, unsigned id) {
  printf("%s, stream %u\n", what, id);
  exit(1);
}

static char upward(unsigned id, size_t at) { return (char)(id * 7 + at); }
static char downward(unsigned id, size_t at) { return (char)(id * 13 + at * 3 + 1); }

// ---- the other end

static char inbox[frame_head + max_data];
static size_t inbox_length;

static void hear_frame(void) {
  const unsigned char *head = (const unsigned char *)inbox;
  size_t length = (size_t)head[2] << 8 | head[3];
  unsigned id = (unsigned)head[4] << 24 | (unsigned)head[5] << 16 | (unsigned)head[6] << 8 | head[7];
  if (id == 0 || id > most_ids) wrong("a number out of bounds", id);
  struct both *both = &all[id];
  if (head[0] == type_open) {
    if (both->far_knows || (id > 1 && !all[id - 1].far_knows)) wrong("opened out of order", id);
    both->far_knows = true;
    both->may_say = stream_window;
    return;
  }
  if (!both->far_knows || both->near_closed) wrong("a frame before its open, or after its close", id);
  switch (head[0]) {
    case type_data:
      if (both->near_ended) wrong("data after the end", id);
      for (size_t at = 0; at < length; at++) {
        if (inbox[frame_head + at] != upward(id, both->far_heard + at)) wrong("other data than was sent", id);
      }
      both->far_heard += length;
      both->to_grant += length;
      if (both->to_grant > stream_window) wrong("more than was granted", id);
      moved += (long)length;
      return;
    case type_end:
      if (both->near_ended) wrong("two ends", id);
      if (both->far_heard != both->said) wrong("an end before all was sent", id);
      both->near_ended = true;
      return;
    case type_close:
      both->near_closed = true;
      return;
    case type_credit:
      both->may_say += (size_t)head[8] << 24 | (size_t)head[9] << 16 | (size_t)head[10] << 8 | head[11];
      if (both->may_say > stream_window) wrong("a window grew", id);
      return;
    default:
      wrong("an unknown frame", id);
  }
}

static void read_pipe(size_t most) {
  const char *data;
  size_t length = waiting_data(&streams, &data);
  if (length > max_waiting) wrong("the buffer grew", 0);
  if (length > most) length = most;
  for (size_t at = 0; at < length; at++) {
    inbox[inbox_length++] = data[at];
    if (inbox_length < frame_head) continue;
    size_t whole = frame_head + ((size_t)(unsigned char)inbox[2] << 8 | (unsigned char)inbox[3]);
    if (whole > sizeof inbox) wrong("a frame too large", 0);
    if (inbox_length < whole) continue;
    hear_frame();
    inbox_length = 0;
  }
  if (length > 0) take_waiting(&streams, length);
}

/// In parts of any size, each at its exact size.
static const char *deliver(const char *bytes, size_t length) {
  while (length > 0) {
    size_t part = 1 + below((unsigned)length);
    char *exact = malloc(part);
    if (exact == NULL) abort();
    memcpy(exact, bytes, part);
    const char *trouble = take_frames(&streams, exact, part);
    free(exact);
    if (trouble != NULL) return trouble;
    bytes += part;
    length -= part;
  }
  return NULL;
}

static void say(unsigned id, int type, const char *data, size_t length) {
  static char frame[frame_head + max_data];
  char head[frame_head] = {(char)type, 0, (char)(length >> 8), (char)length, (char)(id >> 24), (char)(id >> 16), (char)(id >> 8), (char)id};
  memcpy(frame, head, sizeof head);
  memcpy(frame + sizeof head, data, length);
  const char *trouble = deliver(frame, sizeof head + length);
  if (trouble != NULL) wrong(trouble, id);
}

static void far_acts(unsigned id, unsigned what) {
  struct both *both = &all[id];
  if (!both->far_knows || both->far_closed) return;
  char data[max_data];
  size_t most = both->may_say < max_data ? both->may_say : max_data;
  switch (what) {
    case 0:
      if (both->far_ended || most == 0) return;
      size_t length = 1 + below((unsigned)(below(2) == 0 ? most : most < 50 ? most : 50));
      for (size_t at = 0; at < length; at++) data[at] = downward(id, both->far_said + at);
      both->far_said += length;
      both->may_say -= length;
      say(id, type_data, data, length);
      return;
    case 1:
      if (both->to_grant == 0) return;
      unsigned granted = 1 + below((unsigned)both->to_grant);
      both->to_grant -= granted;
      char bytes[4] = {0, (char)(granted >> 16), (char)(granted >> 8), (char)granted};
      say(id, type_credit, bytes, sizeof bytes);
      return;
    case 2:
      if (both->far_ended) return;
      both->far_ended = true;
      say(id, type_end, "", 0);
      return;
    default:
      both->far_closed = true;
      say(id, type_close, "", 0);
  }
}

// ---- the clients

static unsigned last;

static void open_one(void) {
  if (last == most_ids) return;
  struct stream *stream = open_stream(&streams);
  if (stream == NULL) return;
  last++;
  if (stream->id != last) wrong("another number", last);
  all[last] = (struct both){.stream = stream, .is_open = true};
}

static void hear_all(unsigned id, size_t most) {
  struct both *both = &all[id];
  const char *data;
  size_t length;
  while (most > 0 && (length = held_data(both->stream, &data)) > 0) {
    if (length > most) length = most;
    for (size_t at = 0; at < length; at++) {
      if (data[at] != downward(id, both->heard + at)) wrong("other data than was sent down", id);
    }
    both->heard += length;
    moved += (long)length;
    most -= length;
    give_data(&streams, both->stream, length);
  }
  if (is_ended(both->stream) && both->heard != both->far_said) wrong("an end before all had come", id);
  if (!is_closed(both->stream)) return;
  forget_stream(both->stream);
  both->is_open = false;
  ended++;
}

static void client_acts(unsigned id, unsigned what) {
  struct both *both = &all[id];
  if (!both->is_open) return;
  if (both->stream->id != id) wrong("a slot given away", id);
  char data[max_data];
  switch (what) {
    case 0: {
      size_t room = stream_room(&streams, both->stream);
      if (room == 0) return;
      if (room > max_data || both->has_shut) wrong("room where there is none", id);
      size_t length = 1 + below((unsigned)(below(2) == 0 ? room : room < 50 ? room : 50));
      for (size_t at = 0; at < length; at++) data[at] = upward(id, both->said + at);
      both->said += length;
      send_data(&streams, both->stream, data, length);
      return;
    }
    case 1:
      hear_all(id, 1 + below(below(2) == 0 ? 2 * stream_window : 100));
      return;
    case 2:
      both->has_shut = true;
      end_stream(&streams, both->stream);
      return;
    default:
      both->is_open = false;
      both->is_dropped = true;
      ended++;
      drop_stream(&streams, both->stream);
  }
}

// ---- rounds

static void begin(void) {
  for (unsigned slot = 0; slot < max_streams; slot++) forget_stream(&streams.all[slot]);
  memset(&streams, 0, sizeof streams);
  memset(all, 0, sizeof all);
  inbox_length = 0;
  last = 0;
}

static unsigned some_id(void) { return 1 + below(last); }

static void mix(unsigned steps) {
  for (unsigned step = 0; step < steps; step++) {
    unsigned action = below(100);
    if (last == 0 || action < 8) open_one();
    else if (action < 30) client_acts(some_id(), 0);
    else if (action < 45) client_acts(some_id(), 1);
    else if (action < 48) client_acts(some_id(), 2);
    else if (action < 50) client_acts(some_id(), 3);
    else if (action < 70) far_acts(some_id(), 0);
    else if (action < 80) far_acts(some_id(), 1);
    else if (action < 83) far_acts(some_id(), 2);
    else if (action < 85) far_acts(some_id(), 3);
    else read_pipe(1 + below(below(2) == 0 ? 100 : 40000));
  }
}

/// Everybody reads on and says that he has done: nothing may be left.
static void wind_up(void) {
  for (int turn = 0; turn < 100; turn++) {
    read_pipe(max_waiting);
    for (unsigned id = 1; id <= last; id++) {
      if (all[id].is_open) hear_all(id, stream_window);
      if (all[id].is_open) client_acts(id, 2);
      while (all[id].far_knows && !all[id].far_closed && all[id].to_grant > 0) far_acts(id, 1);
      far_acts(id, 2);
      if (all[id].far_ended && all[id].near_ended) far_acts(id, 3);
    }
  }
  for (unsigned id = 1; id <= last; id++) {
    struct both *both = &all[id];
    if (both->is_open) wrong("a stream that does not end", id);
    if (!both->is_dropped && !both->far_knows) wrong("a stream that never came", id);
  }
  for (unsigned slot = 0; slot < max_streams; slot++) {
    if (streams.all[slot].id != 0 || streams.all[slot].ring != NULL) wrong("a slot that is lost", streams.all[slot].id);
  }
}

/// Anything at all: taken, or refused for good.
static bool babble(void) {
  char bytes[4096];
  size_t length = 1 + below(sizeof bytes);
  for (size_t at = 0; at < length; at++) bytes[at] = (char)below(256);
  // Else hardly one would be a frame.
  for (size_t at = 0; at + frame_head <= length; at += frame_head + below(20)) {
    unsigned type = below(7);
    unsigned size = type == type_credit ? 4 : type == type_data ? below(30) : 0;
    char head[frame_head] = {(char)type, (char)(below(50) == 0), 0, (char)size, 0, 0, (char)below(2), (char)below(200)};
    memcpy(bytes + at, head, sizeof head);
  }
  return deliver(bytes, length) == NULL;
}

static const char *one_frame(unsigned id, int type, size_t length) {
  static char frame[frame_head + max_data];
  char head[frame_head] = {(char)type, 0, (char)(length >> 8), (char)length, (char)(id >> 24), (char)(id >> 16), (char)(id >> 8), (char)id};
  memcpy(frame, head, sizeof head);
  // As a credit it is the largest.
  memset(frame + frame_head, 0xff, length);
  return deliver(frame, sizeof head + length);
}

/// What protocol/relay.md forbids is refused, at once.
static void cheat(void) {
  open_one();
  read_pipe(max_waiting);
  unsigned id = last == 0 ? 0 : some_id();
  struct both *both = &all[id];
  bool can_end = id != 0 && both->is_open && both->far_knows && !both->far_closed && !both->far_ended;
  switch (can_end ? below(8) : below(2)) {
    case 0:
      if (one_frame(last + 1 + below(1000), type_end, 0) == NULL) wrong("a stream out of nothing", last + 1);
      return;
    case 1:
      if (one_frame(below(last + 2), type_open, 0) == NULL) wrong("a stream opened by the wrong end", last);
      return;
    case 2:
      while (both->may_say > 0) far_acts(id, 0);
      if (one_frame(id, type_data, 1) == NULL) wrong("more data than was granted is taken", id);
      return;
    case 3:
      if (one_frame(id, type_credit, 4) == NULL) wrong("a credit without bounds is taken", id);
      return;
    case 4:
      far_acts(id, 2);
      if (one_frame(id, type_data, 1) == NULL) wrong("data after the end is taken", id);
      return;
    case 5:
      far_acts(id, 2);
      if (one_frame(id, type_end, 0) == NULL) wrong("a second end is taken", id);
      return;
    case 6:
      far_acts(id, 3);
      if (one_frame(id, 1 + (int)below(5), 0) == NULL) wrong("a frame after the close is taken", id);
      return;
    default:
      if (one_frame(id, type_end, 1 + below(max_data)) == NULL) wrong("an end with content is taken", id);
  }
}

int main(int argc, char **argv) {
  state = argc > 1 ? strtoull(argv[1], NULL, 10) | 1 : 1;
  long rounds = argc > 2 ? strtol(argv[2], NULL, 10) : 200;
  long refused = 0;
  for (long round = 0; round < rounds; round++) {
    begin();
    mix(below(6000));
    if (round % 3 != 0) {
      wind_up();
      continue;
    }
    if (round % 2 == 0) {
      cheat();
      refused++;
      continue;
    }
    bool goes_on = true;
    for (int turn = 0; goes_on && turn < 50; turn++) goes_on = babble();
    if (!goes_on) refused++;
    // What is left can still be let go.
    for (unsigned slot = 0; slot < max_streams; slot++) {
      if (streams.all[slot].id != 0 && !streams.all[slot].owes_close) drop_stream(&streams, &streams.all[slot]);
    }
  }
  begin();
  printf("%ld rounds, %ld bytes, %ld streams ended, %ld refused\n", rounds, moved, ended, refused);
  return 0;
}
