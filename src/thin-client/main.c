// Which helper is meant, what it is sent, and what becomes of the answer.

#include "client.h"

#include <stdlib.h>
#include <string.h>

enum input { input_none, input_block, input_all, input_lines };

struct helper {
  const char *name;
  enum input input;
  /// Each ends with NULL.
  const char *const *programs;
  const char *const *variables;
};

// Made from src/wire/helper-table.ts: `static const struct helper helpers[]`, ending with a name that is NULL.
#include "helpers.h"

static const size_t largest_input = 256u * 1024;
enum { longest_start = 3 };
static const char secret_hint[] =
    "the secret is the file 'secret' in the share's folder: mount that at /run/authsock, or set AUTHSOCK_SECRET_FILE";

struct call {
  const struct helper *helper;
  /// The program's name, for whoever is passed on to.
  const char *program;
  /// In front of the others: what a link's name says.
  const char *first;
  int count;
  char **arguments;
  struct connection *connection;
  /// Of the agent's socket, or the address of a share.
  char *path;
  bool is_by_tcp;
  struct place place;
};

static const struct helper *named(const char *name) {
  for (const struct helper *helper = helpers; helper->name != NULL; helper++) {
    if (equal(helper->name, name)) return helper;
  }
  return NULL;
}

/// `pnpm-authsock` is the helper `pnpm`; `pnpm-authsock-work` is it with `work` as its first argument.
static const struct helper *by_program(const char *program, const char **first) {
  for (const struct helper *helper = helpers; helper->name != NULL; helper++) {
    for (const char *const *each = helper->programs; *each != NULL; each++) {
      if (equal(program, *each)) return helper;
    }
  }
  for (const struct helper *helper = helpers; helper->name != NULL; helper++) {
    for (const char *const *each = helper->programs; *each != NULL; each++) {
      size_t length = strlen(*each);
      if (strstr(*each, "authsock") != NULL && starts_with(program, *each) && program[length] == '-' && program[length + 1] != '\0') {
        *first = program + length + 1;
        return helper;
      }
    }
  }
  return NULL;
}

static _Noreturn void hand_over(char **arguments) {
  char *program = main_program();
  if (program != NULL) {
    arguments[0] = program;
    become(program, arguments);
  }
  fail(exit_no_agent, "the program authsock is not installed: ", "only its thin client was found", NULL);
}

// ---- the agent

static void start_agent(void) {
  char *program = main_program();
  if (program == NULL) {
    fail(exit_no_agent, "no agent is running, and the program that starts one is not installed", "", "`authsock agent` starts it");
  }
  char *arguments[] = {program, "start", NULL};
  int code = run_quietly(program, arguments);
  // It has said why.
  if (code != 0) leave(code < 0 ? exit_no_agent : code);
}

static void find_agent(struct call *call) {
  const char *unusable_path = NULL;
  if ((call->path = agent_path(&unusable_path)) == NULL) fail(exit_usage, unusable_path, "", "set AUTHSOCK to an absolute path");
  char *why = NULL;
  call->is_by_tcp = is_address(call->path);
  if (call->is_by_tcp && !read_address(call->path, &call->place, &why)) {
    fail(exit_usage, why, "", "take it as `authsock share run-args NAME --tcp` prints it; to another machine: `authsock ssh --share NAME`");
  }
}

/// There is no agent that could be started from here.
static void connect_share(struct call *call) {
  char *why = NULL;
  switch (connect_by_tcp(&call->place, &call->connection, &why)) {
    case connected:
      return;
    case untrusted:
      fail(exit_denied, why, "", "a container engine answers for that name; without one, use 127.0.0.1");
    case nobody_there:
    case unusable:
      fail(exit_no_agent, join("no share listens at ", call->path, ": "), why, "on the machine of the agent, `authsock share show NAME` says where it listens");
  }
}

static void connect_agent(struct call *call) {
  if (call->is_by_tcp) {
    connect_share(call);
    return;
  }
  for (int starts = 0;; starts++) {
    char *why = NULL;
    switch (connect_to(call->path, &call->connection, &why)) {
      case connected:
        return;
      case untrusted:
        fail(exit_denied, why, "", "the socket belongs to somebody else: check AUTHSOCK and the folder it lies in");
      case unusable:
        fail(exit_no_agent, "the agent cannot be reached: ", why, "`authsock agent` starts it in the foreground and shows why it fails");
      case nobody_there:
        if (starts == longest_start) {
          fail(exit_no_agent, "no agent listens at ", call->path, "`authsock agent` starts it in the foreground and shows why it fails");
        }
        if (starts > 0) pause_for(100 * starts);
        start_agent();
    }
  }
}

