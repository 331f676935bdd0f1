#ifndef _WIN32
// The listening end of a relay: each connection to its socket is a stream over stdin and stdout (protocol/relay.md). One loop serves
// all: it never waits for a single client, and always reads stdin.

#include "posix.h"
#include "relay-greeting.h"
#include "streams.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif
// As much can be written after POLLOUT without blocking. The descriptor is shared with other processes, so it is not set to non-blocking.
#ifndef PIPE_BUF
#define PIPE_BUF 512
#endif

enum { from_pipe = 0, to_pipe, listener, signals, first_client, descriptors = first_client + max_streams };

static struct {
  struct streams streams;
  struct pollfd polled[descriptors];
  /// The first line of the other end, as far as it was read.
  char greeting[max_greeting];
  size_t greeting_length;
  bool has_greeted;
  /// The process has no descriptor left: accepting is tried again later.
  bool is_short;
  /// The stream that is served first in the next turn.
  int first;
} *state;

static int signalled[2];

static void on_signal(int number) {
  int error = errno;
  char byte = (char)number;
  if (write(signalled[1], &byte, 1) < 0) errno = error;
  errno = error;
}

static _Noreturn void stop(int code) {
  remove_socket();
  leave(code);
}

static _Noreturn void give_up(const char *what, const char *detail, const char *hint) {
  remove_socket();
  fail(exit_usage, what, detail, hint);
}

static void catch_signals(void) {
  if (pipe(signalled) != 0) fail(exit_unexpected, "no pipe can be made: ", strerror(errno), NULL);
  for (int index = 0; index < 2; index++) {
    fcntl(signalled[index], F_SETFD, FD_CLOEXEC);
    fcntl(signalled[index], F_SETFL, O_NONBLOCK);
  }
  signal(SIGPIPE, SIG_IGN);
  static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
  for (size_t index = 0; index < sizeof ends / sizeof ends[0]; index++) {
    struct sigaction before;
    // A signal that the parent process ignores stays ignored.
    if (sigaction(ends[index], NULL, &before) == 0 && before.sa_handler == SIG_IGN) continue;
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(ends[index], &action, NULL);
  }
}

// ---- the greeting

/// The number of bytes that belong to the greeting.
static size_t take_greeting(const char *data, size_t length) {
  for (size_t at = 0; at < length; at++) {
    bool is_whole = data[at] == '\n';
    if (!is_whole) state->greeting[state->greeting_length++] = data[at];
    if (!is_whole && state->greeting_length < max_greeting - 1) continue;
    state->greeting[state->greeting_length] = '\0';
    const char *hint = NULL;
    const char *problem = check_greeting(state->greeting, &hint);
    if (problem != NULL) give_up(problem, "", hint);
    state->has_greeted = true;
    return at + 1;
  }
  return length;
}

// ---- the pipe

static void read_pipe(void) {
  char bytes[32 * 1024];
  ssize_t got = read(0, bytes, sizeof bytes);
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (got <= 0) stop(exit_ok);
  size_t greeting = state->has_greeted ? 0 : take_greeting(bytes, (size_t)got);
  if (!state->has_greeted) return;
  const char *trouble = take_frames(&state->streams, bytes + greeting, (size_t)got - greeting);
  if (trouble != NULL) give_up("the data from the pipe is not a relay's: ", trouble, "another program may write to the same pipe");
}

