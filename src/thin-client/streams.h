// The streams of a relay, at the end that listens: what protocol/relay.md says of frames and windows. It holds no descriptor, and
// no more memory than a window for each stream, whatever the other end sends.
#ifndef AUTHSOCK_STREAMS_H
#define AUTHSOCK_STREAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  most_streams = 128,
  stream_window = 64 * 1024,
  longest_data = 16 * 1024,
  frame_head = 8,
  /// Of what waits for the pipe.
  most_waiting = 4 * (frame_head + longest_data),
};

struct stream {
  /// 0: free.
  uint32_t id;
  uint32_t may_send;
  uint32_t may_receive;
  /// Given to the client, and not yet granted anew.
  uint32_t given;
  /// A ring of `stream_window` bytes, from the first that comes.
  char *ring;
  size_t at;
  size_t held;
  /// Our END was sent, or is owed; CLOSE is owed and the client gone.
  bool has_ended, owes_end, owes_close;
  /// The other end has said so.
  bool was_ended, was_closed;
};

struct streams {
  struct stream all[most_streams];
  uint32_t last;
  /// For the pipe.
  char out[most_waiting];
  size_t out_at, out_end;
  /// A frame that is not there yet.
  char in[frame_head + longest_data];
  size_t in_length;
};

/// Takes what came through the pipe. NULL, or why it is no relay that speaks.
const char *take_frames(struct streams *streams, const char *data, size_t length);

/// A new one; NULL where there are enough, or the pipe has to be waited for.
struct stream *open_stream(struct streams *streams);
/// How much of what the client says can be taken now.
size_t stream_room(const struct streams *streams, const struct stream *stream);
void send_data(struct streams *streams, struct stream *stream, const char *data, size_t length);
/// The client says nothing more.
void end_stream(struct streams *streams, struct stream *stream);
/// The client is gone.
void drop_stream(struct streams *streams, struct stream *stream);

/// What the client is to have next; 0 where there is nothing.
size_t held_data(const struct stream *stream, const char **data);
void give_data(struct streams *streams, struct stream *stream, size_t length);
/// All has been given, and nothing more comes; in the second case, from either side.
bool is_ended(const struct stream *stream);
bool is_closed(const struct stream *stream);
void forget_stream(struct stream *stream);

size_t waiting_data(const struct streams *streams, const char **data);
void take_waiting(struct streams *streams, size_t length);

#endif
