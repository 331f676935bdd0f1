#ifndef _WIN32
// A socket of this user's own, where tools look for the agent: made as src/platform/listen.ts and socket-folder.ts make the agent's.

#if defined(__linux__)
#define _GNU_SOURCE
#else
#define _DARWIN_C_SOURCE
#endif

#include "posix.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char elsewhere[] = "name another place, as in `authsock-client relay /tmp/authsock-me/agent.sock`, and set AUTHSOCK to it for the tools";

static const char *bound;
static struct stat bound_as;

static _Noreturn void refuse(const char *path, const char *why) { fail(exit_denied, path, why, elsewhere); }

static void make_folders(char *folder) {
  for (char *at = folder + 1;; at++) {
    if (*at != '/' && *at != '\0') continue;
    char end = *at;
    *at = '\0';
    if (mkdir(folder, 0700) != 0 && errno != EEXIST && end == '\0') {
      fail(exit_storage, join(folder, " cannot be made: ", ""), strerror(errno), elsewhere);
    }
    *at = end;
    if (end == '\0') return;
  }
}

/// L1: the folder is this user's alone, and nobody else can put another in its place.
static void prepare_folder(const char *path) {
  char *folder = folder_of(path);
  make_folders(folder);
  struct stat stats;
  if (lstat(folder, &stats) != 0) fail(exit_storage, join(folder, ": ", ""), strerror(errno), elsewhere);
  if (S_ISLNK(stats.st_mode)) refuse(folder, " is a symbolic link");
  if (!S_ISDIR(stats.st_mode)) refuse(folder, " is not a folder");
  if (stats.st_uid != geteuid()) refuse(folder, " belongs to another user");
  if ((stats.st_mode & 077) != 0) refuse(folder, " is open to others: it needs mode 700");
  while (!equal(folder, "/")) {
    folder = folder_of(folder);
    if (lstat(folder, &stats) != 0) fail(exit_storage, join(folder, ": ", ""), strerror(errno), elsewhere);
    if (!is_mine(&stats)) refuse(folder, " above the socket belongs to another user");
    if (!S_ISLNK(stats.st_mode) && is_swappable(&stats)) refuse(folder, " above the socket can be written by others");
  }
}

static _Noreturn void is_taken(const char *path) {
  fail(exit_unavailable, "somebody listens already at ", path, "an agent, or another relay: end it, or name another place");
}

/// The lock that an agent at this place would hold, for as long as this process lives.
static void take_lock(const char *path) {
  int lock = open(join(path, ".lock", ""), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (lock < 0) fail(exit_storage, join(path, ".lock cannot be made: ", ""), strerror(errno), elsewhere);
  // Anything but "taken" means that this file system has no such lock: the look at who answers has to do.
  if (flock(lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) is_taken(path);
}

/// Takes away what a relay or an agent that was killed left behind, and nothing else.
static void clear_place(const char *path, const struct sockaddr_un *address) {
  struct stat stats;
  if (lstat(path, &stats) != 0) {
    if (errno == ENOENT) return;
    fail(exit_storage, join(path, ": ", ""), strerror(errno), elsewhere);
  }
  if (S_ISLNK(stats.st_mode)) refuse(path, " is a symbolic link");
  if (!S_ISSOCK(stats.st_mode)) refuse(path, " is not a socket");
  if (stats.st_uid != geteuid()) refuse(path, " belongs to another user");
  int descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
  if (descriptor >= 0) fcntl(descriptor, F_SETFL, O_NONBLOCK);
  // A queue that is full is somebody too.
  if (connect(descriptor, (const struct sockaddr *)address, sizeof *address) == 0 || errno != ECONNREFUSED) is_taken(path);
  close(descriptor);
  if (unlink(path) != 0) fail(exit_storage, join(path, " cannot be removed: ", ""), strerror(errno), elsewhere);
}

int listen_at(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (path[0] != '/' || path[strlen(path) - 1] == '/') fail(exit_usage, "not an absolute path of a socket: ", path, elsewhere);
  if (strlen(path) >= sizeof address.sun_path) fail(exit_usage, "the path of the socket is too long: ", path, elsewhere);
  memcpy(address.sun_path, path, strlen(path) + 1);
  prepare_folder(path);
  take_lock(path);
  clear_place(path, &address);
  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  mode_t mask = umask(0177);
  bool is_bound = listener >= 0 && bind(listener, (struct sockaddr *)&address, sizeof address) == 0;
  umask(mask);
  if (!is_bound) fail(exit_storage, join("nobody can listen at ", path, ": "), strerror(errno), elsewhere);
  if (lstat(path, &bound_as) == 0) bound = path;
  fcntl(listener, F_SETFL, O_NONBLOCK);
  fcntl(listener, F_SETFD, FD_CLOEXEC);
  if (listen(listener, 4096) != 0) {
    int error = errno;
    remove_socket();
    fail(exit_storage, join("nobody can listen at ", path, ": "), strerror(error), elsewhere);
  }
  return listener;
}

void remove_socket(void) {
  struct stat stats;
  if (bound == NULL || lstat(bound, &stats) != 0) return;
  if (stats.st_dev == bound_as.st_dev && stats.st_ino == bound_as.st_ino) unlink(bound);
}
#else
typedef int not_posix_listen;
#endif
