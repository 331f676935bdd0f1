// Frames in, frames out, and the windows that bound both (protocol/relay.md).

#include "streams.h"

#include <stdlib.h>
#include <string.h>

enum frame { frame_open = 1, frame_data, frame_end, frame_close, frame_credit };

// ---- to the pipe

static size_t out_room(const struct streams *streams) { return sizeof streams->out - (streams->out_end - streams->out_at); }

static void put(struct streams *streams, const void *data, size_t length) {
  if (sizeof streams->out - streams->out_end < length) {
    memmove(streams->out, streams->out + streams->out_at, streams->out_end - streams->out_at);
    streams->out_end -= streams->out_at;
    streams->out_at = 0;
  }
  memcpy(streams->out + streams->out_end, data, length);
  streams->out_end += length;
}

static void put_number(unsigned char *into, uint32_t number) {
  for (int index = 0; index < 4; index++) into[index] = (unsigned char)(number >> (24 - 8 * index));
}

static uint32_t number_at(const char *from) {
  uint32_t number = 0;
  for (int index = 0; index < 4; index++) number = number << 8 | (unsigned char)from[index];
  return number;
}

/// The caller has checked that there is room.
static void put_frame(struct streams *streams, enum frame type, uint32_t id, const char *data, size_t length) {
  unsigned char head[frame_head] = {(unsigned char)type, 0, (unsigned char)(length >> 8), (unsigned char)length};
  put_number(head + 4, id);
  put(streams, head, sizeof head);
  put(streams, data, length);
}

/// Puts the control frames that are due, as far as there is room. The order of a stream's frames is kept, because data is put at once.
static void settle(struct streams *streams) {
  enum { largest_frame = frame_head + 4 };
  for (struct stream *stream = streams->all; stream < streams->all + max_streams && out_room(streams) >= 2 * largest_frame; stream++) {
    if (stream->id == 0) continue;
    if (stream->owes_close) {
      put_frame(streams, frame_close, stream->id, "", 0);
      forget_stream(stream);
      continue;
    }
    if (stream->owes_end) put_frame(streams, frame_end, stream->id, "", 0);
    stream->owes_end = false;
    // In large parts, so that a client that reads single bytes does not cost a frame for each.
    if (stream->given >= stream_window / 2 && !stream->was_ended && !stream->was_closed) {
      unsigned char granted[4];
      put_number(granted, stream->given);
      put_frame(streams, frame_credit, stream->id, (const char *)granted, sizeof granted);
      stream->may_receive += stream->given;
      stream->given = 0;
    }
  }
}

size_t waiting_data(const struct streams *streams, const char **data) {
  *data = streams->out + streams->out_at;
  return streams->out_end - streams->out_at;
}

void take_waiting(struct streams *streams, size_t length) {
  streams->out_at += length;
  if (streams->out_at == streams->out_end) streams->out_at = streams->out_end = 0;
  settle(streams);
}

// ---- the client's side

struct stream *open_stream(struct streams *streams) {
  if (out_room(streams) < frame_head || streams->last == UINT32_MAX) return NULL;
  for (struct stream *stream = streams->all; stream < streams->all + max_streams; stream++) {
    if (stream->id != 0) continue;
    *stream = (struct stream){.id = ++streams->last, .may_send = stream_window, .may_receive = stream_window};
    put_frame(streams, frame_open, stream->id, "", 0);
    return stream;
  }
  return NULL;
}

size_t stream_room(const struct streams *streams, const struct stream *stream) {
  size_t room = out_room(streams);
  if (stream->has_ended || stream->was_closed || stream->owes_close || room <= frame_head) return 0;
  size_t length = room - frame_head < max_data ? room - frame_head : max_data;
  return stream->may_send < length ? stream->may_send : length;
}

void send_data(struct streams *streams, struct stream *stream, const char *data, size_t length) {
  put_frame(streams, frame_data, stream->id, data, length);
  stream->may_send -= (uint32_t)length;
}

void end_stream(struct streams *streams, struct stream *stream) {
  if (stream->has_ended || stream->was_closed) return;
  stream->has_ended = stream->owes_end = true;
  settle(streams);
}

