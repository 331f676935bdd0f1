#ifdef _WIN32
// Windows: the pipe whose name stands in a file of the user's, whose process it is, and how programs are started.

#define WIN32_LEAN_AND_MEAN
#define UNICODE
#include "client.h"

#include <winsock2.h>
#include <ws2tcpip.h>
#include <windows.h>

#include <aclapi.h>
#include <shellapi.h>
#include <stdlib.h>
#include <string.h>

/// ms, as in posix.c.
enum { patience = 130 * 1000, busy = 10 * 1000, longest_path = 4096 };

struct connection {
  HANDLE pipe;
  HANDLE event;
};

// ---- text: UTF-8 inside, UTF-16 for the system

static WCHAR *wide(const char *text) {
  int length = MultiByteToWideChar(CP_UTF8, 0, text, -1, NULL, 0);
  WCHAR *result = calloc((size_t)length + 1, sizeof *result);
  if (result == NULL) leave(exit_unexpected);
  MultiByteToWideChar(CP_UTF8, 0, text, -1, result, length);
  return result;
}

static char *narrow(const WCHAR *text) {
  int length = WideCharToMultiByte(CP_UTF8, 0, text, -1, NULL, 0, NULL, NULL);
  char *result = calloc((size_t)length + 1, 1);
  if (result == NULL) leave(exit_unexpected);
  WideCharToMultiByte(CP_UTF8, 0, text, -1, result, length, NULL, NULL);
  return result;
}

void take_arguments(int *count, char ***arguments) {
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

char *agent_path(const char **why) {
  const char *named = variable("AUTHSOCK");
  if (named != NULL) return join(named, "", "");
  const char *local = variable("LOCALAPPDATA");
  if (local != NULL) return join(local, "\\authsock\\agent.pipe", "");
  *why = "neither LOCALAPPDATA nor AUTHSOCK says where the agent is";
  return NULL;
}

/// The name of the pipe: the file's only line.
static char *pipe_name(const char *path) {
  char text[512];
  if (!read_file(path, text, sizeof text)) return NULL;
  text[strcspn(text, "\r\n")] = '\0';
  return starts_with(text, "\\\\.\\pipe\\") || starts_with(text, "\\\\?\\pipe\\") ? join(text, "", "") : NULL;
}

/// The user that a process runs as; to be freed.
static TOKEN_USER *user_of(HANDLE process) {
  HANDLE token;
  if (!OpenProcessToken(process, TOKEN_QUERY, &token)) return NULL;
  DWORD size = 0;
  GetTokenInformation(token, TokenUser, NULL, 0, &size);
  TOKEN_USER *user = size == 0 ? NULL : malloc(size);
  if (user != NULL && !GetTokenInformation(token, TokenUser, user, size, &size)) {
    free(user);
    user = NULL;
  }
  CloseHandle(token);
  return user;
}

/// L10: whoever made the pipe must be the same user.
static bool is_mine(HANDLE pipe) {
  ULONG id = 0;
  if (!GetNamedPipeServerProcessId(pipe, &id)) return false;
  HANDLE process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, id);
  if (process == NULL) return false;
  TOKEN_USER *theirs = user_of(process);
  TOKEN_USER *ours = user_of(GetCurrentProcess());
  bool is_same = theirs != NULL && ours != NULL && EqualSid(theirs->User.Sid, ours->User.Sid);
  free(theirs);
  free(ours);
  CloseHandle(process);
  return is_same;
}

/// A socket is read and written as a pipe is.
static enum connected keep(HANDLE handle, struct connection **connection) {
  static struct connection opened;
  opened.pipe = handle;
  opened.event = CreateEventW(NULL, TRUE, FALSE, NULL);
  *connection = &opened;
  return connected;
}

