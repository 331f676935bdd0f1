// What the POSIX files share: checks of owners and permissions. Included first: it selects what the system's headers declare.
#ifndef AUTHSOCK_POSIX_H
#define AUTHSOCK_POSIX_H

#if defined(__linux__)
#define _GNU_SOURCE
#else
#define _DARWIN_C_SOURCE
#endif

#include "client.h"

#include <sys/stat.h>

// ---- posix-trust.c

/// This user's, or root's.
bool is_mine(const struct stat *stats);
/// A folder in which another user can rename or replace entries.
bool is_swappable(const struct stat *folder);
/// A new text.
char *folder_of(const char *path);
/// Whether the process at the other end of the socket runs as this user or as root, as the kernel tells.
bool is_my_peer(int descriptor);
/// L10: `connected` if what lies at `path` is a socket that no other user can have put there.
enum connected check_socket(const char *path, char **why);
/// Mounted read-only into this container: no process in it can have created the socket, whoever owns it outside.
bool is_mounted_for_us(const char *path);

// ---- listen.c

/// Listens at a path at which no other process listens, in a folder that is this user's only; otherwise ends the process.
int listen_at(const char *path);
/// Removes the socket if it is still the one that listen_at() made.
void remove_socket(void);

#endif
