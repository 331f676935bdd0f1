"""A read-only backend for Python's keyring (twine, poetry) that gets credentials from authsock.

Select it in keyringrc.cfg: `[backend]`, `default-keyring=authsock_keyring.Keyring`, `keyring-path=` the folder of this file.
The program authsock-client is taken from AUTHSOCK_CLIENT, otherwise from the PATH.
"""

import json
import os
import shutil
import subprocess

from keyring.backend import KeyringBackend
from keyring.credentials import SimpleCredential
from keyring.errors import KeyringError, PasswordDeleteError, PasswordSetError

try:
    from keyring.compat import properties
except ImportError:
    from keyring._compat import properties


def _client():
    return os.environ.get("AUTHSOCK_CLIENT") or shutil.which("authsock-client")


class Keyring(KeyringBackend):
    @properties.classproperty
    def priority(cls):
        if _client() is None:
            raise RuntimeError("authsock-client is not on the PATH and AUTHSOCK_CLIENT is not set")
        # Above the operating systems' own backends, which are tried next if authsock has no credential.
        return 9.5

    def get_credential(self, service, username):
        """None if no route or secret covers the service. Raises KeyringError if one does but no token is available."""
        service_args = [service] if username is None else [service, username]
        call = [_client(), "keyring", "--mode=creds", "--output=json", "get", *service_args]
        # Prevents authsock-client from passing on to the keyring program, which would call this backend again.
        environment = {**os.environ, "AUTHSOCK_PASSED_ON": "1"}
        try:
            run = subprocess.run(call, stdin=subprocess.DEVNULL, capture_output=True, env=environment, check=False)
        except OSError as error:
            raise KeyringError(f"cannot run {call[0]}: {error}") from error
        if run.returncode == 0:
            found = json.loads(run.stdout)
            return SimpleCredential(found["username"], found["password"])
        if run.stderr:
            raise KeyringError(run.stderr.decode(errors="replace").strip())
        return None

    def get_password(self, service, username):
        found = self.get_credential(service, username)
        return None if found is None else found.password

    def set_password(self, service, username, password):
        raise PasswordSetError("authsock stores no passwords through keyring: use `authsock secret add`")

    def delete_password(self, service, username):
        raise PasswordDeleteError("authsock deletes no passwords through keyring: use `authsock secret remove`")
