// The other end of the floor: an epoll loop that gives every request the same bytes and hangs up. `floor SOCKET ANSWER-FILE`

#include "wire.h"
#include <signal.h>
#include <sys/epoll.h>

int main(int count, char **arguments) {
  if (count != 3) return 2;
  signal(SIGPIPE, SIG_IGN);
  struct bytes answer = read_file(arguments[2]);
  struct sockaddr_un address = address_of(arguments[1]);
  int listener = socket(AF_UNIX, SOCK_STREAM, 0), all = epoll_create1(0);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 4096) != 0) die("listen");
  struct epoll_event wanted = {.events = EPOLLIN, .data.fd = listener};
  epoll_ctl(all, EPOLL_CTL_ADD, listener, &wanted);
  for (;;) {
    struct epoll_event ready[64];
    int number = epoll_wait(all, ready, 64, -1);
    for (int index = 0; index < number; index++) {
      int fd = ready[index].data.fd;
      if (fd == listener) {
        int caller = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        struct epoll_event its = {.events = EPOLLIN, .data.fd = caller};
        if (caller >= 0) epoll_ctl(all, EPOLL_CTL_ADD, caller, &its);
        continue;
      }
      char request[4096];
      // A request of a few hundred bytes comes in one piece over a Unix socket.
      if (read(fd, request, sizeof request) > 0 && write(fd, answer.data, answer.length) < 0) perror("write");
      close(fd);
    }
  }
}
