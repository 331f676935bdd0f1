// The streams of a relay at its listening end: frames and windows as in protocol/relay.md. Holds no descriptor, and max one window of
// memory for each stream, whatever the other end sends.
#ifndef AUTHSOCK_STREAMS_H
#define AUTHSOCK_STREAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  max_streams = 128,
  stream_window = 64 * 1024,
  max_data = 16 * 1024,
  frame_head = 8,
  /// Bytes that may wait for the pipe.
  max_waiting = 4 * (frame_head + max_data),
};

struct stream {
  /// 0: free.
  uint32_t id;
  uint32_t may_send;
  uint32_t may_receive;
  /// Handed to the client, and not yet granted again.
  uint32_t given;
  /// A ring of `stream_window` bytes, allocated with the first data.
  char *ring;
  size_t at;
  size_t held;
  /// Our END was sent or is to be sent; END is to be sent; CLOSE is to be sent, and the client has gone.
  bool has_ended, owes_end, owes_close;
  /// The other end has sent END; CLOSE.
  bool was_ended, was_closed;
};

struct streams {
  struct stream all[max_streams];
  uint32_t last;
  /// Frames for the pipe.
  char out[max_waiting];
  size_t out_at, out_end;
  /// A frame that is not complete.
  char in[frame_head + max_data];
  size_t in_length;
};

/// Takes data from the pipe. NULL, or how it breaks the protocol.
const char *take_frames(struct streams *streams, const char *data, size_t length);

/// A new stream; NULL if there are too many, or the pipe is full.
struct stream *open_stream(struct streams *streams);
/// How many bytes of the client can be taken now.
size_t stream_room(const struct streams *streams, const struct stream *stream);
void send_data(struct streams *streams, struct stream *stream, const char *data, size_t length);
/// The client sends nothing more.
void end_stream(struct streams *streams, struct stream *stream);
/// The client has gone.
void drop_stream(struct streams *streams, struct stream *stream);

/// The next data for the client; 0 if there is none.
size_t held_data(const struct stream *stream, const char **data);
void give_data(struct streams *streams, struct stream *stream, size_t length);
/// All data was handed over, and the other end sends nothing more; for is_closed, it takes nothing more either.
bool is_ended(const struct stream *stream);
bool is_closed(const struct stream *stream);
void forget_stream(struct stream *stream);

size_t waiting_data(const struct streams *streams, const char **data);
void take_waiting(struct streams *streams, size_t length);

#endif
