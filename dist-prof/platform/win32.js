// Windows' own functions for pipes, processes and users. A handle is a number here; what a function fills is a buffer.
import { ffi } from './ffi.js';
/** Where each is, and its result and arguments in koffi's words. */
const signatures = `
  kernel32 int CloseHandle(intptr_t)
  kernel32 uint32_t GetLastError()
  kernel32 uint64_t LocalFree(uint64_t)
  kernel32 intptr_t CreateEventW(void *, int, int, void *)
  kernel32 int SetEvent(intptr_t)
  kernel32 uint32_t WaitForSingleObject(intptr_t, uint32_t)
  kernel32 intptr_t CreateNamedPipeW(str16, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, void *)
  kernel32 int ConnectNamedPipe(intptr_t, void *)
  kernel32 int GetNamedPipeClientProcessId(intptr_t, void *)
  kernel32 int GetOverlappedResult(intptr_t, void *, void *, int)
  kernel32 int CancelIoEx(intptr_t, void *)
  kernel32 intptr_t OpenProcess(uint32_t, int, uint32_t)
  kernel32 intptr_t GetCurrentProcess()
  kernel32 int GetProcessTimes(intptr_t, void *, void *, void *, void *)
  kernel32 int QueryFullProcessImageNameW(intptr_t, uint32_t, void *, void *)
  advapi32 int OpenProcessToken(intptr_t, uint32_t, void *)
  advapi32 int GetTokenInformation(intptr_t, int, void *, uint32_t, void *)
  advapi32 int ConvertStringSecurityDescriptorToSecurityDescriptorW(str16, uint32_t, void *, void *)
  ntdll int32_t NtQueryInformationProcess(intptr_t, int, void *, uint32_t, void *)
  ntdll int32_t NtQueryInformationFile(intptr_t, void *, void *, uint32_t, int)
  node int uv_open_osfhandle(intptr_t)
`;
let loaded = null;
/** Undefined elsewhere, and where one of them is missing. */
export function win32() {
    if (loaded !== null)
        return loaded;
    loaded = undefined;
    const koffi = ffi();
    if (process.platform !== 'win32' || koffi === undefined)
        return undefined;
    try {
        const functions = { koffi };
        for (const line of signatures.trim().split('\n')) {
            const [, library = '', signature = '', name = ''] = /^\s*(\w+) (.* (\w+)\(.*\))$/.exec(line) ?? [];
            // All of them are in the process already, and koffi looks for `null` in the program itself.
            functions[name] = koffi.load(library === 'node' ? null : `${library}.dll`).func(signature);
        }
        loaded = functions;
    }
    catch {
        // The caller decides what the lack of it means.
    }
    return loaded;
}
