#ifdef _WIN32
// A relay cannot listen on Windows: it needs a Unix socket.

#include "client.h"

_Noreturn void relay(int count, char **arguments) {
  (void)count;
  (void)arguments;
  fail(exit_usage, "a relay cannot listen on Windows", "",
       "programs here ask the agent themselves; `authsock relay SHARE -- wsl.exe authsock-client relay` serves those in WSL");
}
#else
typedef int not_windows_relay;
#endif
