#ifndef _WIN32
// Whom to trust (L10), as src/platform/fs/socket-folder.ts.

#include "posix.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <unistd.h>

bool is_mine(const struct stat *stats) { return stats->st_uid == geteuid() || stats->st_uid == 0; }

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

bool is_mounted_for_us(const char *path) {
  struct statvfs mount;
  return statvfs(folder_of(path), &mount) == 0 && (mount.f_flag & ST_RDONLY) != 0;
}

static enum connected refuse(char **why, const char *before, const char *path, const char *after) {
  *why = join(before, path, after);
  return untrusted;
}

enum connected check_socket(const char *path, char **why) {
  struct stat stats;
  if (lstat(path, &stats) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return no_listener;
    *why = join(path, ": ", strerror(errno));
    return errno == EACCES ? untrusted : unusable;
  }
  if (S_ISLNK(stats.st_mode)) return refuse(why, "", path, " is a symbolic link");
  if (!S_ISSOCK(stats.st_mode)) return refuse(why, "", path, " is not a socket");
  if (is_mounted_for_us(path)) return connected;
  if (!is_mine(&stats)) return refuse(why, "", path, " belongs to another user");
  struct stat folder;
  if (lstat(folder_of(path), &folder) != 0) return connected;
  if (!is_mine(&folder)) return refuse(why, "the folder of ", path, " belongs to another user");
  if (is_swappable(&folder)) return refuse(why, "the folder of ", path, " can be written by others");
  return connected;
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
#else
typedef int not_posix_trust;
#endif
