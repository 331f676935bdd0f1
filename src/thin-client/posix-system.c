#ifndef _WIN32
// Linux, macOS and the BSDs: variables, paths, standard streams, the terminal, the clock.

#include "posix.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

const char *variable(const char *name) {
  const char *value = getenv(name);
  return value == NULL || value[0] == '\0' ? NULL : value;
}

void set_variable(const char *name, const char *value) { setenv(name, value, 1); }

// ---- where the agent listens, as src/platform/fs/paths.ts

/// XDG Base Directory specification: a path that is not absolute is ignored.
static const char *absolute(const char *name) {
  const char *value = variable(name);
  return value != NULL && value[0] == '/' ? value : NULL;
}

static bool is_socket(const char *path) {
  struct stat stats;
  return lstat(path, &stats) == 0 && S_ISSOCK(stats.st_mode);
}

/// The folder of systemd's user session, for cron, su and system units, which have no XDG_RUNTIME_DIR (H7).
static const char *runtime_folder(void) {
  const char *named = absolute("XDG_RUNTIME_DIR");
#if defined(__linux__)
  if (named == NULL) {
    static struct buffer path;
    struct stat stats;
    append_text(&path, "/run/user/");
    append_number(&path, geteuid());
    if (lstat(path.data, &stats) == 0 && S_ISDIR(stats.st_mode) && stats.st_uid == geteuid() && (stats.st_mode & 077) == 0) return path.data;
  }
#endif
  return named;
}

static char *state_socket(bool is_mac) {
  const char *home = absolute("HOME");
  const char *state = is_mac ? NULL : absolute("XDG_STATE_HOME");
  if (state != NULL) return join(state, "/authsock/agent.sock", "");
  if (home == NULL) return NULL;
  return join(home, is_mac ? "/Library/Application Support" : "/.local/state", "/authsock/agent.sock");
}

/// In a container without HOME. A relay listens here; the folder is checked like any other.
static char *temporary_socket(void) {
  struct buffer path = {0};
  append_text(&path, "/tmp/authsock-");
  append_number(&path, geteuid());
  append_text(&path, "/agent.sock");
  return path.data;
}

char *agent_path(const char **why) {
  const char *named = variable("AUTHSOCK");
  if (named != NULL) {
    if (named[0] == '/' || is_share_address(named)) return join(named, "", "");
    *why = join("AUTHSOCK is '", named, "', not an absolute path");
    return NULL;
  }
  bool is_mac = false;
#if defined(__APPLE__)
  is_mac = getenv("XDG_STATE_HOME") == NULL && getenv("XDG_CONFIG_HOME") == NULL;
#endif
  const char *runtime = is_mac ? NULL : runtime_folder();
  char *state = state_socket(is_mac);
  if (runtime == NULL) return state == NULL ? temporary_socket() : state;
  char *path = join(runtime, "/authsock/agent.sock", "");
  // An agent that was started while there was no runtime folder (by cron, before the user logged in) listens in the state folder.
  return state != NULL && !is_socket(path) && is_socket(state) ? state : path;
}

bool read_file(const char *path, char *into, size_t size) {
  int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor < 0) return false;
  size_t length = 0;
  ssize_t got;
  while (length < size - 1 && (got = read(descriptor, into + length, size - 1 - length)) > 0) length += (size_t)got;
  close(descriptor);
  into[length] = '\0';
  return length > 0;
}

// ---- standard streams

void prepare_process(int *count, char ***arguments) {
  (void)count;
  (void)arguments;
  // A closed descriptor would become the socket's. A closed stdout is opened read-only, so that writing to it fails.
  for (int descriptor = 0; descriptor <= 2; descriptor++) {
    if (fcntl(descriptor, F_GETFD) != -1 || errno != EBADF) continue;
    if (open("/dev/null", descriptor == 2 ? O_WRONLY : O_RDONLY) != descriptor) leave(exit_unexpected);
  }
}

/// Whether to try again: interrupted, or set to non-blocking by another process that shares the descriptor.
static bool can_retry(int descriptor, short events) {
  if (errno == EINTR) return true;
  if (errno != EAGAIN && errno != EWOULDBLOCK) return false;
  struct pollfd wanted = {.fd = descriptor, .events = events};
  return poll(&wanted, 1, -1) > 0 || errno == EINTR;
}

static bool write_to(int descriptor, const char *data, size_t length) {
  while (length > 0) {
    ssize_t written = write(descriptor, data, length);
    if (written < 0 && can_retry(descriptor, POLLOUT)) continue;
    if (written <= 0) return false;
    data += written;
    length -= (size_t)written;
  }
  return true;
}

bool write_out(const char *data, size_t length) { return write_to(1, data, length); }
void write_error(const char *data, size_t length) { write_to(2, data, length); }

bool errors_are_seen(void) { return isatty(2) == 1; }

long read_input(char *into, size_t size) {
  for (;;) {
    ssize_t got = read(0, into, size);
    if (got >= 0 || !can_retry(0, POLLIN)) return (long)got;
  }
}

bool has_terminal(void) {
  if (variable("CI") != NULL) return false;
  int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
  if (terminal < 0) return false;
  // H10: reading the terminal would stop a background job, with all processes of its group.
  bool is_foreground = tcgetpgrp(terminal) == getpgrp();
  close(terminal);
  return is_foreground;
}

long long clock_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (long long)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

void pause_for(int milliseconds) {
  struct timespec time = {.tv_sec = milliseconds / 1000, .tv_nsec = (long)(milliseconds % 1000) * 1000000};
  nanosleep(&time, NULL);
}

_Noreturn void leave(int code) { _exit(code); }
#else
typedef int not_posix_system;
#endif