enum connected connect_to(const char *path, struct connection **connection, char **why) {
  char *name = pipe_name(path);
  if (name == NULL) return nobody_there;
  WCHAR *address = wide(name);
  HANDLE pipe;
  for (int tries = 0;; tries++) {
    // The agent may look at who asks, but not act as him.
    pipe = CreateFileW(address, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                       FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);
    if (pipe != INVALID_HANDLE_VALUE || GetLastError() != ERROR_PIPE_BUSY || tries == 3) break;
    WaitNamedPipeW(address, busy);
  }
  DWORD error = pipe == INVALID_HANDLE_VALUE ? GetLastError() : 0;
  free(address);
  if (error == ERROR_FILE_NOT_FOUND || error == ERROR_PATH_NOT_FOUND) return nobody_there;
  if (error == ERROR_ACCESS_DENIED) return *why = join("the pipe ", name, " belongs to another user"), untrusted;
  if (error != 0) return *why = join(name, " cannot be opened", ""), unusable;
  if (!is_mine(pipe)) {
    CloseHandle(pipe);
    return *why = join("the pipe ", name, " belongs to another user"), untrusted;
  }
  return keep(pipe, connection);
}

/// Of winsock, which takes its time to load, and which nobody needs who asks a pipe.
struct winsock {
  int(WSAAPI *start)(WORD, WSADATA *);
  INT(WSAAPI *find)(PCSTR, PCSTR, const ADDRINFOA *, ADDRINFOA **);
  SOCKET(WSAAPI *make)(int, int, int);
  int(WSAAPI *reach)(SOCKET, const struct sockaddr *, int);
  int(WSAAPI *end)(SOCKET);
};

