#ifndef _WIN32
// Linux, macOS and the BSDs: where the socket is, whose it is, and how programs are started.

#if defined(__linux__)
#define _GNU_SOURCE
#else
#define _DARWIN_C_SOURCE
#endif

#include "posix.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#if defined(__linux__)
#include <sys/syscall.h>
#endif
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#if defined(__APPLE__)
#include <mach-o/dyld.h>
#endif

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif
#ifndef SOCK_NONBLOCK
#define SOCK_NONBLOCK 0
#endif

extern char **environ;

#ifndef AUTHSOCK_PATIENCE
#define AUTHSOCK_PATIENCE (130 * 1000)
#endif

/// ms for an answer, whole: a token may wait for another agent's lock and then for a slow server.
enum { patience = AUTHSOCK_PATIENCE };

struct connection {
  int descriptor;
};

const char *variable(const char *name) {
  const char *value = getenv(name);
  return value == NULL || value[0] == '\0' ? NULL : value;
}

void set_variable(const char *name, const char *value) { setenv(name, value, 1); }

/// The XDG specification: a path that is not absolute is to be ignored.
static const char *absolute(const char *name) {
  const char *value = variable(name);
  return value != NULL && value[0] == '/' ? value : NULL;
}

char *agent_path(const char **why) {
  const char *named = variable("AUTHSOCK");
  if (named != NULL) {
    if (named[0] == '/' || is_address(named)) return join(named, "", "");
    *why = "AUTHSOCK is not an absolute path";
    return NULL;
  }
  const char *home = absolute("HOME");
  bool is_mac = false;
#if defined(__APPLE__)
  is_mac = getenv("XDG_STATE_HOME") == NULL && getenv("XDG_CONFIG_HOME") == NULL;
#endif
  const char *runtime = is_mac ? NULL : absolute("XDG_RUNTIME_DIR");
  if (runtime != NULL) return join(runtime, "/authsock/agent.sock", "");
  const char *state = is_mac ? NULL : absolute("XDG_STATE_HOME");
  if (state != NULL) return join(state, "/authsock/agent.sock", "");
  if (home != NULL) return join(home, is_mac ? "/Library/Application Support" : "/.local/state", "/authsock/agent.sock");
  // A bare container: a relay listens here, in a folder that is looked at like any other.
  struct buffer path = {0};
  append_text(&path, "/tmp/authsock-");
  append_number(&path, geteuid());
  append_text(&path, "/agent.sock");
  return path.data;
}

void take_arguments(int *count, char ***arguments) {
  (void)count;
  (void)arguments;
  // Else the socket would become stdin, stdout or stderr. What goes to a closed stdout is lost, and must not seem written.
  for (int descriptor = 0; descriptor <= 2; descriptor++) {
    if (fcntl(descriptor, F_GETFD) != -1 || errno != EBADF) continue;
    if (open("/dev/null", descriptor == 2 ? O_WRONLY : O_RDONLY) != descriptor) leave(exit_unexpected);
  }
}

// ---- whom to trust (L10): as src/platform/fs/socket-folder.ts

bool is_mine(const struct stat *stats) { return stats->st_uid == geteuid() || stats->st_uid == 0; }

/// A folder that others may write to, and take things out of.
bool is_swappable(const struct stat *folder) {
  if ((folder->st_mode & 022) == 0 || (folder->st_mode & S_ISVTX) != 0) return false;
  bool is_own_group = folder->st_uid == geteuid() && (folder->st_mode & 02) == 0 && folder->st_gid == getegid() &&
                      (uid_t)folder->st_gid == folder->st_uid;
  return !is_own_group;
}

char *folder_of(const char *path) {
  char *folder = join(path, "", "");
  char *slash = strrchr(folder, '/');
  if (slash == folder) slash++;
  if (slash != NULL) *slash = '\0';
  return folder;
}

