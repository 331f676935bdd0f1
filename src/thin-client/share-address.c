// The TCP port of a share in place of a socket, as src/client/agent-address.ts: its address and its secret. The secret is sent in clear
// text, so only to this machine.

#include "client.h"

#include <string.h>

static const char mounted[] = "/run/authsock/secret";
enum { max_secret = 512 };

bool is_share_address(const char *path) {
  static const char scheme[] = "http";
  size_t at = 0;
  while (at < sizeof scheme - 1 && lower(path[at]) == scheme[at]) at++;
  if (at < sizeof scheme - 1) return false;
  if (lower(path[at]) == 's') at++;
  return path[at] == ':';
}

static bool is_this_machine(const char *host) {
  // As shareHosts in src/platform/loopback-http.ts.
  static const char *const hosts[] = {"127.0.0.1", "localhost", "[::1]", "host.docker.internal", "gateway.docker.internal", "host.containers.internal"};
  for (size_t index = 0; index < sizeof hosts / sizeof hosts[0]; index++) {
    if (equal(host, hosts[index])) return true;
  }
  return false;
}

static bool is_malformed(const char *text, char **why) {
  *why = join("AUTHSOCK is '", text, "', neither an absolute path nor http://HOST:PORT");
  return false;
}

/// Cuts `host` at its port, which must be a number; NULL otherwise.
static char *cut_port(char *host) {
  char *port = strrchr(host, ':');
  if (port == NULL || port == host) return NULL;
  *port++ = '\0';
  size_t length = 0;
  long number = 0;
  while (port[length] >= '0' && port[length] <= '9' && length < 6) number = number * 10 + (port[length++] - '0');
  if (equal(port + length, "/")) port[length] = '\0';
  if (length == 0 || port[length] != '\0' || number == 0 || number > 65535) return NULL;
  struct buffer digits = {0};
  append_number(&digits, (size_t)number);
  return digits.data;
}

bool read_share_address(const char *text, struct share_address *address, char **why) {
  char *host = join(text, "", "");
  for (size_t at = 0; host[at] != '\0'; at++) host[at] = lower(host[at]);
  if (!starts_with(host, "http://")) return is_malformed(text, why);
  host += strlen("http://");
  char *port = cut_port(host);
  if (port == NULL || strpbrk(host, "/@") != NULL) return is_malformed(text, why);
  if (!is_this_machine(host)) {
    *why = join("AUTHSOCK is '", text, "', which is not this machine: the secret would go there in clear text");
    return false;
  }
  *address = (struct share_address){.name = host, .host = equal(host, "localhost") ? "127.0.0.1" : host, .port = port};
  if (host[0] == '[') {
    address->host = join(host + 1, "", "");
    address->host[strlen(address->host) - 1] = '\0';
  }
  return true;
}

/// Removes white space at the end. Only characters of a bearer token (RFC 6750) may go into the header.
static bool is_secret(char *text) {
  size_t length = strlen(text);
  while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r' || text[length - 1] == ' ')) text[--length] = '\0';
  for (size_t at = 0; at < length; at++) {
    char letter = text[at];
    bool is_word = (lower(letter) >= 'a' && lower(letter) <= 'z') || (letter >= '0' && letter <= '9');
    if (!is_word && strchr("-._~+/=", letter) == NULL) return false;
  }
  return length > 0 && length <= max_secret;
}

/// From $AUTHSOCK_SECRET_FILE, $AUTHSOCK_SECRET, or the file mounted into a container.
static bool read_secret(char *secret, size_t size, const char *address, char **why) {
  const char *file = variable("AUTHSOCK_SECRET_FILE");
  const char *given = file == NULL ? variable("AUTHSOCK_SECRET") : NULL;
  const char *source = file != NULL ? file : given != NULL ? "AUTHSOCK_SECRET" : mounted;
  bool is_read = true;
  secret[0] = '\0';
  if (given == NULL) is_read = read_file(source, secret, size);
  else if (strlen(given) < size) memcpy(secret, given, strlen(given) + 1);
  if (is_read && is_secret(secret)) return true;
  *why = join(address, " needs the share's secret, and ", join(source, is_read ? " is none" : " cannot be read", ""));
  return false;
}

bool append_share_headers(struct buffer *request, const char *text, const struct share_address *address, char **why) {
  char secret[max_secret + 3];
  if (!read_secret(secret, sizeof secret, text, why)) return false;
  append_text(request, "Host: ");
  append_text(request, address->name);
  append_text(request, ":");
  append_text(request, address->port);
  append_text(request, "\r\nAuthorization: Bearer ");
  append_text(request, secret);
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
