// The first line that each end of a relay sends (protocol/relay.md): `authsock-relay VERSION ROLE ...`.
#ifndef AUTHSOCK_RELAY_GREETING_H
#define AUTHSOCK_RELAY_GREETING_H

enum { max_greeting = 256 };

/// With the space that follows it.
extern const char relay_name[];
extern const char relay_version[];

/// Checks the line of the other end, and changes it. NULL, or what is wrong; `hint` is then set.
const char *check_greeting(char *line, const char **hint);

#endif
