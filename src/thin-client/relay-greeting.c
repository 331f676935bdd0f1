#include "relay-greeting.h"
#include "client.h"

#include <string.h>

const char relay_name[] = "authsock-relay ";
const char relay_version[] = "1";

static const char *quoted(const char *text) { return join("'", text, "'"); }

const char *check_greeting(char *line, const char **hint) {
  if (!starts_with(line, relay_name)) {
    *hint = "`authsock relay SHARE -- COMMAND` must be at the other end";
    return join("the first line is not a relay's: ", quoted(line), "");
  }
  char *version = line + strlen(relay_name);
  char *role = strchr(version, ' ');
  if (role != NULL) *role++ = '\0';
  if (!equal(version, relay_version)) {
    *hint = "update authsock on the side that is older";
    return join("the other end speaks version ", version, join(" of the relay protocol, and this one ", relay_version, ""));
  }
  if (role == NULL || !starts_with(role, "connects")) {
    *hint = "`authsock relay SHARE -- COMMAND` must be at the other end";
    return "the other end listens too";
  }
  return NULL;
}
