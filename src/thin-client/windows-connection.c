#ifdef _WIN32
// Connections on Windows: to the pipe whose name is in a file of the user's, and by TCP to a share.

#include "windows-client.h"

#include <aclapi.h>
#include <stdlib.h>
#include <string.h>

enum { busy_timeout_ms = 10 * 1000, max_busy_waits = 3 };

struct connection {
  HANDLE pipe;
  HANDLE event;
};

/// The name of the pipe: the first line of the file.
static char *pipe_name(const char *path) {
  char text[512];
  if (!read_file(path, text, sizeof text)) return NULL;
  text[strcspn(text, "\r\n")] = '\0';
  return starts_with(text, "\\\\.\\pipe\\") || starts_with(text, "\\\\?\\pipe\\") ? join(text, "", "") : NULL;
}

/// The user that a process runs as; the caller frees it.
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

/// L10: the process that made the pipe must run as the same user.
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

/// A pipe or a socket: both are read and written alike.
static enum connected keep(HANDLE handle, struct connection **connection) {
  static struct connection opened;
  opened.pipe = handle;
  opened.event = CreateEventW(NULL, TRUE, FALSE, NULL);
  *connection = &opened;
  return connected;
}

enum connected connect_to(const char *path, struct connection **connection, char **why) {
  char *name = pipe_name(path);
  if (name == NULL) return no_listener;
  WCHAR *wide_name = wide(name);
  HANDLE pipe;
  for (int tries = 0;; tries++) {
    // SECURITY_IDENTIFICATION: the agent can read who the caller is, but not act as the caller.
    pipe = CreateFileW(wide_name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                       FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);
    if (pipe != INVALID_HANDLE_VALUE || GetLastError() != ERROR_PIPE_BUSY || tries == max_busy_waits) break;
    WaitNamedPipeW(wide_name, busy_timeout_ms);
  }
  DWORD error = pipe == INVALID_HANDLE_VALUE ? GetLastError() : 0;
  free(wide_name);
  if (error == ERROR_FILE_NOT_FOUND || error == ERROR_PATH_NOT_FOUND) return no_listener;
  if (error == ERROR_ACCESS_DENIED) return *why = join("the pipe ", name, " belongs to another user"), untrusted;
  if (error != 0) return *why = join(name, " cannot be opened", ""), unusable;
  if (!is_mine(pipe)) {
    CloseHandle(pipe);
    return *why = join("the pipe ", name, " belongs to another user"), untrusted;
  }
  return keep(pipe, connection);
}

/// winsock, loaded only if it is needed: loading it takes time.
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

static bool is_near_address(const struct sockaddr *address) {
  if (address->sa_family == AF_INET) return is_near((const unsigned char *)&((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
  return address->sa_family == AF_INET6 && is_near((const unsigned char *)&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, 16);
}

enum connected connect_by_tcp(const struct share_address *address, struct connection **connection, char **why) {
  struct winsock winsock;
  if (!load(&winsock)) return *why = "winsock cannot be loaded", unusable;
  bool is_name = address->host[0] != ':' && (address->host[0] < '0' || address->host[0] > '9');
  ADDRINFOA wanted = {.ai_socktype = SOCK_STREAM, .ai_flags = is_name ? 0 : AI_NUMERICHOST};
  ADDRINFOA *found = NULL;
  if (winsock.find(address->host, address->port, &wanted, &found) != 0) return *why = "the name does not resolve", unusable;
  for (const ADDRINFOA *each = found; each != NULL; each = each->ai_next) {
    // A name server on the internet could answer with an address of its own.
    if (!is_near_address(each->ai_addr)) return *why = join(address->host, " is an address here that is far from this machine", ""), untrusted;
  }
  for (const ADDRINFOA *each = found; each != NULL; each = each->ai_next) {
    SOCKET descriptor = winsock.make(each->ai_family, SOCK_STREAM, 0);
    if (descriptor == INVALID_SOCKET) continue;
    SetHandleInformation((HANDLE)descriptor, HANDLE_FLAG_INHERIT, 0);
    if (winsock.reach(descriptor, each->ai_addr, (int)each->ai_addrlen) == 0) return keep((HANDLE)descriptor, connection);
    winsock.end(descriptor);
  }
  return *why = "the connection is refused", no_listener;
}

/// Waits for an operation; the bytes, or -1.
static long finish(struct connection *connection, OVERLAPPED *operation, BOOL is_done, long long deadline) {
  long long left = deadline - clock_ms();
  DWORD count = 0;
  if (!is_done && GetLastError() != ERROR_IO_PENDING) return GetLastError() == ERROR_BROKEN_PIPE ? 0 : -1;
  if (WaitForSingleObject(connection->event, left < 0 ? 0 : (DWORD)left) != WAIT_OBJECT_0) {
    CancelIo(connection->pipe);
    return -1;
  }
  if (!GetOverlappedResult(connection->pipe, operation, &count, TRUE)) return GetLastError() == ERROR_BROKEN_PIPE ? 0 : -1;
  return (long)count;
}

bool send_all(struct connection *connection, const char *data, size_t length, long long deadline) {
  while (length > 0) {
    OVERLAPPED operation = {.hEvent = connection->event};
    DWORD part = length > 65536 ? 65536 : (DWORD)length;
    long sent = finish(connection, &operation, WriteFile(connection->pipe, data, part, NULL, &operation), deadline);
    if (sent <= 0) return false;
    data += sent;
    length -= (size_t)sent;
  }
  return true;
}

long receive(struct connection *connection, char *into, size_t size, long long deadline) {
  OVERLAPPED operation = {.hEvent = connection->event};
  return finish(connection, &operation, ReadFile(connection->pipe, into, (DWORD)size, NULL, &operation), deadline);
}

bool is_ready(struct connection *connection, int milliseconds) {
  (void)connection;
  (void)milliseconds;
  return true;
}

void disconnect(struct connection *connection) {
  CloseHandle(connection->pipe);
  CloseHandle(connection->event);
}
#else
typedef int not_windows_connection;
#endif