static void describe(const struct call *call, const char *input, size_t length, struct buffer *request) {
  struct buffer body = {0};
  if (call->first != NULL) {
    append_text(&body, "arg ");
    append_escaped(&body, call->first);
    append_text(&body, "\n");
  }
  for (int index = 0; index < call->count; index++) {
    append_text(&body, "arg ");
    append_escaped(&body, call->arguments[index]);
    append_text(&body, "\n");
  }
  for (const char *const *name = call->helper->variables; *name != NULL; name++) {
    const char *value = variable(*name);
    if (value == NULL) continue;
    append_text(&body, "env ");
    append_text(&body, *name);
    append_text(&body, "=");
    append_escaped(&body, value);
    append_text(&body, "\n");
  }
  if (has_terminal()) append_text(&body, "terminal\n");
  append_text(&body, "\n");
  append(&body, input, length);

  append_text(request, "POST /v1/helper/");
  append_text(request, call->helper->name);
  append_text(request, " HTTP/1.1\r\n");
  char *why = NULL;
  if (!call->is_by_tcp) append_text(request, "Host: authsock\r\n");
  else if (!append_headers(request, call->path, &call->place, &why)) fail(exit_denied, why, "", secret_hint);
  append_text(request, "Content-Type: application/vnd.authsock.helper\r\nContent-Length: ");
  append_number(request, body.length);
  append_text(request, "\r\n\r\n");
  append(request, body.data, body.length);
  clear(&body);
}

static _Noreturn void fail_at_share(const struct call *call, int status) {
  if (status == 401) fail(exit_denied, "the share refuses the secret that is sent to ", call->path, secret_hint);
  if (status == 429) fail(exit_unavailable, "too many requests have been sent to ", call->path, "wait a moment, then try again");
  struct buffer text = {0};
  append_number(&text, (size_t)status);
  fail(status == 403 ? exit_denied : exit_unexpected, join("what listens at ", call->path, " refuses to answer: status "), text.data,
       "take the address as `authsock share run-args NAME --tcp` prints it, and no proxy");
}

/// Asks once, on a connection that is open or a new one: an agent may have been restarted since the last question.
static void ask(struct call *call, const char *input, size_t length, struct answer *answer) {
  struct buffer request = {0};
  if (call->path == NULL) find_agent(call);
  // Without the secret there is nothing to say to a share.
  if (call->is_by_tcp) describe(call, input, length, &request);
  for (int tries = 0;; tries++) {
    bool was_open = call->connection != NULL;
    if (!was_open) connect_agent(call);
    // The agent wakes up meanwhile.
    if (request.length == 0) describe(call, input, length, &request);
    bool is_good = send_all(call->connection, request.data, request.length) && read_answer(answer, receive, call->connection);
    if (is_good && answer->keeps_open) break;
    hang_up(call->connection);
    call->connection = NULL;
    if (is_good) break;
    if (!was_open || tries > 0) {
      fail(exit_unavailable, "the agent hung up in the middle of its answer", "", "try again; `authsock status` shows whether it runs");
    }
  }
  clear(&request);
  if (answer->standard_out >= 0) return;
  if (call->is_by_tcp) fail_at_share(call, answer->status);
  struct buffer status = {0};
  append_number(&status, (size_t)answer->status);
  fail(answer->status == 403 ? exit_denied : exit_unexpected, "the agent refuses to answer: status ", status.data,
       answer->status == 403 ? "this agent belongs to another user" : "is it of another version? `authsock status` shows it");
}

/// A login on the terminal, once, where the agent says that it would help; others who need it wait for the same one.
static bool logged_in(const char *profile) {
  char *program = main_program();
  if (program == NULL) return false;
  char name[sizeof((struct answer *)0)->login];
  memcpy(name, profile, sizeof name);
  char *arguments[] = {program, "login", name, "--wait", NULL};
  return run_on_terminal(program, arguments) == 0;
}

static _Noreturn void pass_on(const struct call *call) {
  char *program = variable("AUTHSOCK_PASSED_ON") == NULL ? next_program(call->program) : NULL;
  if (program != NULL) {
    char **arguments = calloc((size_t)call->count + 2, sizeof *arguments);
    if (arguments != NULL) {
      arguments[0] = program;
      memcpy(arguments + 1, call->arguments, (size_t)call->count * sizeof *arguments);
      set_variable("AUTHSOCK_PASSED_ON", "1");
      become(program, arguments);
    }
  }
  // There is no other: it has nothing.
  leave(exit_unexpected);
}