/// In a container: nobody in it can have put the socket there, whoever it belongs to outside.
static bool is_mounted_for_us(const char *path) { return access(folder_of(path), W_OK) != 0 && errno == EROFS; }

static enum connected look_at(const char *path, char **why) {
  struct stat stats;
  if (lstat(path, &stats) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return nobody_there;
    *why = join(path, ": ", strerror(errno));
    return errno == EACCES ? untrusted : unusable;
  }
  if (S_ISLNK(stats.st_mode)) return *why = join(path, " is a symbolic link", ""), untrusted;
  if (!S_ISSOCK(stats.st_mode)) return *why = join(path, " is not a socket", ""), untrusted;
  if (is_mounted_for_us(path)) return connected;
  if (!is_mine(&stats)) return *why = join(path, " belongs to another user", ""), untrusted;
  struct stat folder;
  if (lstat(folder_of(path), &folder) == 0) {
    if (!is_mine(&folder)) return *why = join("the folder of ", path, " belongs to another user"), untrusted;
    if (is_swappable(&folder)) return *why = join("the folder of ", path, " can be written by others"), untrusted;
  }
  return connected;
}

// ---- the connection

static void limit(int descriptor, int option, int seconds) {
  struct timeval time = {.tv_sec = seconds};
  setsockopt(descriptor, SOL_SOCKET, option, &time, sizeof time);
}

bool is_my_peer(int descriptor) {
  uid_t uid;
#if defined(__linux__)
  struct ucred peer;
  socklen_t length = sizeof peer;
  if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return false;
  uid = peer.uid;
#else
  gid_t gid;
  if (getpeereid(descriptor, &uid, &gid) != 0) return false;
#endif
  return uid == geteuid() || uid == 0;
}

static void prepare(int descriptor) {
  fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  limit(descriptor, SO_SNDTIMEO, 10);
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

/// 0, or errno.
static int reach(int descriptor, const struct sockaddr_un *address) {
  int result;
  do {
    result = connect(descriptor, (const struct sockaddr *)address, sizeof *address);
  } while (result != 0 && errno == EINTR);
  return result == 0 ? 0 : errno;
}

enum connected connect_to(const char *path, struct connection **connection, char **why) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) {
    enum connected trust = look_at(path, why);
    if (trust == connected) *why = join("the path of the socket is too long: ", path, "");
    return trust == connected ? unusable : trust;
  }
  memcpy(address.sun_path, path, strlen(path) + 1);
  int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (descriptor < 0) {
    *why = strerror(errno);
    return unusable;
  }
  prepare(descriptor);
  int error = reach(descriptor, &address);
  // Whoever listens there wakes up meanwhile. Nothing is said to him before it is known whose place it is.
  enum connected trust = look_at(path, why);
  fcntl(descriptor, F_SETFL, 0);
  // Too many wait there: only who is trusted is waited for.
  if (trust == connected && error == EAGAIN) error = reach(descriptor, &address);
  if (trust == connected && error != 0) {
    bool is_refused = error == EACCES || error == EPERM;
    trust = error == ENOENT || error == ECONNREFUSED ? nobody_there : is_refused ? untrusted : unusable;
    if (trust != nobody_there) *why = is_refused ? join("the socket ", path, " belongs to another user") : join(path, ": ", strerror(error));
  }
  // Between the connection and the look another may have taken its place.
  if (trust == connected && !is_my_peer(descriptor) && !is_mounted_for_us(path)) {
    trust = untrusted;
    *why = join("another user listens at ", path, "");
  }
  if (trust == connected) return keep(descriptor, connection);
  close(descriptor);
  return trust;
}

