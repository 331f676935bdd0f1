#ifndef _WIN32
// Connections of Linux, macOS and the BSDs: to the agent's socket, and by TCP to a share.

#include "posix.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif
#ifndef SOCK_NONBLOCK
#define SOCK_NONBLOCK 0
#endif

enum { send_timeout_s = 10, tcp_timeout_ms = 10 * 1000, attempt_delay_ms = 250, max_attempts = 8 };

struct connection {
  int descriptor;
};

static void prepare(int descriptor) {
  struct timeval timeout = {.tv_sec = send_timeout_s};
  fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
#if defined(SO_NOSIGPIPE)
  int on = 1;
  setsockopt(descriptor, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
}

static enum connected keep(int descriptor, struct connection **connection) {
  static struct connection opened;
  opened.descriptor = descriptor;
  *connection = &opened;
  return connected;
}

// ---- the agent's socket

/// 0, or errno.
static int try_connect(int descriptor, const struct sockaddr_un *address) {
  int result;
  do {
    result = connect(descriptor, (const struct sockaddr *)address, sizeof *address);
  } while (result != 0 && errno == EINTR);
  return result == 0 ? 0 : errno;
}

static enum connected refuse_long(const char *path, char **why) {
  enum connected trust = check_socket(path, why);
  if (trust != connected) return trust;
  *why = join("the path of the socket is too long: ", path, "");
  return unusable;
}

/// What an error of connect() means for a path that is trusted.
static enum connected outcome_of(int error, const char *path, char **why) {
  if (error == 0) return connected;
  if (error == ENOENT || error == ECONNREFUSED) return no_listener;
  bool is_refused = error == EACCES || error == EPERM;
  *why = is_refused ? join("the socket ", path, " belongs to another user") : join(path, ": ", strerror(error));
  return is_refused ? untrusted : unusable;
}

enum connected connect_to(const char *path, struct connection **connection, char **why) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) return refuse_long(path, why);
  memcpy(address.sun_path, path, strlen(path) + 1);
  int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (descriptor < 0) {
    *why = strerror(errno);
    return unusable;
  }
  prepare(descriptor);
  int error = try_connect(descriptor, &address);
  // The agent wakes up while the path is checked. Nothing is sent before that.
  enum connected trust = check_socket(path, why);
  fcntl(descriptor, F_SETFL, 0);
  // The listener's queue is full: only a trusted one is waited for.
  if (trust == connected && error == EAGAIN) error = try_connect(descriptor, &address);
  if (trust == connected) trust = outcome_of(error, path, why);
  // Between connecting and the check, another socket may have taken the place of the first.
  if (trust == connected && !is_my_peer(descriptor) && !is_mounted_for_us(path)) {
    trust = untrusted;
    *why = join("another user listens at ", path, "");
  }
  if (trust == connected) return keep(descriptor, connection);
  close(descriptor);
  return trust;
}

// ---- the TCP port of a share

