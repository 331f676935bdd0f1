// How a failure of the client itself is told: on stderr, or in the form that the tool's protocol has for it (H9).

#include "client.h"

#include <string.h>

static const struct failure_form *form;
static bool is_greeting_due;

void set_failure_form(const struct failure_form *wanted, bool greets) {
  form = wanted;
  is_greeting_due = greets;
}

/// The status of the failures that have this exit code, in core/failures.ts.
static size_t status_of(int code) {
  switch (code) {
    case exit_usage:
      return 400;
    case exit_denied:
      return 403;
    case exit_unavailable:
    case exit_no_agent:
      return 503;
    case exit_storage:
      return 507;
    default:
      return 500;
  }
}

static void append_replaced(struct buffer *buffer, const char *text, char each, const char *by) {
  for (; *text != '\0'; text++) {
    if (*text == each) append_text(buffer, by);
    else append(buffer, text, 1);
  }
}

static void append_json(struct buffer *buffer, const char *text) {
  for (; *text != '\0'; text++) {
    if (*text == '\t') {
      append_text(buffer, "\\t");
      continue;
    }
    if (*text == '"' || *text == '\\') append_text(buffer, "\\");
    append(buffer, text, 1);
  }
}

/// `authsock: MESSAGE`, then `hint: HINT`.
static void write_lines(const char *message, const char *hint) {
  struct buffer text = {0};
  append_text(&text, "authsock: ");
  append_replaced(&text, message, '\n', "\n          ");
  append_text(&text, "\n");
  if (hint != NULL) {
    append_text(&text, "hint: ");
    append_text(&text, hint);
    append_text(&text, "\n");
  }
  write_error(text.data, text.length);
}

static void append_one_line(struct buffer *line, const char *message, const char *hint) {
  append_text(line, "authsock: ");
  append_replaced(line, message, '\n', "; ");
  if (hint == NULL) return;
  append_text(line, "; ");
  append_replaced(line, hint, '\n', "; ");
}

/// The tool sends its first request once it has read the greeting.
static void greet(void) {
  char byte;
  write_out(form->greeting, strlen(form->greeting));
  while (read_input(&byte, 1) > 0 && byte != '\n') continue;
}

static void write_form(int code, const char *message, const char *hint) {
  struct buffer line = {0};
  struct buffer out = {0};
  append_one_line(&line, message, hint);
  for (const char *at = form->standard_out; *at != '\0';) {
    if (starts_with(at, "{message}")) {
      if (form->is_json) append_json(&out, line.data);
      else append(&out, line.data, line.length);
      at += strlen("{message}");
    } else if (starts_with(at, "{status}")) {
      append_number(&out, status_of(code));
      at += strlen("{status}");
    } else {
      append(&out, at++, 1);
    }
  }
  if (is_greeting_due && form->greeting != NULL) greet();
  if (form->uses_stderr) write_lines(message, hint);
  write_out(out.data, out.length);
}

_Noreturn void fail(int code, const char *what, const char *detail, const char *hint) {
  struct buffer message = {0};
  struct buffer advice = {0};
  append_display(&message, what, strlen(what));
  append_display(&message, detail, strlen(detail));
  if (message.data == NULL) append_text(&message, "");
  if (hint != NULL) append_display(&advice, hint, strlen(hint));
  if (form == NULL) write_lines(message.data, advice.data);
  else write_form(code, message.data, advice.data);
  leave(form != NULL && form->exit_code >= 0 ? form->exit_code : code);
}