static bool is_near_here(const struct sockaddr *address) {
  if (address->sa_family == AF_INET) return is_near((const unsigned char *)&((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
  return address->sa_family == AF_INET6 && is_near((const unsigned char *)&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, 16);
}

enum connected connect_by_tcp(const struct place *place, struct connection **connection, char **why) {
  bool is_name = place->host[0] != ':' && (place->host[0] < '0' || place->host[0] > '9');
  struct addrinfo wanted = {.ai_socktype = SOCK_STREAM, .ai_flags = is_name ? 0 : AI_NUMERICHOST};
  struct addrinfo *found = NULL;
  if (getaddrinfo(place->host, place->port, &wanted, &found) != 0) return *why = "nobody knows that name here", unusable;
  for (const struct addrinfo *each = found; each != NULL; each = each->ai_next) {
    // Whoever answers for such a name on the internet is not who is meant.
    if (!is_near_here(each->ai_addr)) return *why = join(place->host, " is an address here that is far from this machine", ""), untrusted;
  }
  for (const struct addrinfo *each = found; each != NULL; each = each->ai_next) {
    int descriptor = socket(each->ai_family, SOCK_STREAM, 0);
    if (descriptor < 0) continue;
    prepare(descriptor);
    int result;
    do {
      result = connect(descriptor, each->ai_addr, each->ai_addrlen);
    } while (result != 0 && errno == EINTR);
    if (result == 0) return keep(descriptor, connection);
    *why = strerror(errno);
    close(descriptor);
  }
  return *why == NULL ? (*why = strerror(errno), unusable) : nobody_there;
}

bool read_file(const char *path, char *into, size_t size) {
  int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return false;
  size_t length = 0;
  ssize_t got;
  while (length < size - 1 && (got = read(descriptor, into + length, size - 1 - length)) > 0) length += (size_t)got;
  close(descriptor);
  into[length] = '\0';
  return length > 0;
}

static long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (long long)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/// Each question has its own time.
static long long deadline;

bool send_all(struct connection *connection, const char *data, size_t length) {
  deadline = now() + patience;
  while (length > 0) {
    ssize_t sent = send(connection->descriptor, data, length, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    data += sent;
    length -= (size_t)sent;
  }
  return true;
}

long receive(void *source, char *into, size_t most) {
  int descriptor = ((struct connection *)source)->descriptor;
  for (;;) {
    struct pollfd ready = {.fd = descriptor, .events = POLLIN};
    long long left = deadline - now();
    int events = left <= 0 ? 0 : poll(&ready, 1, (int)left);
    if (events < 0 && errno == EINTR) continue;
    if (events <= 0) return -1;
    ssize_t got = recv(descriptor, into, most, 0);
    if (got < 0 && errno == EINTR) continue;
    return (long)got;
  }
}

void hang_up(struct connection *connection) { close(connection->descriptor); }

// ---- the tool's side

/// Whether it is worth another try: interrupted, or set not to block by whoever shares it.
static bool is_ready_again(int descriptor, short events) {
  if (errno == EINTR) return true;
  if (errno != EAGAIN && errno != EWOULDBLOCK) return false;
  struct pollfd wanted = {.fd = descriptor, .events = events};
  return poll(&wanted, 1, -1) > 0 || errno == EINTR;
}

static bool write_to(int descriptor, const char *data, size_t length) {
  while (length > 0) {
    ssize_t written = write(descriptor, data, length);
    if (written < 0 && is_ready_again(descriptor, POLLOUT)) continue;
    if (written <= 0) return false;
    data += written;
    length -= (size_t)written;
  }
  return true;
}

bool write_out(const char *data, size_t length) { return write_to(1, data, length); }
void write_error(const char *data, size_t length) { write_to(2, data, length); }

long read_input(char *into, size_t most) {
  for (;;) {
    ssize_t got = read(0, into, most);
    if (got >= 0 || !is_ready_again(0, POLLIN)) return (long)got;
  }
}

bool has_terminal(void) {
  if (variable("CI") != NULL) return false;
  int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
  if (terminal < 0) return false;
  close(terminal);
  return true;
}

/// What starts here outlives the tool: nothing of the tool's stays open in it, a lock least of all.
static void close_others(void) {
  int most = 4096;
#if defined(SYS_close_range)
  if (syscall(SYS_close_range, 3, ~0U, 0) == 0) most = 0;
#endif
  for (int descriptor = 3; descriptor < most; descriptor++) close(descriptor);
}

static int run(const char *program, char *const arguments[], const char *place, bool keeps_error) {
  pid_t child = fork();
  if (child < 0) return -1;
  if (child == 0) {
    int descriptor = open(place, O_RDWR);
    if (descriptor < 0) _exit(127);
    dup2(descriptor, 0);
    dup2(descriptor, 1);
    if (!keeps_error) dup2(descriptor, 2);
    close_others();
    // The interpreter is looked for on the PATH, which may name folders below the one that the tool is in.
    if (chdir("/") != 0) _exit(127);
    set_variable("NODE_OPTIONS", "");
    execv(program, arguments);
    _exit(127);
  }
  int status;
  while (waitpid(child, &status, 0) < 0) {
    // The tool ignores how children end, and so does this program then: what comes next will show it.
    if (errno == ECHILD) return 0;
    if (errno != EINTR) return -1;
  }
  if (WIFEXITED(status)) return WEXITSTATUS(status) == 127 ? -1 : WEXITSTATUS(status);
  return 128 + WTERMSIG(status);
}

int run_quietly(const char *program, char *const arguments[]) { return run(program, arguments, "/dev/null", true); }

int run_on_terminal(const char *program, char *const arguments[]) { return run(program, arguments, "/dev/tty", false); }

void become(const char *program, char *const arguments[]) { execv(program, arguments); }

// ---- programs

/// This program's own file, links followed; NULL where that cannot be told.
static char *own_path(void) {
  char *path = NULL;
#if defined(__linux__)
  path = realpath("/proc/self/exe", NULL);
#elif defined(__APPLE__)
  char name[4096];
  uint32_t size = sizeof name;
  if (_NSGetExecutablePath(name, &size) == 0) path = realpath(name, NULL);
#endif
  return path;
}

static bool is_program(const char *path, const struct stat *except) {
  struct stat stats;
  if (stat(path, &stats) != 0 || !S_ISREG(stats.st_mode) || access(path, X_OK) != 0) return false;
  return except == NULL || stats.st_dev != except->st_dev || stats.st_ino != except->st_ino;
}

static char *on_path(const char *name, const struct stat *except) {
  const char *path = variable("PATH");
  struct buffer candidate = {0};
  while (path != NULL) {
    const char *end = strchr(path, ':');
    clear(&candidate);
    append(&candidate, path, end == NULL ? strlen(path) : (size_t)(end - path));
    append_text(&candidate, "/");
    append_text(&candidate, name);
    // A relative one is whatever lies in the folder that the tool happens to be in.
    if (candidate.data[0] == '/' && is_program(candidate.data, except)) return candidate.data;
    path = end == NULL ? NULL : end + 1;
  }
  return NULL;
}

char *main_program(void) {
  struct stat self;
  char *own = own_path();
  bool is_known = own != NULL && stat(own, &self) == 0;
  if (is_known) {
    char *folder = folder_of(own);
    char *beside = join(folder, "/", "authsock");
    if (is_program(beside, &self)) return beside;
    // dist/bin, and dist/native/PLATFORM.
    char *above = join(folder, "/../", "main.js");
    if (is_program(above, &self)) return above;
    char *top = join(folder, "/../../", "main.js");
    if (is_program(top, &self)) return top;
  }
  return on_path("authsock", is_known ? &self : NULL);
}

char *next_program(const char *name) {
  struct stat self;
  char *own = own_path();
  return on_path(name, own != NULL && stat(own, &self) == 0 ? &self : NULL);
}

void pause_for(int milliseconds) {
  struct timespec time = {.tv_sec = milliseconds / 1000, .tv_nsec = (long)(milliseconds % 1000) * 1000000};
  nanosleep(&time, NULL);
}

_Noreturn void leave(int code) { _exit(code); }
#else
typedef int not_posix;
#endif