/// One question and its answer. The exit code; -1 where the conversation goes on.
static int converse(struct call *call, const char *input, size_t length) {
  struct answer answer;
  ask(call, input, length, &answer);
  if (answer.login[0] != '\0' && logged_in(answer.login)) {
    clear(&answer.body);
    ask(call, input, length, &answer);
  }
  if (answer.pass_on) pass_on(call);
  size_t split = (size_t)answer.standard_out;
  // First what is wrong: whoever reads stdout may end this process when he has it.
  if (answer.body.length > split) write_error(answer.body.data + split, answer.body.length - split);
  if (split > 0 && !write_out(answer.body.data, split)) fail(exit_unexpected, "stdout cannot be written", "", NULL);
  clear(&answer.body);
  return (int)answer.exit_code;
}

// ---- what the tool says

static bool ends_block(const struct buffer *input) {
  const char *end = input->data + input->length;
  return (input->length == 1 && end[-1] == '\n') || (input->length >= 2 && end[-1] == '\n' && end[-2] == '\n');
}

static void read_all(struct buffer *input, enum input until) {
  char part[4096];
  for (;;) {
    long got = read_input(part, sizeof part);
    if (got <= 0) return;
    append(input, part, (size_t)got);
    if (input->length > largest_input) fail(exit_usage, "stdin is larger than any request of a tool", "", NULL);
    if (until == input_block && ends_block(input)) return;
  }
}

/// A question for each line, until either side has enough.
static int converse_by_line(struct call *call) {
  int code = converse(call, "", 0);
  struct buffer pending = {0};
  char part[4096];
  size_t start = 0;
  while (code < 0) {
    char *end = pending.length > start ? memchr(pending.data + start, '\n', pending.length - start) : NULL;
    if (end != NULL) {
      size_t length = (size_t)(end - pending.data) - start;
      size_t content = length > 0 && pending.data[start + length - 1] == '\r' ? length - 1 : length;
      // An empty one would begin the conversation anew.
      if (content > 0) code = converse(call, pending.data + start, content);
      start += length + 1;
      continue;
    }
    if (start > 0) {
      memmove(pending.data, pending.data + start, pending.length - start);
      pending.length -= start;
      start = 0;
    }
    if (pending.length > largest_input) fail(exit_usage, "a line of stdin is larger than any request of a tool", "", NULL);
    long got = read_input(part, sizeof part);
    if (got <= 0) return exit_ok;
    append(&pending, part, (size_t)got);
  }
  return code;
}

static bool asks_for_help(int count, char **arguments) {
  for (int index = 0; index < count; index++) {
    if (equal(arguments[index], "--help") || equal(arguments[index], "-h")) return true;
  }
  return false;
}

int main(int argc, char **argv) {
  take_arguments(&argc, &argv);
  // A command file says so what it was called.
  bool is_told = argc > 2 && equal(argv[1], "--as");
  if (is_told) {
    argc -= 2;
    argv += 2;
  }
  char *program = base_name(argc > 0 ? argv[0] : "authsock-client");
  struct call call = {.program = program, .count = argc > 0 ? argc - 1 : 0, .arguments = argv + 1};
  call.helper = by_program(program, &call.first);
  if (call.helper == NULL) {
    bool is_main = equal(program, "authsock");
    if (!is_main && argc > 1 && equal(argv[1], "relay")) relay(argc - 2, argv + 2);
    const struct helper *helper = argc > 1 ? named(argv[1]) : NULL;
    if (is_main && (helper == NULL || asks_for_help(argc - 2, argv + 2))) hand_over(argv);
    if (helper == NULL) {
      fail(exit_usage, argc > 1 ? "there is no helper " : "which helper?", argc > 1 ? join("'", argv[1], "'") : "", "`authsock help helpers` lists them");
    }
    call.helper = helper;
    call.program = helper->programs[0] == NULL ? helper->name : helper->programs[0];
    call.count -= 1;
    call.arguments += 1;
  }
  if (call.helper->input == input_lines) leave(converse_by_line(&call));
  struct buffer input = {0};
  if (call.helper->input != input_none) read_all(&input, call.helper->input);
  int code = converse(&call, input.length == 0 ? "" : input.data, input.length);
  leave(code < 0 ? exit_unexpected : code);
}
