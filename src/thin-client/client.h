// The thin client: a pipe between a tool and `POST /v1/helper/{name}`. It knows HTTP over a socket and the table of helpers, and
// nothing about any helper's protocol. No stdio: it is to start in the time of a round trip.
#ifndef AUTHSOCK_CLIENT_H
#define AUTHSOCK_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

// As in core/failures.ts.
enum { exit_ok = 0, exit_unexpected = 1, exit_usage = 2, exit_unavailable = 5, exit_denied = 6, exit_no_agent = 7, exit_storage = 9 };

// ---- text.c

struct buffer {
  char *data;
  size_t length;
  size_t capacity;
};

void append(struct buffer *buffer, const char *data, size_t length);
void append_text(struct buffer *buffer, const char *text);
void append_number(struct buffer *buffer, size_t number);
/// Control characters and `%` as `%XX`.
void append_escaped(struct buffer *buffer, const char *text);
void clear(struct buffer *buffer);
bool equal(const char *a, const char *b);
bool starts_with(const char *text, const char *prefix);
/// What follows the last separator, without `.exe`; in a buffer of its own.
char *base_name(const char *path);
/// `a`, `b` and `c` in a new text.
char *join(const char *a, const char *b, const char *c);
/// Says what is wrong, and what to do where `hint` is not NULL.
_Noreturn void fail(int code, const char *what, const char *detail, const char *hint);

// ---- http.c: reads one answer

struct answer {
  int status;
  struct buffer body;
  /// Of the helper's headers; -1 where they are absent.
  long standard_out;
  long exit_code;
  bool pass_on;
  bool keeps_open;
  char login[65];
};

/// Gives some bytes of the answer: more than 0, 0 at its end, -1 on an error.
typedef long (*read_some)(void *source, char *into, size_t most);

/// False where what comes is not an answer: cut, malformed, or larger than any that the agent sends.
bool read_answer(struct answer *answer, read_some read, void *source);

// ---- relay.c, windows.c

/// `authsock-client relay [SOCKET]`: listens there, and carries what comes over stdin and stdout.
_Noreturn void relay(int count, char **arguments);
// ---- tcp.c: a share that is asked by TCP

struct place {
  /// As it is named in requests.
  char *name;
  /// To be connected to: an IP address, or a name that a container engine answers for.
  char *host;
  char *port;
  unsigned short number;
};

/// Whether it is a URL and no path.
bool is_address(const char *path);
/// False where a secret cannot be sent there: `why` says why.
bool read_address(const char *address, struct place *place, char **why);
/// Host and Authorization; false where the secret is not to be had: `why` says why.
bool append_headers(struct buffer *request, const char *address, const struct place *place, char **why);
/// 4 or 16 bytes of an IP address: of this machine, or of a network that is made on it.
bool is_near(const unsigned char *address, size_t length);

// ---- posix.c, windows.c

struct connection;

/// First of all: replaces what `main` was given by the same in UTF-8, where that is something else, and mends what a tool may leave.
void take_arguments(int *count, char ***arguments);

enum connected { connected, nobody_there, untrusted, unusable };

/// Where the agent listens; NULL where no place can be named. `why` is set where the result is not `connected` or NULL.
char *agent_path(const char **why);
enum connected connect_to(const char *path, struct connection **connection, char **why);
enum connected connect_by_tcp(const struct place *place, struct connection **connection, char **why);
/// A text of less than `size` bytes, ended by NUL; false where there is none.
bool read_file(const char *path, char *into, size_t size);
bool send_all(struct connection *connection, const char *data, size_t length);
long receive(void *connection, char *into, size_t most);
void hang_up(struct connection *connection);

/// False where not all of it could be written.
bool write_out(const char *data, size_t length);
void write_error(const char *data, size_t length);
/// More than 0, 0 at the end.
long read_input(char *into, size_t most);
const char *variable(const char *name);
/// Somebody can be asked: there is a terminal, and this is no CI job.
bool has_terminal(void);
/// Runs the program with its output thrown away and waits; the exit code, or -1 where there is no such program.
int run_quietly(const char *program, char *const arguments[]);
/// Runs the program on the terminal itself, whatever stdin and stdout are, and waits; the exit code, or -1.
int run_on_terminal(const char *program, char *const arguments[]);
void set_variable(const char *name, const char *value);
/// This process goes on as that program; returns where it cannot.
void become(const char *program, char *const arguments[]);
/// The TypeScript program: beside this one, or on the PATH. NULL where there is none.
char *main_program(void);
/// The next program of this name on the PATH that is not this one.
char *next_program(const char *name);
void pause_for(int milliseconds);
_Noreturn void leave(int code);

#endif