static void write_pipe(void) {
  const char *data;
  size_t length = waiting_data(&state->streams, &data);
  ssize_t written = write(1, data, length < PIPE_BUF ? length : PIPE_BUF);
  if (written < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (written <= 0) stop(exit_ok);
  take_waiting(&state->streams, (size_t)written);
}

// ---- the clients

static int *descriptor_of(const struct stream *stream) { return &state->polled[first_client + (stream - state->streams.all)].fd; }

static void close_client(struct stream *stream) {
  int *descriptor = descriptor_of(stream);
  close(*descriptor);
  *descriptor = -1;
}

static void drop(struct stream *stream) {
  close_client(stream);
  drop_stream(&state->streams, stream);
}

static void accept_client(void) {
  int descriptor = accept(state->polled[listener].fd, NULL, NULL);
  if (descriptor < 0) {
    state->is_short = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
    return;
  }
  struct stream *stream = is_my_peer(descriptor) ? open_stream(&state->streams) : NULL;
  if (stream == NULL) {
    close(descriptor);
    return;
  }
  fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  fcntl(descriptor, F_SETFL, O_NONBLOCK);
#if defined(SO_NOSIGPIPE)
  int on = 1;
  setsockopt(descriptor, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
  *descriptor_of(stream) = descriptor;
}

static bool can_retry(void) { return errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK; }

/// Reads from the client. False if it has gone.
static bool read_client(struct stream *stream, bool has_hung_up) {
  char bytes[max_data];
  size_t room = stream_room(&state->streams, stream);
  if (room == 0) return !has_hung_up;
  ssize_t got = recv(*descriptor_of(stream), bytes, room, 0);
  if (got < 0) return can_retry();
  if (got > 0) send_data(&state->streams, stream, bytes, (size_t)got);
  else if (has_hung_up) return false;
  else end_stream(&state->streams, stream);
  return true;
}

/// Writes to the client. False if it has gone.
static bool write_client(struct stream *stream) {
  const char *data;
  size_t length;
  while ((length = held_data(stream, &data)) > 0) {
    ssize_t sent = send(*descriptor_of(stream), data, length, MSG_NOSIGNAL);
    if (sent < 0) return can_retry();
    give_data(&state->streams, stream, (size_t)sent);
  }
  return true;
}

static void serve_client(struct stream *stream, short events) {
  bool has_hung_up = (events & POLLHUP) != 0;
  bool is_open = ((events & POLLIN) == 0 && !has_hung_up) || read_client(stream, has_hung_up);
  if (!is_open || (events & (POLLERR | POLLNVAL)) != 0) drop(stream);
}

/// Hands over what came through the pipe meanwhile.
static void forward(struct stream *stream) {
  if (!write_client(stream)) {
    drop(stream);
  } else if (is_closed(stream)) {
    close_client(stream);
    forget_stream(stream);
  } else if (is_ended(stream)) {
    shutdown(*descriptor_of(stream), SHUT_WR);
  }
}

// ---- the loop

static void prepare_poll(void) {
  const char *data;
  struct pollfd *polled = state->polled;
  bool has_slot = false;
  for (int index = 0; index < max_streams; index++) {
    const struct stream *stream = &state->streams.all[index];
    struct pollfd *each = &polled[first_client + index];
    has_slot = has_slot || stream->id == 0;
    each->events = 0;
    if (each->fd < 0) continue;
    if (stream_room(&state->streams, stream) > 0) each->events |= POLLIN;
    if (stream->held > 0) each->events |= POLLOUT;
  }
  polled[to_pipe].events = waiting_data(&state->streams, &data) > 0 ? POLLOUT : 0;
  // New clients are accepted only while half of the buffer is free for the present ones.
  bool has_room = waiting_data(&state->streams, &data) < max_waiting / 2;
  polled[listener].events = state->has_greeted && has_slot && has_room && !state->is_short ? POLLIN : 0;
}

static void turn(void) {
  prepare_poll();
  struct pollfd *polled = state->polled;
  int events = poll(polled, descriptors, state->is_short ? 200 : -1);
  state->is_short = false;
  if (events < 0) {
    if (errno == EINTR) return;
    give_up("poll: ", strerror(errno), NULL);
  }
  if (polled[signals].revents != 0) {
    char number = SIGTERM;
    if (read(signalled[0], &number, 1) > 0) stop(128 + number);
  }
  if (polled[from_pipe].revents != 0) read_pipe();
  if ((polled[to_pipe].revents & POLLOUT) != 0) write_pipe();
  else if (polled[to_pipe].revents != 0) stop(exit_ok);
  // Before the clients fill the buffer: without room for its first frame, a new connection would be closed.
  if ((polled[listener].revents & POLLIN) != 0) accept_client();
  // Another stream is the first in each turn, so that all get their share of the buffer.
  for (int index = 0; index < max_streams; index++) {
    struct stream *stream = &state->streams.all[(state->first + index) % max_streams];
    struct pollfd *each = &polled[first_client + (stream - state->streams.all)];
    if (each->fd >= 0 && each->revents != 0) serve_client(stream, each->revents);
    if (each->fd >= 0) forward(stream);
  }
  state->first = (state->first + 1) % max_streams;
}

static void send_greeting(const char *path) {
  struct buffer text = {0};
  append_text(&text, relay_name);
  append_text(&text, relay_version);
  append_text(&text, " listens ");
  append_escaped(&text, path);
  append_text(&text, "\n");
  if (!write_out(text.data, text.length)) stop(exit_ok);
  clear(&text);
}

_Noreturn void relay(int count, char **arguments) {
  const char *why = NULL;
  if (count > 1 || (count == 1 && arguments[0][0] == '-')) {
    fail(exit_usage, "wrong usage: ", "authsock-client relay [SOCKET]", "`authsock relay SHARE -- COMMAND` starts it, at the other end");
  }
  if (isatty(0) || isatty(1)) {
    fail(exit_usage, "stdin and stdout are a terminal, not the pipe of a relay", "",
         "`authsock relay SHARE -- COMMAND` starts it, at the other end; without -t, where COMMAND has that");
  }
  const char *path = count == 1 ? arguments[0] : agent_path(&why);
  if (path == NULL) fail(exit_usage, why, "", "name the socket: `authsock-client relay SOCKET`");
  state = calloc(1, sizeof *state);
  if (state == NULL) fail(exit_unexpected, "out of memory", "", NULL);
  catch_signals();
  for (int index = 0; index < max_streams; index++) state->polled[first_client + index].fd = -1;
  state->polled[from_pipe] = (struct pollfd){.fd = 0, .events = POLLIN};
  state->polled[to_pipe].fd = 1;
  state->polled[signals] = (struct pollfd){.fd = signalled[0], .events = POLLIN};
  state->polled[listener].fd = listen_at(path);
  send_greeting(path);
  for (;;) turn();
}
#else
typedef int not_posix_relay;
#endif