static bool load(struct winsock *winsock) {
  HMODULE library = LoadLibraryExW(L"ws2_32.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
  if (library == NULL) return false;
  static const char *const names[] = {"WSAStartup", "getaddrinfo", "socket", "connect", "closesocket"};
  FARPROC found[5];
  for (size_t index = 0; index < 5; index++) {
    if ((found[index] = GetProcAddress(library, names[index])) == NULL) return false;
  }
  memcpy(winsock, found, sizeof *winsock);
  WSADATA data;
  return winsock->start(MAKEWORD(2, 2), &data) == 0;
}

static bool is_near_here(const struct sockaddr *address) {
  if (address->sa_family == AF_INET) return is_near((const unsigned char *)&((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
  return address->sa_family == AF_INET6 && is_near((const unsigned char *)&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, 16);
}

enum connected connect_by_tcp(const struct place *place, struct connection **connection, char **why) {
  struct winsock winsock;
  if (!load(&winsock)) return *why = "winsock cannot be loaded", unusable;
  bool is_name = place->host[0] != ':' && (place->host[0] < '0' || place->host[0] > '9');
  ADDRINFOA wanted = {.ai_socktype = SOCK_STREAM, .ai_flags = is_name ? 0 : AI_NUMERICHOST};
  ADDRINFOA *found = NULL;
  if (winsock.find(place->host, place->port, &wanted, &found) != 0) return *why = "nobody knows that name here", unusable;
  for (const ADDRINFOA *each = found; each != NULL; each = each->ai_next) {
    // Whoever answers for such a name on the internet is not who is meant.
    if (!is_near_here(each->ai_addr)) return *why = join(place->host, " is an address here that is far from this machine", ""), untrusted;
  }
  for (const ADDRINFOA *each = found; each != NULL; each = each->ai_next) {
    SOCKET descriptor = winsock.make(each->ai_family, SOCK_STREAM, 0);
    if (descriptor == INVALID_SOCKET) continue;
    SetHandleInformation((HANDLE)descriptor, HANDLE_FLAG_INHERIT, 0);
    if (winsock.reach(descriptor, each->ai_addr, (int)each->ai_addrlen) == 0) return keep((HANDLE)descriptor, connection);
    winsock.end(descriptor);
  }
  return *why = "the connection is refused", nobody_there;
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

/// Waits for what was begun; the bytes, or -1.
static long finish(struct connection *connection, OVERLAPPED *operation, BOOL is_done) {
  DWORD count = 0;
  if (!is_done && GetLastError() != ERROR_IO_PENDING) return GetLastError() == ERROR_BROKEN_PIPE ? 0 : -1;
  if (WaitForSingleObject(connection->event, patience) != WAIT_OBJECT_0) {
    CancelIo(connection->pipe);
    return -1;
  }
  if (!GetOverlappedResult(connection->pipe, operation, &count, TRUE)) return GetLastError() == ERROR_BROKEN_PIPE ? 0 : -1;
  return (long)count;
}

bool send_all(struct connection *connection, const char *data, size_t length) {
  while (length > 0) {
    OVERLAPPED operation = {.hEvent = connection->event};
    DWORD part = length > 65536 ? 65536 : (DWORD)length;
    long sent = finish(connection, &operation, WriteFile(connection->pipe, data, part, NULL, &operation));
    if (sent <= 0) return false;
    data += sent;
    length -= (size_t)sent;
  }
  return true;
}

long receive(void *source, char *into, size_t most) {
  struct connection *connection = source;
  OVERLAPPED operation = {.hEvent = connection->event};
  return finish(connection, &operation, ReadFile(connection->pipe, into, (DWORD)most, NULL, &operation));
}

void hang_up(struct connection *connection) {
  CloseHandle(connection->pipe);
  CloseHandle(connection->event);
}

// ---- the tool's side

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

long read_input(char *into, size_t most) {
  DWORD got = 0;
  if (!ReadFile(GetStdHandle(STD_INPUT_HANDLE), into, (DWORD)most, &got, NULL)) return 0;
  return (long)got;
}

static HANDLE open_inherited(const WCHAR *name) {
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

// ---- programs

/// As CommandLineToArgvW takes it apart again.
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

static int run(const char *program, char *const arguments[], HANDLE input, HANDLE output, HANDLE error) {
  struct buffer line = {0};
  for (char *const *argument = arguments; *argument != NULL; argument++) append_argument(&line, *argument);
  STARTUPINFOW start = {.cb = sizeof start, .dwFlags = STARTF_USESTDHANDLES, .hStdInput = input, .hStdOutput = output, .hStdError = error};
  PROCESS_INFORMATION made = {0};
  WCHAR *path = wide(program);
  WCHAR *command = wide(line.data);
  BOOL is_started = CreateProcessW(path, command, NULL, NULL, TRUE, 0, NULL, NULL, &start, &made);
  free(path);
  free(command);
  clear(&line);
  if (!is_started) return -1;
  DWORD code = exit_unexpected;
  WaitForSingleObject(made.hProcess, INFINITE);
  GetExitCodeProcess(made.hProcess, &code);
  CloseHandle(made.hThread);
  CloseHandle(made.hProcess);
  return (int)code;
}

int run_quietly(const char *program, char *const arguments[]) {
  HANDLE nowhere = open_inherited(L"NUL");
  return run(program, arguments, nowhere, nowhere, GetStdHandle(STD_ERROR_HANDLE));
}

int run_on_terminal(const char *program, char *const arguments[]) {
  HANDLE output = open_inherited(L"CONOUT$");
  return run(program, arguments, open_inherited(L"CONIN$"), output, output);
}

void set_variable(const char *name, const char *value) {
  WCHAR *wide_name = wide(name);
  WCHAR *wide_value = wide(value);
  SetEnvironmentVariableW(wide_name, wide_value);
  free(wide_name);
  free(wide_value);
}

void become(const char *program, char *const arguments[]) {
  int code = run(program, arguments, GetStdHandle(STD_INPUT_HANDLE), GetStdHandle(STD_OUTPUT_HANDLE), GetStdHandle(STD_ERROR_HANDLE));
  if (code >= 0) leave(code);
}

static char *own_path(void) {
  WCHAR path[longest_path];
  DWORD length = GetModuleFileNameW(NULL, path, longest_path);
  return length == 0 || length == longest_path ? NULL : narrow(path);
}

static bool is_program(const char *path, const char *except) {
  WCHAR *file = wide(path);
  DWORD attributes = GetFileAttributesW(file);
  free(file);
  return attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) == 0 && (except == NULL || lstrcmpiA(path, except) != 0);
}

static char *on_path(const char *name, const char *ending, const char *except) {
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

char *main_program(void) {
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
  char *found = on_path("authsock", ".exe", own);
  return found != NULL ? found : on_path("authsock", ".cmd", own);
}

/// Only what takes its arguments as they are: a command file would read them as commands.
char *next_program(const char *name) { return on_path(name, ".exe", own_path()); }

void pause_for(int milliseconds) { Sleep((DWORD)milliseconds); }

_Noreturn void leave(int code) {
  ExitProcess((UINT)code);
}

_Noreturn void relay(int count, char **arguments) {
  (void)count;
  (void)arguments;
  fail(exit_usage, "on Windows the far end of a relay cannot listen", "",
       "programs here ask the agent themselves; `authsock relay SHARE -- wsl.exe authsock-client relay` serves those in WSL");
}

#else
typedef int not_windows;
#endif
