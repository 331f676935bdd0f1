// The thin client carries a tool's request to `POST /v1/helper/{name}` and the answer back. It knows HTTP over a socket and the table of
// helpers, but no tool's protocol. It uses no stdio: it must start in the time of one round trip. Every room below is one C file
// (posix-*.c and windows-*.c implement the last ones).
#ifndef AUTHSOCK_CLIENT_H
#define AUTHSOCK_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

/// As in core/failures.ts.
enum { exit_ok = 0, exit_unexpected = 1, exit_usage = 2, exit_unavailable = 5, exit_denied = 6, exit_no_agent = 7, exit_storage = 9 };

// ---- text.c

struct buffer {
  char *data;
  size_t length;
  size_t capacity;
};

/// The data is always followed by a NUL.
void append(struct buffer *buffer, const char *data, size_t length);
void append_text(struct buffer *buffer, const char *text);
void append_number(struct buffer *buffer, size_t number);
/// Control characters and `%` as `%XX`.
void append_escaped(struct buffer *buffer, const char *text);
void clear(struct buffer *buffer);
bool equal(const char *a, const char *b);
bool starts_with(const char *text, const char *prefix);
char lower(char letter);
/// What follows the last separator, without `.exe`; a new text.
char *base_name(const char *path);
/// `a`, `b` and `c` in a new text.
char *join(const char *a, const char *b, const char *c);

// ---- display.c

/// For a terminal: controls other than line feed and tab, bidi and invisible characters, and invalid UTF-8 become U+FFFD.
void append_display(struct buffer *buffer, const char *data, size_t length);

// ---- helpers.c

enum input { input_none, input_block, input_all, input_lines };

/// How a tool is told that its helper failed: FailureForm in src/wire/helper-table.ts.
struct failure_form {
  /// `{message}` stands for the message and the hint on one line, `{status}` for an HTTP status. Required.
  const char *standard_out;
  bool is_json;
  bool uses_stderr;
  /// -1: the exit code of the failure.
  int exit_code;
  /// NULL, or written before a failure in the first call, after which one line of stdin is read.
  const char *greeting;
};

struct helper {
  const char *name;
  enum input input;
  /// Each list ends with NULL.
  const char *const *programs;
  const char *const *variables;
  /// NULL: the message on stderr and the exit code of the failure.
  const struct failure_form *failure;
};

/// NULL if there is none.
const struct helper *helper_by_name(const char *name);
/// `pnpm-authsock` is the helper `pnpm`; for `pnpm-authsock-work`, `first` becomes `work`. NULL if there is none.
const struct helper *helper_by_program(const char *program, const char **first);

// ---- failure.c

/// Failures from now on are told in this form; NULL: on stderr. `greets`: nothing was written to the tool yet.
void set_failure_form(const struct failure_form *form, bool greets);
/// Ends the process. `what` and `detail` say what is wrong; `hint`, if not NULL, what to do.
_Noreturn void fail(int code, const char *what, const char *detail, const char *hint);

// ---- http.c

struct answer {
  int status;
  struct buffer body;
  /// The helper's headers; -1 if they are absent.
  long standard_out;
  long exit_code;
  bool pass_on;
  bool keeps_open;
  /// The connection ended before the answer did.
  bool is_cut;
  /// A profile's name, or empty.
  char login[65];
};

/// Reads some bytes: more than 0, 0 at the end, -1 on an error.
typedef long (*read_some)(void *source, char *into, size_t size);

/// False if the answer is cut, malformed, or larger than any that the agent sends.
bool read_answer(struct answer *answer, read_some read, void *source);

// ---- share-address.c: the TCP port of a share

struct share_address {
  /// The host as it stands in the Host header.
  char *name;
  /// An IP address, or a name that a container engine resolves.
  char *host;
  char *port;
};

