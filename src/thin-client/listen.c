#ifndef _WIN32
// The socket at which a relay listens instead of an agent: made as src/platform/listen.ts and socket-folder.ts make the agent's.

#include "posix.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char other_path_hint[] = "name another path, as in `authsock-client relay /tmp/authsock-me/agent.sock`, and set AUTHSOCK to it for the tools";

static const char *bound_path;
static struct stat bound_socket;

static _Noreturn void refuse(const char *path, const char *why) { fail(exit_denied, path, why, other_path_hint); }

static void make_folders(char *folder) {
  for (char *at = folder + 1;; at++) {
    if (*at != '/' && *at != '\0') continue;
    char end = *at;
    *at = '\0';
    if (mkdir(folder, 0700) != 0 && errno != EEXIST && end == '\0') {
      fail(exit_storage, join(folder, " cannot be made: ", ""), strerror(errno), other_path_hint);
    }
    *at = end;
    if (end == '\0') return;
  }
}

/// L1: the folder must be this user's only, and no other user may be able to replace it.
static void prepare_folder(const char *path) {
  char *folder = folder_of(path);
  make_folders(folder);
  struct stat stats;
  if (lstat(folder, &stats) != 0) fail(exit_storage, join(folder, ": ", ""), strerror(errno), other_path_hint);
  if (S_ISLNK(stats.st_mode)) refuse(folder, " is a symbolic link");
  if (!S_ISDIR(stats.st_mode)) refuse(folder, " is not a folder");
  if (stats.st_uid != geteuid()) refuse(folder, " belongs to another user");
  if ((stats.st_mode & 077) != 0) refuse(folder, " is open to others: it needs mode 700");
  while (!equal(folder, "/")) {
    folder = folder_of(folder);
    if (lstat(folder, &stats) != 0) fail(exit_storage, join(folder, ": ", ""), strerror(errno), other_path_hint);
    if (!is_mine(&stats)) refuse(folder, " above the socket belongs to another user");
    if (!S_ISLNK(stats.st_mode) && is_swappable(&stats)) refuse(folder, " above the socket can be written by others");
  }
}

static _Noreturn void fail_as_taken(const char *path) {
  fail(exit_unavailable, "an agent or a relay listens already at ", path, "stop it, or name another path");
}

/// Takes the lock that an agent at this path would hold, until this process ends.
static void take_lock(const char *path) {
  int lock = open(join(path, ".lock", ""), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (lock < 0) fail(exit_storage, join(path, ".lock cannot be made: ", ""), strerror(errno), other_path_hint);
  // With any other error the file system has no such lock: clear_path() still checks whether a process listens.
  if (flock(lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) fail_as_taken(path);
}

/// Removes the socket of a relay or an agent that was killed, and nothing else.
static void clear_path(const char *path, const struct sockaddr_un *address) {
  struct stat stats;
  if (lstat(path, &stats) != 0) {
    if (errno == ENOENT) return;
    fail(exit_storage, join(path, ": ", ""), strerror(errno), other_path_hint);
  }
  if (S_ISLNK(stats.st_mode)) refuse(path, " is a symbolic link");
  if (!S_ISSOCK(stats.st_mode)) refuse(path, " is not a socket");
  if (stats.st_uid != geteuid()) refuse(path, " belongs to another user");
  int descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
  if (descriptor >= 0) fcntl(descriptor, F_SETFL, O_NONBLOCK);
  // A full queue is a listener too.
  if (connect(descriptor, (const struct sockaddr *)address, sizeof *address) == 0 || errno != ECONNREFUSED) fail_as_taken(path);
  close(descriptor);
  if (unlink(path) != 0) fail(exit_storage, join(path, " cannot be removed: ", ""), strerror(errno), other_path_hint);
}

int listen_at(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (path[0] != '/' || path[strlen(path) - 1] == '/') fail(exit_usage, "not an absolute path of a socket: ", path, other_path_hint);
  if (strlen(path) >= sizeof address.sun_path) fail(exit_usage, "the path of the socket is too long: ", path, other_path_hint);
  memcpy(address.sun_path, path, strlen(path) + 1);
  prepare_folder(path);
  take_lock(path);
  clear_path(path, &address);
  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  mode_t mask = umask(0177);
  bool is_bound = listener >= 0 && bind(listener, (struct sockaddr *)&address, sizeof address) == 0;
  umask(mask);
  if (!is_bound) fail(exit_storage, join("cannot listen at ", path, ": "), strerror(errno), other_path_hint);
  if (lstat(path, &bound_socket) == 0) bound_path = path;
  fcntl(listener, F_SETFL, O_NONBLOCK);
  fcntl(listener, F_SETFD, FD_CLOEXEC);
  if (listen(listener, 4096) != 0) {
    int error = errno;
    remove_socket();
    fail(exit_storage, join("cannot listen at ", path, ": "), strerror(error), other_path_hint);
  }
  return listener;
}

void remove_socket(void) {
  struct stat stats;
  if (bound_path == NULL || lstat(bound_path, &stats) != 0) return;
  if (stats.st_dev == bound_socket.st_dev && stats.st_ino == bound_socket.st_ino) unlink(bound_path);
}
#else
typedef int not_posix_listen;
#endif
