// One request to the agent and its answer. Finds the agent, starts it if none runs, and asks again if it ended before it answered.

#include "client.h"

#include <stdlib.h>
#include <string.h>

#ifndef AUTHSOCK_ANSWER_TIMEOUT_MS
#define AUTHSOCK_ANSWER_TIMEOUT_MS (130 * 1000)
#endif

enum {
  /// For the whole of an answer, with all tries: a token may wait for another agent's lock and then for a slow server.
  answer_timeout_ms = AUTHSOCK_ANSWER_TIMEOUT_MS,
  /// For an agent to come up, on a busy machine.
  start_timeout_ms = 30 * 1000,
  /// For a listener that cannot be started from here to come back after it was lost in the middle of a request.
  return_timeout_ms = 5 * 1000,
  /// Requests cut off in a row by a listener that is there again at once: it is no agent, or a broken one.
  max_cut = 5,
};

static const char secret_hint[] =
    "the secret is the file 'secret' in the share's folder: mount that at /run/authsock, or set AUTHSOCK_SECRET_FILE";
static const char agent_hint[] = "`authsock agent` starts it in the foreground and shows why it fails";

static struct {
  /// The agent's socket, or the address of a share. NULL: not determined yet.
  char *path;
  bool is_share;
  struct share_address share;
  /// NULL: not connected.
  struct connection *connection;
  long long deadline;
} agent;

static void find_agent(void) {
  const char *unusable_path = NULL;
  if ((agent.path = agent_path(&unusable_path)) == NULL) fail(exit_usage, unusable_path, "", "set AUTHSOCK to an absolute path");
  char *why = NULL;
  agent.is_share = is_share_address(agent.path);
  if (agent.is_share && !read_share_address(agent.path, &agent.share, &why)) {
    fail(exit_usage, why, "", "take it as `authsock share run-args NAME --tcp` prints it; to another machine: `authsock ssh --share NAME`");
  }
}

// ---- starting it

/// Ends the process with what `authsock start` wrote to stderr: `authsock: MESSAGE`, then perhaps `hint: HINT`.
static _Noreturn void fail_as_told(int code, char *told) {
  char *message = starts_with(told, "authsock: ") ? told + strlen("authsock: ") : told;
  char *hint = strstr(message, "\nhint: ");
  if (hint != NULL) {
    *hint = '\0';
    hint += strlen("\nhint: ");
    hint[strcspn(hint, "\n")] = '\0';
  }
  size_t length = strlen(message);
  while (length > 0 && message[length - 1] == '\n') message[--length] = '\0';
  if (length == 0) fail(code, "the agent could not be started", "", agent_hint);
  fail(code, message, "", hint);
}

/// Runs `authsock start`. Returns also if that was killed, because the caller tries again until its deadline.
static void start_agent(char **command) {
  size_t count = 0;
  while (command[count] != NULL && !equal(command[count], "start")) count++;
  command[count] = "start";
  struct buffer told = {0};
  int code = run_start(command, &told);
  if (code == 0 || code > 128) {
    clear(&told);
    return;
  }
  if (told.data == NULL) append_text(&told, "");
  if (code < 0) code = exit_no_agent;
  struct buffer note = {0};
  append_number(&note, (size_t)code);
  append_text(&note, "\n");
  append_text(&note, told.data);
  write_start_failure(note.data, note.length);
  fail_as_told(code, told.data);
}

/// A starter failed while this process waited for it: the same would happen here.
static void fail_as_starter(void) {
  char note[2048];
  if (!read_start_failure(note, sizeof note)) return;
  int code = atoi(note);
  char *told = strchr(note, '\n');
  if (code > 0 && code < 128 && told != NULL) fail_as_told(code, told + 1);
}

enum start { start_idle, start_waited, start_mine };

