#ifdef _WIN32
// Windows: texts, arguments, variables, standard streams, the console, the clock.

#include "windows-client.h"

#include <shellapi.h>
#include <stdlib.h>

WCHAR *wide(const char *text) {
  int length = MultiByteToWideChar(CP_UTF8, 0, text, -1, NULL, 0);
  WCHAR *result = calloc((size_t)length + 1, sizeof *result);
  if (result == NULL) leave(exit_unexpected);
  MultiByteToWideChar(CP_UTF8, 0, text, -1, result, length);
  return result;
}

char *narrow(const WCHAR *text) {
  int length = WideCharToMultiByte(CP_UTF8, 0, text, -1, NULL, 0, NULL, NULL);
  char *result = calloc((size_t)length + 1, 1);
  if (result == NULL) leave(exit_unexpected);
  WideCharToMultiByte(CP_UTF8, 0, text, -1, result, length, NULL, NULL);
  return result;
}

void prepare_process(int *count, char ***arguments) {
  WCHAR **given = CommandLineToArgvW(GetCommandLineW(), count);
  if (given == NULL) leave(exit_unexpected);
  char **result = calloc((size_t)*count + 1, sizeof *result);
  if (result == NULL) leave(exit_unexpected);
  for (int index = 0; index < *count; index++) result[index] = narrow(given[index]);
  *arguments = result;
}

const char *variable(const char *name) {
  WCHAR *wanted = wide(name);
  DWORD size = GetEnvironmentVariableW(wanted, NULL, 0);
  char *value = NULL;
  if (size > 1) {
    WCHAR *text = calloc(size, sizeof *text);
    if (text != NULL && GetEnvironmentVariableW(wanted, text, size) < size) value = narrow(text);
    free(text);
  }
  free(wanted);
  return value;
}

void set_variable(const char *name, const char *value) {
  WCHAR *wide_name = wide(name);
  WCHAR *wide_value = wide(value);
  SetEnvironmentVariableW(wide_name, wide_value);
  free(wide_name);
  free(wide_value);
}

char *agent_path(const char **why) {
  const char *named = variable("AUTHSOCK");
  if (named != NULL) return join(named, "", "");
  const char *local = variable("LOCALAPPDATA");
  if (local != NULL) return join(local, "\\authsock\\agent.pipe", "");
  *why = "neither LOCALAPPDATA nor AUTHSOCK is set";
  return NULL;
}

bool read_file(const char *path, char *into, size_t size) {
  WCHAR *file = wide(path);
  HANDLE handle = CreateFileW(file, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING, 0, NULL);
  free(file);
  if (handle == INVALID_HANDLE_VALUE) return false;
  DWORD length = 0;
  BOOL is_read = ReadFile(handle, into, (DWORD)(size - 1), &length, NULL);
  CloseHandle(handle);
  into[is_read ? length : 0] = '\0';
  return is_read && length > 0;
}

// ---- standard streams

static bool write_to(DWORD which, const char *data, size_t length) {
  HANDLE handle = GetStdHandle(which);
  while (length > 0) {
    DWORD written = 0;
    if (!WriteFile(handle, data, (DWORD)length, &written, NULL) || written == 0) return false;
    data += written;
    length -= written;
  }
  return true;
}

bool write_out(const char *data, size_t length) { return write_to(STD_OUTPUT_HANDLE, data, length); }
void write_error(const char *data, size_t length) { write_to(STD_ERROR_HANDLE, data, length); }

bool errors_are_seen(void) { return GetFileType(GetStdHandle(STD_ERROR_HANDLE)) == FILE_TYPE_CHAR; }

long read_input(char *into, size_t size) {
  DWORD got = 0;
  if (!ReadFile(GetStdHandle(STD_INPUT_HANDLE), into, (DWORD)size, &got, NULL)) return 0;
  return (long)got;
}

HANDLE open_inherited(const WCHAR *name) {
  SECURITY_ATTRIBUTES inherited = {.nLength = sizeof inherited, .bInheritHandle = TRUE};
  return CreateFileW(name, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, &inherited, OPEN_EXISTING, 0, NULL);
}

bool has_terminal(void) {
  if (variable("CI") != NULL) return false;
  HANDLE terminal = open_inherited(L"CONIN$");
  if (terminal == INVALID_HANDLE_VALUE) return false;
  CloseHandle(terminal);
  return true;
}

long long clock_ms(void) { return (long long)GetTickCount64(); }

void pause_for(int milliseconds) { Sleep((DWORD)milliseconds); }

_Noreturn void leave(int code) { ExitProcess((UINT)code); }
#else
typedef int not_windows_system;
#endif
