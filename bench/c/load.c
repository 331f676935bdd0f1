// A load: `load MODE SOCKET REQUEST-FILE BODY-FILE CONNECTIONS SECONDS RATE`. Prints one line of JSON. Every answer must be a 200
// with the body of BODY-FILE; where that is empty, with the same body as the first.
//   keep   connections are kept open, and each asks again as soon as it is answered
//   each   as many requests under way, a new connection for each
//   rate   connections are kept open, and RATE requests a second are sent over them; a request's time counts from when it was due
//   burst  all connections ask at once, once

#include "wire.h"
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>

enum { most = 16384, room = 8192 };

struct connection {
  int fd;
  size_t have;
  uint64_t since;
  char answer[room];
};

static struct sockaddr_un address;
static struct bytes request, expected;
static struct connection *connections;
static int all, idle[most + 1], first_idle, last_idle, waiting;
static uint32_t *samples;
static size_t taken, capacity;
static long errors;

static void push_idle(int number) {
  idle[last_idle] = number;
  last_idle = (last_idle + 1) % (most + 1);
}

static int pop_idle(void) {
  if (first_idle == last_idle) return -1;
  int number = idle[first_idle];
  first_idle = (first_idle + 1) % (most + 1);
  return number;
}

static void sample(uint64_t ns) {
  if (taken == capacity) {
    capacity = capacity == 0 ? 1 << 16 : capacity * 2;
    samples = realloc(samples, capacity * sizeof *samples);
    if (samples == NULL) die("memory");
  }
  samples[taken++] = ns > UINT32_MAX ? UINT32_MAX : (uint32_t)ns;
}

static int by_size(const void *left, const void *right) {
  uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
  return (a > b) - (a < b);
}

// False where the listener's queue is full.
static int open_connection(int number) {
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (fd < 0) die("socket");
  if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
    if (errno != EAGAIN) die("connect");
    close(fd);
    return 0;
  }
  connections[number].fd = fd;
  struct epoll_event wanted = {.events = EPOLLIN, .data.u32 = (uint32_t)number};
  epoll_ctl(all, EPOLL_CTL_ADD, fd, &wanted);
  return 1;
}

static void ask(int number, uint64_t since) {
  struct connection *one = &connections[number];
  one->have = 0;
  one->since = since;
  waiting++;
  if (write(one->fd, request.data, request.length) != (ssize_t)request.length) die("write");
}

// Whether an answer is complete now.
static int hear(int number) {
  struct connection *one = &connections[number];
  ssize_t more = read(one->fd, one->answer + one->have, room - one->have);
  if (more < 0 && errno == EAGAIN) return 0;
  struct bytes body;
  enum answer is = bad;
  if (more > 0) {
    one->have += (size_t)more;
    is = parse_answer(one->answer, one->have, &body);
  }
  if (is == partial) return 0;
  waiting--;
  if (is == complete && expected.length == 0) {
    expected = (struct bytes){malloc(body.length), body.length};
    memcpy(expected.data, body.data, body.length);
  }
  if (is == bad || body.length != expected.length || memcmp(body.data, expected.data, body.length) != 0) {
    if (errors++ == 0) fprintf(stderr, "not a token: %.*s\n", (int)(one->have < 600 ? one->have : 600), one->answer);
    if (more <= 0) die("a connection was closed");
  }
  return 1;
}

static void wait_until(uint64_t at) {
  uint64_t now = now_ns();
  uint64_t left = at > now ? at - now : 0;
  struct timespec time = {.tv_sec = (time_t)(left / 1000000000u), .tv_nsec = (long)(left % 1000000000u)};
  struct pollfd one = {.fd = all, .events = POLLIN};
  ppoll(&one, 1, &time, NULL);
}

int main(int count, char **arguments) {
  if (count != 8) return 2;
  signal(SIGPIPE, SIG_IGN);
  prctl(PR_SET_TIMERSLACK, 1);
  char mode = arguments[1][0];
  address = address_of(arguments[2]);
  request = read_file(arguments[3]);
  expected = read_file(arguments[4]);
  int number_of = atoi(arguments[5]);
  uint64_t length = (uint64_t)(atof(arguments[6]) * 1e9);
  double rate = atof(arguments[7]);
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  all = epoll_create1(0);
  connections = calloc((size_t)number_of, sizeof *connections);
  if (number_of < 1 || number_of > most || connections == NULL) return 2;

  // Kept open: each has asked once before it counts, so that what a connection costs is in `each` alone.
  if (mode != 'e')
    for (int number = 0; number < number_of; number++) {
      while (!open_connection(number)) usleep(1000);
      if (mode != 'b') {
        struct pollfd its = {.fd = connections[number].fd, .events = POLLIN};
        ask(number, now_ns());
        do poll(&its, 1, 10000);
        while (!hear(number));
      }
      push_idle(number);
    }

  uint64_t start = now_ns(), end = start + length, due = start, last = start;
  for (int number = 0; number < number_of && mode == 'e'; number++) {
    uint64_t since = now_ns();
    if (open_connection(number)) ask(number, since);
    else push_idle(number);
  }
  for (int number; (mode == 'k' || mode == 'b') && (number = pop_idle()) >= 0;) ask(number, mode == 'b' ? start : now_ns());

  while (now_ns() < end || waiting > 0) {
    uint64_t now = now_ns();
    if (mode == 'b' && waiting == 0) break;
    if (now > end + 30000000000u) {
      errors += waiting;
      fprintf(stderr, "%d are not answered\n", waiting);
      break;
    }
    for (; mode == 'r' && now < end && due <= now; due += (uint64_t)(1e9 / rate)) {
      int number = pop_idle();
      if (number < 0) break;
      ask(number, due);
    }
    for (int number; mode == 'e' && now < end && (number = pop_idle()) >= 0;) {
      if (open_connection(number)) {
        ask(number, now);
        continue;
      }
      push_idle(number);
      break;
    }
    if (mode == 'r' && now < end) wait_until(due > now ? due : now + 1000000);
    struct epoll_event ready[256];
    int heard = epoll_wait(all, ready, 256, mode == 'r' && now < end ? 0 : mode == 'e' && waiting == 0 ? 1 : 100);
    for (int index = 0; index < heard; index++) {
      int number = (int)ready[index].data.u32;
      if (!hear(number)) continue;
      uint64_t at = now_ns();
      last = at;
      sample(at - connections[number].since);
      if (mode == 'e') {
        close(connections[number].fd);
        if (at < end) {
          if (open_connection(number)) ask(number, at);
          else push_idle(number);
        }
      } else if (mode == 'k') {
        if (at < end) ask(number, at);
      } else push_idle(number);
    }
  }

  if (taken == 0) die("nothing was answered");
  qsort(samples, taken, sizeof *samples, by_size);
  printf("{\"requests\":%zu,\"errors\":%ld,\"seconds\":%.6f,\"p50\":%.1f,\"p99\":%.1f,\"p999\":%.1f,\"longest\":%.1f}\n", taken, errors,
         (double)(last - start) / 1e9, samples[taken / 2] / 1e3, samples[taken * 99 / 100] / 1e3,
         samples[taken * 999 / 1000] / 1e3, samples[taken - 1] / 1e3);
  return errors == 0 ? 0 : 1;
}
