// One run of a tool: what it writes to stdin goes to the agent, and the answer to stdout and stderr.

#include "client.h"

#include <stdlib.h>
#include <string.h>

static const size_t max_input = 256u * 1024;

/// A login on the terminal. Other clients that need the same login wait for this one.
static bool log_in(const char *profile) {
  char **command = main_command(3);
  if (command == NULL) return false;
  size_t count = 0;
  while (command[count] != NULL) count++;
  command[count] = "login";
  command[count + 1] = join(profile, "", "");
  command[count + 2] = "--wait";
  return run_on_terminal(command) == 0;
}

static _Noreturn void pass_on(const struct call *call) {
  char *program = variable("AUTHSOCK_PASSED_ON") == NULL ? next_program(call->program) : NULL;
  char **command = program == NULL ? NULL : calloc((size_t)call->count + 2, sizeof *command);
  if (command != NULL) {
    command[0] = program;
    memcpy(command + 1, call->arguments, (size_t)call->count * sizeof *command);
    set_variable("AUTHSOCK_PASSED_ON", "1");
    become(command);
  }
  // No other program has this name.
  leave(exit_unexpected);
}

/// stderr first: a tool that has read stdout may end this process.
static void write_answer(const struct answer *answer) {
  size_t split = (size_t)answer->standard_out;
  if (answer->body.length > split) {
    struct buffer errors = {0};
    append_display(&errors, answer->body.data + split, answer->body.length - split);
    write_error(errors.data, errors.length);
    clear(&errors);
  }
  if (split > 0 && !write_out(answer->body.data, split)) {
    set_failure_form(NULL, false);
    fail(exit_unexpected, "stdout cannot be written", "", NULL);
  }
}

/// One request and its answer. The exit code; -1 if the conversation goes on.
static int converse(const struct call *call, const char *input, size_t length) {
  struct answer answer;
  ask(call, input, length, &answer);
  if (answer.login[0] != '\0' && log_in(answer.login)) {
    clear(&answer.body);
    ask(call, input, length, &answer);
  }
  if (answer.pass_on) pass_on(call);
  write_answer(&answer);
  clear(&answer.body);
  return (int)answer.exit_code;
}

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
    if (input->length > max_input) fail(exit_usage, "stdin is larger than any request of a tool", "", NULL);
    if (until == input_block && ends_block(input)) return;
  }
}

/// The next line of stdin without its end, at `*start` of `pending`; -1 at the end of stdin.
static long read_line(struct buffer *pending, size_t *start) {
  char part[4096];
  for (;;) {
    char *end = pending->length > *start ? memchr(pending->data + *start, '\n', pending->length - *start) : NULL;
    if (end != NULL) return (long)(end - (pending->data + *start));
    if (*start > 0) {
      memmove(pending->data, pending->data + *start, pending->length - *start);
      pending->length -= *start;
      *start = 0;
    }
    if (pending->length > max_input) fail(exit_usage, "a line of stdin is larger than any request of a tool", "", NULL);
    long got = read_input(part, sizeof part);
    if (got <= 0) return -1;
    append(pending, part, (size_t)got);
  }
}

/// A request for each line, until the agent or the tool ends it.
static int serve_lines(const struct call *call) {
  int code = converse(call, "", 0);
  set_failure_form(call->helper->failure, false);
  struct buffer pending = {0};
  size_t start = 0;
  while (code < 0) {
    long length = read_line(&pending, &start);
    if (length < 0) return exit_ok;
    size_t content = (size_t)length;
    if (content > 0 && pending.data[start + content - 1] == '\r') content--;
    // An empty request would begin the conversation again.
    if (content > 0) code = converse(call, pending.data + start, content);
    start += (size_t)length + 1;
  }
  return code;
}

int serve(const struct call *call) {
  set_failure_form(call->helper->failure, true);
  if (call->helper->input == input_lines) return serve_lines(call);
  struct buffer input = {0};
  if (call->helper->input != input_none) read_all(&input, call->helper->input);
  int code = converse(call, input.length == 0 ? "" : input.data, input.length);
  return code < 0 ? exit_unexpected : code;
}
