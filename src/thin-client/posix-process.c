#ifndef _WIN32
// Programs on Linux, macOS and the BSDs: the main program and its interpreter, and how they are run.

#include "posix.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#if defined(__linux__)
#include <sys/syscall.h>
#endif
#include <sys/wait.h>
#include <unistd.h>
#if defined(__APPLE__)
#include <mach-o/dyld.h>
#endif

/// Instead of the tool's PATH, which may begin with a folder of the repository that the tool works on (S7).
static const char system_path[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/homebrew/bin";

// ---- finding programs

/// This program's own file, links resolved; NULL if the system does not tell.
static char *own_path(void) {
  char *path = NULL;
#if defined(__linux__)
  path = realpath("/proc/self/exe", NULL);
#elif defined(__APPLE__)
  char name[4096];
  uint32_t size = sizeof name;
  if (_NSGetExecutablePath(name, &size) == 0) path = realpath(name, NULL);
#endif
  return path;
}

static bool is_program(const char *path, const struct stat *except) {
  struct stat stats;
  if (stat(path, &stats) != 0 || !S_ISREG(stats.st_mode) || access(path, X_OK) != 0) return false;
  return except == NULL || stats.st_dev != except->st_dev || stats.st_ino != except->st_ino;
}

static char *find_on_path(const char *name, const struct stat *except) {
  struct buffer candidate = {0};
  for (const char *path = variable("PATH"); path != NULL;) {
    const char *end = strchr(path, ':');
    clear(&candidate);
    append(&candidate, path, end == NULL ? strlen(path) : (size_t)(end - path));
    append_text(&candidate, "/");
    append_text(&candidate, name);
    // A relative folder depends on where the tool runs.
    if (candidate.data[0] == '/' && is_program(candidate.data, except)) return candidate.data;
    path = end == NULL ? NULL : end + 1;
  }
  return NULL;
}

/// The main program: beside this one (dist/bin, a package of the system), above it (dist/native/PLATFORM), or on the PATH.
static char *main_program(void) {
  static const char *const relative[] = {"/authsock", "/../main.js", "/../../main.js"};
  struct stat self;
  char *own = own_path();
  if (own == NULL || stat(own, &self) != 0) return find_on_path("authsock", NULL);
  for (size_t index = 0; index < sizeof relative / sizeof relative[0]; index++) {
    char *candidate = join(folder_of(own), relative[index], "");
    if (is_program(candidate, &self)) return candidate;
  }
  return find_on_path("authsock", &self);
}

char *next_program(const char *name) {
  struct stat self;
  char *own = own_path();
  return find_on_path(name, own != NULL && stat(own, &self) == 0 ? &self : NULL);
}

/// For dist/main.js: the Node program noted beside it by the build, or the one of the prefix that the package is installed in. NULL:
/// the program is started as it is.
static char *interpreter_of(const char *program) {
  char *file = realpath(program, NULL);
  size_t length = file == NULL ? 0 : strlen(file);
  if (length < 8 || !equal(file + length - 8, "/main.js")) return NULL;
  char *folder = folder_of(file);
  char noted[4096];
  if (read_file(join(folder, "/interpreter", ""), noted, sizeof noted)) {
    noted[strcspn(noted, "\r\n")] = '\0';
    if (noted[0] == '/' && is_program(noted, NULL)) return join(noted, "", "");
  }
  static const char installed[] = "/lib/node_modules/authsock/dist";
  size_t depth = strlen(folder);
  if (depth < sizeof installed || !equal(folder + depth - (sizeof installed - 1), installed)) return NULL;
  char *beside = join(folder, "/../../../../bin/node", "");
  return is_program(beside, NULL) ? beside : NULL;
}

char **main_command(size_t extra) {
  char *program = main_program();
  char **command = program == NULL ? NULL : calloc(extra + 3, sizeof *command);
  if (command == NULL) return NULL;
  char *interpreter = interpreter_of(program);
  size_t count = 0;
  if (interpreter != NULL) command[count++] = interpreter;
  command[count] = program;
  return command;
}

// ---- running them

/// What is started here may outlive the tool: none of the tool's descriptors stays open in it, a lock for example.
static void close_others(void) {
  int count = 4096;
#if defined(SYS_close_range)
  if (syscall(SYS_close_range, 3, ~0U, 0) == 0) count = 0;
#endif
  for (int descriptor = 3; descriptor < count; descriptor++) close(descriptor);
}

/// In the child. `error`: its stderr.
static _Noreturn void execute(char *const command[], int input_and_output, int error) {
  dup2(input_and_output, 0);
  dup2(input_and_output, 1);
  dup2(error, 2);
  close_others();
  // A relative folder on the PATH would depend on where the tool runs.
  if (chdir("/") != 0) _exit(127);
  set_variable("NODE_OPTIONS", "");
  execv(command[0], command);
  _exit(127);
}

static int wait_for(pid_t child) {
  int status;
  while (waitpid(child, &status, 0) < 0) {
    // The tool ignores SIGCHLD, and this process with it: the exit code is lost, and the next step shows what happened.
    if (errno == ECHILD) return 0;
    if (errno != EINTR) return -1;
  }
  if (WIFEXITED(status)) return WEXITSTATUS(status) == 127 ? -1 : WEXITSTATUS(status);
  return 128 + WTERMSIG(status);
}

int run_start(char *const command[], struct buffer *errors) {
  int ends[2];
  if (pipe(ends) != 0) return -1;
  pid_t child = fork();
  if (child == 0) {
    int nowhere = open("/dev/null", O_RDWR);
    set_variable("PATH", system_path);
    set_variable("AUTHSOCK_START_LOCK", "held");
    if (nowhere >= 0) execute(command, nowhere, ends[1]);
    _exit(127);
  }
  close(ends[1]);
  char part[1024];
  ssize_t got;
  while (child > 0 && ((got = read(ends[0], part, sizeof part)) > 0 || (got < 0 && errno == EINTR))) {
    if (got > 0 && errors->length < 8 * sizeof part) append(errors, part, (size_t)got);
  }
  close(ends[0]);
  return child < 0 ? -1 : wait_for(child);
}

int run_on_terminal(char *const command[]) {
  pid_t child = fork();
  if (child == 0) {
    int terminal = open("/dev/tty", O_RDWR);
    if (terminal >= 0) execute(command, terminal, terminal);
    _exit(127);
  }
  return child < 0 ? -1 : wait_for(child);
}

void become(char *const command[]) { execv(command[0], command); }
#else
typedef int not_posix_process;
#endif
