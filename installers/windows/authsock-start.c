// Starts the program that its arguments name, without a window: the agent is a program of the console, and started by the Run key it would
// show one at each login. authsock-start.exe PROGRAM ARGUMENTS...

#include <windows.h>

// What follows the first word, as the shell or the Run key wrote it: CreateProcess takes a whole line.
static wchar_t *after_first_word(wchar_t *line) {
  int quoted = 0;
  while (*line != 0 && (quoted || (*line != L' ' && *line != L'\t'))) {
    if (*line == L'"') quoted = !quoted;
    line++;
  }
  while (*line == L' ' || *line == L'\t') line++;
  return line;
}

int WINAPI WinMain(HINSTANCE instance, HINSTANCE previous, LPSTR arguments, int show) {
  STARTUPINFOW startup = {.cb = sizeof startup};
  PROCESS_INFORMATION started;
  wchar_t *line = after_first_word(GetCommandLineW());
  (void)instance, (void)previous, (void)arguments, (void)show;
  if (*line == 0) return ERROR_BAD_ARGUMENTS;
  if (!CreateProcessW(NULL, line, NULL, NULL, FALSE, CREATE_NO_WINDOW | CREATE_NEW_PROCESS_GROUP, NULL, NULL, &startup, &started)) {
    return (int)GetLastError();
  }
  CloseHandle(started.hThread);
  CloseHandle(started.hProcess);
  return 0;
}
