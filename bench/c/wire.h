// What the C programs of the benchmark have in common: clocks, sockets, files, and when an HTTP answer is complete.

#ifndef WIRE_H
#define WIRE_H

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

struct bytes {
  char *data;
  size_t length;
};

static inline void die(const char *what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  exit(1);
}

static inline uint64_t now_ns(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return (uint64_t)at.tv_sec * 1000000000u + (uint64_t)at.tv_nsec;
}

static inline struct sockaddr_un address_of(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) die("the socket's path is too long");
  strcpy(address.sun_path, path);
  return address;
}

static inline struct bytes read_file(const char *path) {
  struct bytes all = {malloc(1 << 20), 0};
  int file = open(path, O_RDONLY);
  if (file < 0 || all.data == NULL) die(path);
  for (ssize_t more; (more = read(file, all.data + all.length, (1 << 20) - all.length)) != 0; all.length += (size_t)more)
    if (more < 0) die(path);
  close(file);
  return all;
}

enum answer { partial, complete, bad };

// `body` is set where the answer is complete, or its header at least.
static inline enum answer parse_answer(const char *data, size_t length, struct bytes *body) {
  const char *end = memmem(data, length, "\r\n\r\n", 4);
  if (end == NULL) return partial;
  if (memcmp(data, "HTTP/1.1 200", 12) != 0) return bad;
  const char *field = memmem(data, (size_t)(end - data), "\r\nContent-Length: ", 18);
  if (field == NULL) return bad;
  size_t size = strtoul(field + 18, NULL, 10), header = (size_t)(end - data) + 4;
  *body = (struct bytes){(char *)end + 4, size};
  return length < header + size ? partial : length == header + size && size > 0 ? complete : bad;
}

#endif
