// What posix.c and the relay have in common.
#ifndef AUTHSOCK_POSIX_H
#define AUTHSOCK_POSIX_H

#include "client.h"

#include <sys/stat.h>

/// Of this user's, or root's.
bool is_mine(const struct stat *stats);
/// A folder that others may write to, and take things out of.
bool is_swappable(const struct stat *folder);
char *folder_of(const char *path);
/// Whether it is this user, or root, at the other end; asked of the kernel.
bool is_my_peer(int descriptor);

// ---- listen.c

/// Listens at a place that nobody else listens at, in a folder that is this user's alone, or says why not and ends.
int listen_at(const char *path);
/// Removes the socket, unless another has taken its place.
void remove_socket(void);

#endif
