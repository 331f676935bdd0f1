"""A backend for Python's keyring (twine, poetry): passwords come from authsock, and nothing is stored.

keyringrc.cfg chooses it: `[backend]`, `default-keyring=authsock_keyring.Keyring`, `keyring-path=` this file's folder.
AUTHSOCK_CLIENT, or else the PATH, says where the program authsock-client is.
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
            raise RuntimeError("authsock-client is not on the PATH, and AUTHSOCK_CLIENT does not say where it is")
        # Above those of the operating systems: what authsock does not know is theirs.
        return 9.5

    def get_credential(self, service, username):
        """None where no route and no secret covers the service. Raises KeyringError where one does and there is no token."""
        asked = [service] if username is None else [service, username]
        call = [_client(), "keyring", "--mode=creds", "--output=json", "get", *asked]
        # The keyring that it would pass on to is the one that asks.
        environment = {**os.environ, "AUTHSOCK_PASSED_ON": "1"}
        try:
            run = subprocess.run(call, stdin=subprocess.DEVNULL, capture_output=True, env=environment, check=False)
        except OSError as error:
            raise KeyringError(f"{call[0]} cannot be run: {error}") from error
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
        raise PasswordSetError("authsock keeps no passwords for keyring: `authsock secret add` does")

    def delete_password(self, service, username):
        raise PasswordDeleteError("authsock deletes no passwords for keyring: `authsock secret remove` does")