/// One step towards an agent that listens: starts it, or lets another process do so.
static enum start advance_start(enum start start, char **command, int *pause_ms) {
  if (start == start_mine) {
    write_start_failure("", 0);
    start_agent(command);
    pause_for(50);
    return start_mine;
  }
  if (take_start_lock(agent.path)) {
    if (start == start_waited) fail_as_starter();
    // Another process may have started the agent before this one had the lock: connect once more.
    return start_mine;
  }
  pause_for(*pause_ms);
  if (*pause_ms < 200) *pause_ms *= 2;
  return start_waited;
}

// ---- connecting

/// True if it listens; false if not. Ends the process if it must not be trusted or cannot be used.
static bool try_agent(void) {
  char *why = NULL;
  switch (connect_to(agent.path, &agent.connection, &why)) {
    case connected:
      return true;
    case no_listener:
      return false;
    case untrusted:
      fail(exit_denied, why, "", "the socket belongs to another user: check AUTHSOCK and the folder of the socket");
    case unusable:
    default:
      fail(exit_no_agent, "the agent cannot be reached: ", why, agent_hint);
  }
}

/// For an agent that cannot be started from here (in a container): `was_lost` if it may be restarting.
static void wait_for_agent(bool was_lost) {
  for (long long until = clock_ms() + (was_lost ? return_timeout_ms : 0); clock_ms() < until;) {
    pause_for(100);
    if (try_agent()) return;
  }
  fail(exit_no_agent, "no agent listens at ", join(agent.path, ", and the program that starts one is not installed", ""), "`authsock agent` starts it");
}

/// Returns whether the agent had to be waited for.
static bool connect_agent(bool was_lost) {
  if (try_agent()) return false;
  char **command = main_command(1);
  if (command == NULL) {
    wait_for_agent(was_lost);
    return true;
  }
  long long until = clock_ms() + start_timeout_ms;
  if (until > agent.deadline) until = agent.deadline;
  enum start start = start_idle;
  for (int pause_ms = 10; clock_ms() < until;) {
    start = advance_start(start, command, &pause_ms);
    if (try_agent()) {
      if (start == start_mine) release_start_lock();
      return true;
    }
  }
  fail(exit_no_agent, "no agent listens at ", agent.path, agent_hint);
}

/// `was_lost`: it answered before, so it may be restarting.
static void connect_share(bool was_lost) {
  long long until = clock_ms() + (was_lost ? return_timeout_ms : 0);
  for (;;) {
    char *why = NULL;
    switch (connect_by_tcp(&agent.share, &agent.connection, &why)) {
      case connected:
        return;
      case untrusted:
        fail(exit_denied, why, "", "a container engine resolves that name; without one, use 127.0.0.1");
      case no_listener:
      case unusable:
      default:
        if (clock_ms() < until) break;
        fail(exit_no_agent, join("no share listens at ", agent.path, ": "), why == NULL ? "" : why,
             "on the machine of the agent, `authsock share show NAME` shows where it listens");
    }
    pause_for(100);
  }
}

// ---- the request

static void append_field(struct buffer *body, const char *name, const char *value) {
  append_text(body, name);
  append_escaped(body, value);
  append_text(body, "\n");
}

/// The body of src/wire/helper.ts: arguments and variables, an empty line, stdin.
static void append_call(struct buffer *body, const struct call *call, const char *input, size_t length) {
  if (call->first != NULL) append_field(body, "arg ", call->first);
  for (int index = 0; index < call->count; index++) append_field(body, "arg ", call->arguments[index]);
  for (const char *const *name = call->helper->variables; *name != NULL; name++) {
    const char *value = variable(*name);
    if (value == NULL) continue;
    append_text(body, "env ");
    append_text(body, *name);
    append_field(body, "=", value);
  }
  if (has_terminal()) append_text(body, "terminal\n");
  append_text(body, "\n");
  append(body, input, length);
}

static void append_request(struct buffer *request, const struct call *call, const char *input, size_t length) {
  struct buffer body = {0};
  char *why = NULL;
  append_call(&body, call, input, length);
  append_text(request, "POST /v1/helper/");
  append_text(request, call->helper->name);
  append_text(request, " HTTP/1.1\r\n");
  if (!agent.is_share) append_text(request, "Host: authsock\r\n");
  else if (!append_share_headers(request, agent.path, &agent.share, &why)) fail(exit_denied, why, "", secret_hint);
  append_text(request, "Content-Type: application/vnd.authsock.helper\r\nContent-Length: ");
  append_number(request, body.length);
  append_text(request, "\r\n\r\n");
  append(request, body.data, body.length);
  clear(&body);
}

