// A share's TCP port in place of a socket, as src/client/agent-address.ts: its address, its secret, and whom a secret may be sent to, which
// is this machine alone, since it goes in clear text.

#include "client.h"

#include <string.h>

static const char mounted[] = "/run/authsock/secret";
enum { longest_secret = 512 };

static char lower(char letter) { return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter; }

bool is_address(const char *path) {
  static const char scheme[] = "http";
  size_t at = 0;
  while (at < sizeof scheme - 1 && lower(path[at]) == scheme[at]) at++;
  if (at < sizeof scheme - 1) return false;
  if (lower(path[at]) == 's') at++;
  return path[at] == ':';
}

static bool is_of_this_machine(const char *host) {
  // As shareHosts in src/platform/loopback-http.ts.
  static const char *const hosts[] = {"127.0.0.1", "localhost", "[::1]", "host.docker.internal", "gateway.docker.internal", "host.containers.internal"};
  for (size_t index = 0; index < sizeof hosts / sizeof hosts[0]; index++) {
    if (equal(host, hosts[index])) return true;
  }
  return false;
}

static bool is_malformed(const char *address, char **why) {
  *why = join("AUTHSOCK is '", address, "', neither an absolute path nor http://HOST:PORT");
  return false;
}

bool read_address(const char *address, struct place *place, char **why) {
  char *host = join(address, "", "");
  for (size_t at = 0; host[at] != '\0'; at++) host[at] = lower(host[at]);
  if (!starts_with(host, "http://")) return is_malformed(address, why);
  host += 7;
  char *port = strrchr(host, ':');
  if (port == NULL || port == host) return is_malformed(address, why);
  *port++ = '\0';
  size_t length = 0;
  long number = 0;
  while (port[length] >= '0' && port[length] <= '9' && length < 6) number = number * 10 + (port[length++] - '0');
  if (equal(port + length, "/")) port[length] = '\0';
  if (length == 0 || port[length] != '\0' || number == 0 || number > 65535 || strpbrk(host, "/@") != NULL) return is_malformed(address, why);
  if (!is_of_this_machine(host)) {
    *why = join("AUTHSOCK is '", address, "', which is not this machine: the secret would go there in clear text");
    return false;
  }
  struct buffer digits = {0};
  append_number(&digits, (size_t)number);
  *place = (struct place){.name = host, .host = equal(host, "localhost") ? "127.0.0.1" : host, .port = digits.data, .number = (unsigned short)number};
  if (host[0] == '[') {
    place->host = join(host + 1, "", "");
    place->host[strlen(place->host) - 1] = '\0';
  }
  return true;
}

/// Up to what no header is made of.
static bool is_secret(char *text) {
  size_t length = strlen(text);
  while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r' || text[length - 1] == ' ')) text[--length] = '\0';
  for (size_t at = 0; at < length; at++) {
    char letter = text[at];
    bool is_word = (lower(letter) >= 'a' && lower(letter) <= 'z') || (letter >= '0' && letter <= '9');
    if (!is_word && strchr("-._~+/=", letter) == NULL) return false;
  }
  return length > 0 && length <= longest_secret;
}

bool append_headers(struct buffer *request, const char *address, const struct place *place, char **why) {
  char text[longest_secret + 3];
  const char *file = variable("AUTHSOCK_SECRET_FILE");
  const char *given = file == NULL ? variable("AUTHSOCK_SECRET") : NULL;
  const char *from = file != NULL ? file : given != NULL ? "AUTHSOCK_SECRET" : mounted;
  bool is_there = true;
  if (given == NULL) {
    is_there = read_file(from, text, sizeof text);
  } else if (strlen(given) < sizeof text) {
    memcpy(text, given, strlen(given) + 1);
  } else {
    text[0] = '\0';
  }
  if (!is_there || !is_secret(text)) {
    *why = join(address, " wants the share's secret, and ", join(from, is_there ? " is none" : " cannot be read", ""));
    return false;
  }
  append_text(request, "Host: ");
  append_text(request, place->name);
  append_text(request, ":");
  append_text(request, place->port);
  append_text(request, "\r\nAuthorization: Bearer ");
  append_text(request, text);
  append_text(request, "\r\n");
  return true;
}

bool is_near(const unsigned char *address, size_t length) {
  if (length == 16) {
    static const unsigned char loopback[16] = {[15] = 1};
    return memcmp(address, loopback, 16) == 0 || (address[0] & 0xfe) == 0xfc || (address[0] == 0xfe && (address[1] & 0xc0) == 0x80);
  }
  unsigned char first = address[0], second = address[1];
  return first == 0 || first == 10 || first == 127 || (first == 100 && (second & 0xc0) == 64) || (first == 169 && second == 254) ||
         (first == 172 && (second & 0xf0) == 16) || (first == 192 && second == 168);
}
