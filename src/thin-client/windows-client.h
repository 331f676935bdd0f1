// What the Windows files share: texts are UTF-8 inside the client and UTF-16 for the system. Included first.
#ifndef AUTHSOCK_WINDOWS_CLIENT_H
#define AUTHSOCK_WINDOWS_CLIENT_H

#define WIN32_LEAN_AND_MEAN
#define UNICODE

#include "client.h"

#include <winsock2.h>
#include <ws2tcpip.h>
#include <windows.h>

/// New texts; the process ends if there is no memory.
WCHAR *wide(const char *text);
char *narrow(const WCHAR *text);
/// An inheritable handle.
HANDLE open_inherited(const WCHAR *name);

#endif
