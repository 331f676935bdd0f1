#ifndef _WIN32
// R20: one process at a time starts the agent of a socket. The lock is on the file SOCKET.start, as in src/client/start.ts; a starter that
// fails leaves its reason there for those that waited.

#include "posix.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static int lock = -1;

static void make_folders(char *folder) {
  for (char *at = folder + 1;; at++) {
    if (*at != '/' && *at != '\0') continue;
    char end = *at;
    *at = '\0';
    mkdir(folder, 0700);
    if (end == '\0') return;
    *at = end;
  }
}

static int open_lock(const char *path) {
  char *file = join(path, ".start", "");
  int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  int descriptor = open(file, flags, 0600);
  if (descriptor < 0 && errno == ENOENT) {
    make_folders(folder_of(path));
    descriptor = open(file, flags, 0600);
  }
  struct stat stats;
  if (descriptor < 0 || (fstat(descriptor, &stats) == 0 && S_ISREG(stats.st_mode) && stats.st_uid == geteuid())) return descriptor;
  close(descriptor);
  return -1;
}

bool take_start_lock(const char *path) {
  int descriptor = open_lock(path);
  // Without the file, or on a file system without locks, each client starts an agent; the agents leave one of them running.
  if (descriptor < 0) return true;
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    close(descriptor);
    return false;
  }
  lock = descriptor;
  return true;
}

bool read_start_failure(char *into, size_t size) {
  ssize_t length = lock < 0 ? 0 : pread(lock, into, size - 1, 0);
  into[length < 0 ? 0 : length] = '\0';
  return length > 0;
}

void write_start_failure(const char *text, size_t length) {
  if (lock < 0 || ftruncate(lock, 0) != 0) return;
  // If it is not written, those that wait try to start the agent themselves.
  if (pwrite(lock, text, length, 0) < 0) return;
}

void release_start_lock(void) {
  if (lock >= 0) close(lock);
  lock = -1;
}
#else
typedef int not_posix_start_lock;
#endif