/// A tool that waits in silence looks as if it hung (U5).
static void tell_waiting(void) {
  enum { silence_ms = 2000 };
  static bool was_told;
  if (was_told || is_ready(agent.connection, silence_ms)) return;
  was_told = true;
  static const char text[] = "authsock: waiting for the agent; if it asks you for an approval, answer there or with `authsock approve`\n";
  if (errors_are_seen()) write_error(text, sizeof text - 1);
}

static long receive_some(void *source, char *into, size_t size) {
  (void)source;
  tell_waiting();
  return receive(agent.connection, into, size, agent.deadline);
}

/// True if the agent answered, in any way.
static bool exchange(const struct buffer *request, struct answer *answer) {
  if (!send_all(agent.connection, request->data, request->length, agent.deadline)) {
    *answer = (struct answer){.is_cut = true};
    return false;
  }
  return read_answer(answer, receive_some, NULL);
}

static void drop_connection(void) {
  disconnect(agent.connection);
  agent.connection = NULL;
}

/// Asks until there is an answer: on the open connection, then on new ones. Repeating is safe, for a token as for storing a secret.
static void exchange_until_answered(const struct call *call, const char *input, size_t length, struct answer *answer) {
  struct buffer request = {0};
  // Read before connecting: without its secret nothing is said to a share.
  if (agent.is_share) append_request(&request, call, input, length);
  bool was_lost = false;
  for (int cut = 0;;) {
    bool was_open = agent.connection != NULL;
    if (!was_open && agent.is_share) connect_share(was_lost);
    else if (!was_open && connect_agent(was_lost)) cut = 0;
    // Built after connecting, while the agent wakes up.
    if (request.length == 0) append_request(&request, call, input, length);
    bool is_answered = exchange(&request, answer);
    if (is_answered && answer->keeps_open) break;
    drop_connection();
    if (is_answered) break;
    clear(&answer->body);
    // The agent closes idle connections, and may have been restarted between two requests.
    if (was_open) continue;
    if (clock_ms() >= agent.deadline) fail(exit_unavailable, "the agent does not answer", "", "try again; `authsock status` shows whether it runs");
    if (!answer->is_cut || cut == max_cut) {
      fail(exit_unavailable, "the agent hung up in the middle of its answer", "", "try again; `authsock status` shows whether it runs");
    }
    pause_for(50 << cut++);
    was_lost = true;
  }
  clear(&request);
}

// ---- its answer

static _Noreturn void fail_at_share(int status) {
  if (status == 401) fail(exit_denied, "the share refuses the secret that is sent to ", agent.path, secret_hint);
  if (status == 429) fail(exit_unavailable, "too many requests were sent to ", agent.path, "wait a moment, then try again");
  struct buffer text = {0};
  append_number(&text, (size_t)status);
  fail(status == 403 ? exit_denied : exit_unexpected, join("the server at ", agent.path, " is no share of an agent: status "), text.data,
       "take the address as `authsock share run-args NAME --tcp` prints it, and use no proxy");
}

void ask(const struct call *call, const char *input, size_t length, struct answer *answer) {
  if (agent.path == NULL) find_agent();
  agent.deadline = clock_ms() + answer_timeout_ms;
  exchange_until_answered(call, input, length, answer);
  if (answer->standard_out >= 0) return;
  if (agent.is_share) fail_at_share(answer->status);
  struct buffer status = {0};
  append_number(&status, (size_t)answer->status);
  fail(answer->status == 403 ? exit_denied : exit_unexpected, "the agent refuses to answer: status ", status.data,
       answer->status == 403 ? "this agent belongs to another user" : "the agent may be of another version: `authsock status` shows it");
}
