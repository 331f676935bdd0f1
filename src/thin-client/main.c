// Which helper is meant: by the program's name (`git-credential-authsock`) or by the first argument (`authsock-client git`).

#include "client.h"

#include <string.h>

static bool asks_for_help(int count, char **arguments) {
  for (int index = 0; index < count; index++) {
    if (equal(arguments[index], "--help") || equal(arguments[index], "-h")) return true;
  }
  return false;
}

/// Installed under the name `authsock`: whatever is no helper is for the main program.
static _Noreturn void hand_over(int count, char **arguments) {
  char **command = main_command((size_t)count);
  if (command != NULL) {
    size_t length = 0;
    while (command[length] != NULL) length++;
    memcpy(command + length, arguments, (size_t)count * sizeof *command);
    become(command);
  }
  fail(exit_no_agent, "the program authsock is not installed: only its thin client was found", "", NULL);
}

static const struct helper *helper_by_argument(const char *program, int count, char **arguments) {
  bool is_main = equal(program, "authsock");
  if (!is_main && count > 0 && equal(arguments[0], "relay")) relay(count - 1, arguments + 1);
  const struct helper *helper = count > 0 ? helper_by_name(arguments[0]) : NULL;
  if (is_main && (helper == NULL || asks_for_help(count - 1, arguments + 1))) hand_over(count, arguments);
  if (helper != NULL) return helper;
  if (count == 0) fail(exit_usage, "missing the name of a helper", "", "`authsock help helpers` lists them");
  fail(exit_usage, "unknown helper ", join("'", arguments[0], "'"), "`authsock help helpers` lists them");
}

int main(int argc, char **argv) {
  prepare_process(&argc, &argv);
  // A command file passes the name by which it was called.
  if (argc > 2 && equal(argv[1], "--as")) {
    argc -= 2;
    argv += 2;
  }
  char *program = base_name(argc > 0 ? argv[0] : "authsock-client");
  struct call call = {.program = program, .count = argc > 0 ? argc - 1 : 0, .arguments = argv + 1};
  call.helper = helper_by_program(program, &call.first);
  if (call.helper == NULL) {
    call.helper = helper_by_argument(program, call.count, call.arguments);
    call.program = call.helper->programs[0] == NULL ? call.helper->name : call.helper->programs[0];
    call.count -= 1;
    call.arguments += 1;
  }
  leave(serve(&call));
}