void drop_stream(struct streams *streams, struct stream *stream) {
  if (stream->was_closed) {
    forget_stream(stream);
    return;
  }
  free(stream->ring);
  stream->ring = NULL;
  stream->held = 0;
  stream->owes_close = true;
  settle(streams);
}

size_t held_data(const struct stream *stream, const char **data) {
  *data = stream->ring + stream->at;
  size_t to_the_end = stream_window - stream->at;
  return stream->held < to_the_end ? stream->held : to_the_end;
}

void give_data(struct streams *streams, struct stream *stream, size_t length) {
  stream->at = (stream->at + length) % stream_window;
  stream->held -= length;
  stream->given += (uint32_t)length;
  settle(streams);
}

bool is_ended(const struct stream *stream) { return stream->was_ended && stream->held == 0; }
bool is_closed(const struct stream *stream) { return stream->was_closed && stream->held == 0; }

void forget_stream(struct stream *stream) {
  free(stream->ring);
  *stream = (struct stream){0};
}

// ---- from the pipe

static struct stream *by_id(struct streams *streams, uint32_t id) {
  for (struct stream *stream = streams->all; stream < streams->all + max_streams; stream++) {
    if (stream->id == id) return stream;
  }
  return NULL;
}

static const char *take_data(struct streams *streams, struct stream *stream, const char *data, size_t length) {
  if (stream->was_ended) return "data after the end of a stream";
  if (length > stream->may_receive) return "more data than was granted";
  stream->may_receive -= (uint32_t)length;
  if (stream->owes_close) return NULL;
  if (stream->ring == NULL && (stream->ring = malloc(stream_window)) == NULL) {
    drop_stream(streams, stream);
    return NULL;
  }
  for (size_t done = 0; done < length;) {
    size_t end = (stream->at + stream->held) % stream_window;
    size_t part = length - done < stream_window - end ? length - done : stream_window - end;
    memcpy(stream->ring + end, data + done, part);
    stream->held += part;
    done += part;
  }
  return NULL;
}

static const char *take_frame(struct streams *streams, enum frame type, uint32_t id, const char *data, size_t length) {
  if (type == frame_open) return "a stream opened by the wrong end";
  if (id == 0 || id > streams->last) return "a stream that was never opened";
  struct stream *stream = by_id(streams, id);
  // A frame that was on its way when the stream ended here.
  if (stream == NULL) return NULL;
  if (stream->was_closed) return "a frame of a stream that it has closed";
  switch (type) {
    case frame_data:
      return take_data(streams, stream, data, length);
    case frame_end:
      if (stream->was_ended) return "a second end of a stream";
      stream->was_ended = true;
      return NULL;
    case frame_credit: {
      uint32_t granted = number_at(data);
      if (granted == 0 || granted > stream_window - stream->may_send) return "a credit that is out of bounds";
      stream->may_send += granted;
      return NULL;
    }
    default:
      stream->was_closed = true;
      if (stream->owes_close) forget_stream(stream);
      return NULL;
  }
}

/// The length in the head of a frame; -1 if it is none.
static long length_of(const char *head) {
  size_t length = (size_t)(unsigned char)head[2] << 8 | (unsigned char)head[3];
  if (head[1] != 0) return -1;
  switch (head[0]) {
    case frame_data:
      return length > 0 && length <= max_data ? (long)length : -1;
    case frame_credit:
      return length == 4 ? 4 : -1;
    case frame_open:
    case frame_end:
    case frame_close:
      return length == 0 ? 0 : -1;
    default:
      return -1;
  }
}

const char *take_frames(struct streams *streams, const char *data, size_t length) {
  for (;;) {
    size_t wanted = frame_head;
    if (streams->in_length >= frame_head) {
      long more = length_of(streams->in);
      if (more < 0) return "not a frame";
      wanted += (size_t)more;
      if (streams->in_length == wanted) {
        streams->in_length = 0;
        const char *trouble =
            take_frame(streams, (enum frame)streams->in[0], number_at(streams->in + 4), streams->in + frame_head, (size_t)more);
        if (trouble != NULL) return trouble;
        continue;
      }
    }
    if (length == 0) return NULL;
    size_t part = wanted - streams->in_length < length ? wanted - streams->in_length : length;
    memcpy(streams->in + streams->in_length, data, part);
    streams->in_length += part;
    data += part;
    length -= part;
  }
}
