// The floor: one request for a token on a socket, by the least program that can. `once SOCKET REQUEST-TARGET`, the body to stdout.

#include "wire.h"

int main(int count, char **arguments) {
  if (count != 3) return 2;
  char request[512], answer[16384];
  int length = snprintf(request, sizeof request,
                        "GET %s HTTP/1.1\r\nHost: authsock\r\nAccept: text/plain\r\nConnection: close\r\n\r\n", arguments[2]);
  struct sockaddr_un address = address_of(arguments[1]);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) return 7;
  if (write(fd, request, (size_t)length) != length) return 1;
  struct bytes body = {NULL, 0};
  enum answer is = partial;
  for (size_t have = 0; is == partial; is = parse_answer(answer, have, &body)) {
    ssize_t more = read(fd, answer + have, sizeof answer - have);
    if (more <= 0) return 1;
    have += (size_t)more;
  }
  if (is == bad) return 1;
  return write(1, body.data, body.length) == (ssize_t)body.length ? 0 : 1;
}