static bool is_near_address(const struct sockaddr *address) {
  if (address->sa_family == AF_INET) return is_near((const unsigned char *)&((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
  return address->sa_family == AF_INET6 && is_near((const unsigned char *)&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, 16);
}

/// Sockets that are connecting, in the order of their addresses.
struct attempts {
  struct pollfd polled[max_attempts];
  nfds_t count;
  /// Of the last attempt that failed.
  int error;
};

/// Whether the attempt has connected; one that has failed is closed.
static bool is_connected(struct attempts *attempts, struct pollfd *attempt) {
  if (attempt->fd < 0 || attempt->revents == 0) return false;
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(attempt->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  if (error == 0) return true;
  attempts->error = error;
  close(attempt->fd);
  attempt->fd = -1;
  return false;
}

/// Waits until one has connected, all have failed, or the time is over. The descriptor, or -1.
static int first_connected(struct attempts *attempts, int timeout_ms) {
  long long deadline = clock_ms() + timeout_ms;
  for (;;) {
    bool is_pending = false;
    for (nfds_t index = 0; index < attempts->count; index++) {
      if (is_connected(attempts, &attempts->polled[index])) return attempts->polled[index].fd;
      is_pending = is_pending || attempts->polled[index].fd >= 0;
    }
    long long left = deadline - clock_ms();
    if (!is_pending || left <= 0) return -1;
    if (poll(attempts->polled, attempts->count, (int)left) < 0 && errno != EINTR) return -1;
  }
}

static void start_attempt(struct attempts *attempts, const struct addrinfo *address) {
  int descriptor = attempts->count == max_attempts ? -1 : socket(address->ai_family, SOCK_STREAM, 0);
  if (descriptor < 0) return;
  prepare(descriptor);
  fcntl(descriptor, F_SETFL, O_NONBLOCK);
  if (connect(descriptor, address->ai_addr, address->ai_addrlen) == 0 || errno == EINPROGRESS || errno == EINTR) {
    attempts->polled[attempts->count++] = (struct pollfd){.fd = descriptor, .events = POLLOUT};
    return;
  }
  attempts->error = errno;
  close(descriptor);
}

/// As RFC 8305: the next address is tried if the one before has not connected after a while, and the first that connects is taken. A
/// host that is down, or an address family without a route, may drop packets silently. The descriptor, or -1 and errno.
static int connect_any(const struct addrinfo *addresses) {
  struct attempts attempts = {.error = EHOSTUNREACH};
  int found = -1;
  for (const struct addrinfo *each = addresses; each != NULL && found < 0; each = each->ai_next) {
    start_attempt(&attempts, each);
    found = first_connected(&attempts, each->ai_next == NULL ? tcp_timeout_ms : attempt_delay_ms);
  }
  bool is_pending = false;
  for (nfds_t index = 0; index < attempts.count; index++) {
    int descriptor = attempts.polled[index].fd;
    if (descriptor < 0 || descriptor == found) continue;
    is_pending = true;
    close(descriptor);
  }
  if (found >= 0) fcntl(found, F_SETFL, 0);
  errno = is_pending ? ETIMEDOUT : attempts.error;
  return found;
}

enum connected connect_by_tcp(const struct share_address *address, struct connection **connection, char **why) {
  bool is_name = address->host[0] != ':' && (address->host[0] < '0' || address->host[0] > '9');
  struct addrinfo wanted = {.ai_socktype = SOCK_STREAM, .ai_flags = is_name ? 0 : AI_NUMERICHOST};
  struct addrinfo *found = NULL;
  if (getaddrinfo(address->host, address->port, &wanted, &found) != 0) {
    *why = "the name does not resolve";
    return unusable;
  }
  for (const struct addrinfo *each = found; each != NULL; each = each->ai_next) {
    // A name server on the internet could answer with an address of its own.
    if (is_near_address(each->ai_addr)) continue;
    *why = join(address->host, " is an address here that is far from this machine", "");
    return untrusted;
  }
  int descriptor = connect_any(found);
  if (descriptor >= 0) return keep(descriptor, connection);
  *why = strerror(errno);
  return no_listener;
}

// ---- sending and receiving

bool send_all(struct connection *connection, const char *data, size_t length, long long deadline) {
  while (length > 0) {
    ssize_t sent = send(connection->descriptor, data, length, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR && clock_ms() < deadline) continue;
    if (sent <= 0) return false;
    data += sent;
    length -= (size_t)sent;
  }
  return true;
}

long receive(struct connection *connection, char *into, size_t size, long long deadline) {
  for (;;) {
    struct pollfd ready = {.fd = connection->descriptor, .events = POLLIN};
    long long left = deadline - clock_ms();
    int events = left <= 0 ? 0 : poll(&ready, 1, (int)left);
    if (events < 0 && errno == EINTR) continue;
    if (events <= 0) return -1;
    ssize_t got = recv(connection->descriptor, into, size, 0);
    if (got < 0 && errno == EINTR) continue;
    return (long)got;
  }
}

bool is_ready(struct connection *connection, int milliseconds) {
  struct pollfd ready = {.fd = connection->descriptor, .events = POLLIN};
  return poll(&ready, 1, milliseconds) != 0;
}

void disconnect(struct connection *connection) { close(connection->descriptor); }
#else
typedef int not_posix_connection;
#endif
