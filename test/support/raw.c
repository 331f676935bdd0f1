// stdin to a socket, its answer to stdout: what an attacker in a container with nothing else would write.
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (argc < 2 || strlen(argv[1]) >= sizeof address.sun_path) return 2;
  strcpy(address.sun_path, argv[1]);
  int descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
  if (connect(descriptor, (struct sockaddr *)&address, sizeof address) != 0) return 1;
  char bytes[4096];
  ssize_t got;
  while ((got = read(0, bytes, sizeof bytes)) > 0) {
    if (write(descriptor, bytes, (size_t)got) < 0) return 1;
  }
  shutdown(descriptor, SHUT_WR);
  while ((got = read(descriptor, bytes, sizeof bytes)) > 0) {
    if (write(1, bytes, (size_t)got) < 0) return 1;
  }
  return 0;
}