/// Whether it is a URL and not a path.
bool is_share_address(const char *text);
/// False if the secret must not be sent there; `why` is then set.
bool read_share_address(const char *text, struct share_address *address, char **why);
/// Host and Authorization; false if the secret cannot be read, `why` is then set.
bool append_share_headers(struct buffer *request, const char *text, const struct share_address *address, char **why);
/// Whether 4 or 16 bytes are an IP address of this machine or of a network on it.
bool is_near(const unsigned char *address, size_t length);

// ---- agent.c

struct call {
  const struct helper *helper;
  /// The name of the program that a tool started.
  const char *program;
  /// NULL, or an argument before the others: the end of the program's name.
  const char *first;
  int count;
  char **arguments;
};

/// Sends one request and reads its answer. Starts an agent if none runs, and asks again if the agent ends meanwhile.
void ask(const struct call *call, const char *input, size_t length, struct answer *answer);

// ---- conversation.c

/// Serves one run of a tool; the result is the exit code.
int serve(const struct call *call);

// ---- relay.c, windows-relay.c

/// `authsock-client relay [SOCKET]`: listens there, and forwards connections over stdin and stdout.
_Noreturn void relay(int count, char **arguments);

// ---- posix-connection.c, windows-connection.c

struct connection;

enum connected { connected, no_listener, untrusted, unusable };

/// `why` is set if the result is `untrusted` or `unusable`.
enum connected connect_to(const char *path, struct connection **connection, char **why);
enum connected connect_by_tcp(const struct share_address *address, struct connection **connection, char **why);
/// `deadline`: a time of clock_ms().
bool send_all(struct connection *connection, const char *data, size_t length, long long deadline);
/// As read_some; -1 also at the deadline.
long receive(struct connection *connection, char *into, size_t size, long long deadline);
/// Whether something can be received within so many milliseconds; true also if this system does not tell.
bool is_ready(struct connection *connection, int milliseconds);
void disconnect(struct connection *connection);

// ---- posix-system.c, windows-system.c

/// Called first: makes the arguments UTF-8, and opens closed standard descriptors.
void prepare_process(int *count, char ***arguments);
/// The agent's socket (on Windows the file that names its pipe) or the address of a share. NULL if none can be named; `why` is then set.
char *agent_path(const char **why);
/// A text of less than `size` bytes, ended by NUL; false if the file is empty or cannot be read.
bool read_file(const char *path, char *into, size_t size);
/// False if not all of it could be written.
bool write_out(const char *data, size_t length);
void write_error(const char *data, size_t length);
/// Whether somebody sees at once what is written there: it is a terminal.
bool errors_are_seen(void);
/// More than 0, or 0 at the end.
long read_input(char *into, size_t size);
/// NULL if it is not set or empty.
const char *variable(const char *name);
void set_variable(const char *name, const char *value);
/// A user can be asked: there is a terminal, this is no background job of it, and no CI job.
bool has_terminal(void);
/// Monotonic.
long long clock_ms(void);
void pause_for(int milliseconds);
_Noreturn void leave(int code);

// ---- posix-process.c, windows-process.c

/// The command that runs the main program, ending with NULL; NULL if it is not installed. There is room for `extra` arguments more.
char **main_command(size_t extra);
/// Runs `authsock start` and waits. The exit code, -1 if it could not run; `errors` is what it wrote to stderr.
int run_start(char *const command[], struct buffer *errors);
/// Runs the command on the terminal itself, whatever stdin and stdout are, and waits. The exit code, or -1.
int run_on_terminal(char *const command[]);
/// Replaces this process by the command; returns if that fails.
void become(char *const command[]);
/// The next program of this name on the PATH that is not this one, or NULL.
char *next_program(const char *name);

/// One process at a time may start the agent of a socket (R20). False: another process is starting it.
bool take_start_lock(const char *path);
/// What a starter that failed wrote for those that wait: its exit code, a line feed and its stderr. False if there is nothing.
bool read_start_failure(char *into, size_t size);
void write_start_failure(const char *text, size_t length);
void release_start_lock(void);

#endif
