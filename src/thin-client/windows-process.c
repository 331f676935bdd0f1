#ifdef _WIN32
// Programs on Windows: the main program, how programs are run, and the lock of the one that starts the agent.

#include "windows-client.h"

#include <stdlib.h>
#include <string.h>

enum { max_path = 4096 };

// ---- running programs

/// Quoted as CommandLineToArgvW reads it.
static void append_argument(struct buffer *line, const char *argument) {
  if (line->length > 0) append_text(line, " ");
  append_text(line, "\"");
  size_t slashes = 0;
  for (; *argument != '\0'; argument++) {
    if (*argument == '\\') {
      slashes++;
    } else {
      if (*argument == '"') {
        for (size_t count = slashes + 1; count > 0; count--) append_text(line, "\\");
      }
      slashes = 0;
    }
    append(line, argument, 1);
  }
  for (; slashes > 0; slashes--) append_text(line, "\\");
  append_text(line, "\"");
}

static BOOL start(char *const command[], HANDLE input, HANDLE output, HANDLE error, PROCESS_INFORMATION *made) {
  struct buffer line = {0};
  for (char *const *argument = command; *argument != NULL; argument++) append_argument(&line, *argument);
  STARTUPINFOW how = {.cb = sizeof how, .dwFlags = STARTF_USESTDHANDLES, .hStdInput = input, .hStdOutput = output, .hStdError = error};
  WCHAR *path = wide(command[0]);
  WCHAR *arguments = wide(line.data);
  BOOL is_started = CreateProcessW(path, arguments, NULL, NULL, TRUE, 0, NULL, NULL, &how, made);
  free(path);
  free(arguments);
  clear(&line);
  return is_started;
}

static int wait_for(PROCESS_INFORMATION *made) {
  DWORD code = exit_unexpected;
  WaitForSingleObject(made->hProcess, INFINITE);
  GetExitCodeProcess(made->hProcess, &code);
  CloseHandle(made->hThread);
  CloseHandle(made->hProcess);
  return (int)code;
}

static int run(char *const command[], HANDLE input, HANDLE output, HANDLE error) {
  PROCESS_INFORMATION made = {0};
  return start(command, input, output, error, &made) ? wait_for(&made) : -1;
}

int run_start(char *const command[], struct buffer *errors) {
  SECURITY_ATTRIBUTES inherited = {.nLength = sizeof inherited, .bInheritHandle = TRUE};
  PROCESS_INFORMATION made = {0};
  HANDLE nowhere = open_inherited(L"NUL");
  HANDLE from = NULL;
  HANDLE to = NULL;
  set_variable("AUTHSOCK_START_LOCK", "held");
  if (!CreatePipe(&from, &to, &inherited, 0)) return -1;
  SetHandleInformation(from, HANDLE_FLAG_INHERIT, 0);
  BOOL is_started = start(command, nowhere, nowhere, to, &made);
  CloseHandle(to);
  CloseHandle(nowhere);
  char part[1024];
  DWORD got = 0;
  while (is_started && ReadFile(from, part, sizeof part, &got, NULL) && got > 0) {
    if (errors->length < 8 * sizeof part) append(errors, part, got);
  }
  CloseHandle(from);
  return is_started ? wait_for(&made) : -1;
}

int run_on_terminal(char *const command[]) {
  HANDLE output = open_inherited(L"CONOUT$");
  return run(command, open_inherited(L"CONIN$"), output, output);
}

void become(char *const command[]) {
  int code = run(command, GetStdHandle(STD_INPUT_HANDLE), GetStdHandle(STD_OUTPUT_HANDLE), GetStdHandle(STD_ERROR_HANDLE));
  if (code >= 0) leave(code);
}

// ---- finding programs

static char *own_path(void) {
  WCHAR path[max_path];
  DWORD length = GetModuleFileNameW(NULL, path, max_path);
  return length == 0 || length == max_path ? NULL : narrow(path);
}

static bool is_program(const char *path, const char *except) {
  WCHAR *file = wide(path);
  DWORD attributes = GetFileAttributesW(file);
  free(file);
  return attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) == 0 && (except == NULL || lstrcmpiA(path, except) != 0);
}

static char *find_on_path(const char *name, const char *ending, const char *except) {
  const char *path = variable("PATH");
  while (path != NULL) {
    const char *end = strchr(path, ';');
    struct buffer candidate = {0};
    append(&candidate, path, end == NULL ? strlen(path) : (size_t)(end - path));
    bool is_absolute = candidate.length > 2 && (candidate.data[1] == ':' || starts_with(candidate.data, "\\\\"));
    append_text(&candidate, "\\");
    append_text(&candidate, name);
    append_text(&candidate, ending);
    if (is_absolute && is_program(candidate.data, except)) return candidate.data;
    clear(&candidate);
    path = end == NULL ? NULL : end + 1;
  }
  return NULL;
}

static char *main_program(void) {
  char *own = own_path();
  if (own != NULL) {
    char *folder = join(own, "", "");
    char *slash = strrchr(folder, '\\');
    if (slash != NULL) *slash = '\0';
    char *native = join(folder, "\\authsock", ".exe");
    if (is_program(native, own)) return native;
    char *script = join(folder, "\\authsock", ".cmd");
    if (is_program(script, own)) return script;
  }
  char *found = find_on_path("authsock", ".exe", own);
  return found != NULL ? found : find_on_path("authsock", ".cmd", own);
}

char **main_command(size_t extra) {
  char *program = main_program();
  char **command = program == NULL ? NULL : calloc(extra + 2, sizeof *command);
  if (command != NULL) command[0] = program;
  return command;
}

/// Only a program: a command file would read the arguments as commands.
char *next_program(const char *name) { return find_on_path(name, ".exe", own_path()); }

// ---- R20: one process at a time starts the agent

static HANDLE mutex;

bool take_start_lock(const char *path) {
  struct buffer name = {0};
  unsigned hash = 2166136261u;
  // FNV-1a: a name of a mutex must not have the path's separators.
  for (const char *at = path; *at != '\0'; at++) hash = (hash ^ (unsigned char)*at) * 16777619u;
  append_text(&name, "Local\\authsock-start-");
  append_number(&name, hash);
  WCHAR *wide_name = wide(name.data);
  mutex = CreateMutexW(NULL, FALSE, wide_name);
  free(wide_name);
  if (mutex == NULL) return true;
  DWORD state = WaitForSingleObject(mutex, 0);
  if (state == WAIT_OBJECT_0 || state == WAIT_ABANDONED) return true;
  CloseHandle(mutex);
  mutex = NULL;
  return false;
}

/// Not on Windows: those that wait start the agent themselves.
bool read_start_failure(char *into, size_t size) {
  (void)size;
  into[0] = '\0';
  return false;
}

void write_start_failure(const char *text, size_t length) {
  (void)text;
  (void)length;
}

void release_start_lock(void) {
  if (mutex == NULL) return;
  ReleaseMutex(mutex);
  CloseHandle(mutex);
  mutex = NULL;
}
#else
typedef int not_windows_process;
#endif
