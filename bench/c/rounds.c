// Starts programs by turns and measures each from its start to its end:
// `rounds ROUNDS SECONDS OUTPUT-FILE  STDIN-FILE MIN-BYTES PROGRAM ARGUMENT... ;  STDIN-FILE MIN-BYTES PROGRAM ... ;`
// As many rounds as are asked for, each in another order, and no new one after so many seconds. Prints a line a run, the command's number and nanoseconds. Ends with 1 where a program fails or prints less than MIN-BYTES.

#include "wire.h"
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>

extern char **environ;

struct command {
  const char *input;
  long least;
  char **arguments;
};

static uint64_t run(const struct command *command, int output, int number) {
  int input = open(command->input, O_RDONLY | O_CLOEXEC);
  if (input < 0 || ftruncate(output, 0) != 0) die(command->input);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input, 0);
  posix_spawn_file_actions_adddup2(&actions, output, 1);
  pid_t pid;
  int status;
  uint64_t start = now_ns();
  errno = posix_spawn(&pid, command->arguments[0], &actions, NULL, command->arguments, environ);
  if (errno != 0) die(command->arguments[0]);
  if (waitpid(pid, &status, 0) != pid) die("waitpid");
  uint64_t end = now_ns();
  posix_spawn_file_actions_destroy(&actions);
  close(input);
  struct stat printed;
  fstat(output, &printed);
  if (status != 0 || printed.st_size < command->least) {
    fprintf(stderr, "command %d (%s) ends with status %d after %ld bytes\n", number, command->arguments[0], status,
            (long)printed.st_size);
    exit(1);
  }
  return end - start;
}

int main(int count, char **arguments) {
  struct command commands[32];
  int known = 0;
  if (count < 7) return 2;
  for (int at = 4; at + 2 < count && known < 32; at++) {
    commands[known++] = (struct command){arguments[at], atol(arguments[at + 1]), arguments + at + 2};
    while (at < count && strcmp(arguments[at], ";") != 0) at++;
    if (at < count) arguments[at] = NULL;
  }
  // Appending: each writes from the start of what was cut to nothing.
  int output = open(arguments[3], O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (output < 0) die(arguments[3]);
  uint64_t end = now_ns() + (uint64_t)(atof(arguments[2]) * 1e9);
  int order[32];
  for (int turn = 0; turn < known; turn++) order[turn] = turn;
  // Nobody is always the one after the one that leaves the caches cold. The same orders in each run.
  uint64_t state = 1;
  for (long round = 0; round < atol(arguments[1]) && now_ns() < end; round++) {
    for (int turn = known - 1; turn > 0; turn--) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      int other = (int)((state >> 33) % (uint64_t)(turn + 1)), number = order[turn];
      order[turn] = order[other];
      order[other] = number;
    }
    for (int turn = 0; turn < known; turn++)
      printf("%d %llu\n", order[turn], (unsigned long long)run(&commands[order[turn]], output, order[turn]));
  }
  return 0;
}
