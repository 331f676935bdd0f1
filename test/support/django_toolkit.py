"""django-oauth-toolkit as an authorization server on loopback: one public client, one user who is always logged in and agrees.

Arguments: port, folder for the database. Prints "ready" once it answers.
"""

import os
import subprocess
import sys
from wsgiref.simple_server import WSGIRequestHandler, make_server

port, folder = int(sys.argv[1]), sys.argv[2]
# The issuer is plain http, on loopback.
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
key = subprocess.run(["openssl", "genrsa", "2048"], capture_output=True, check=True, text=True).stdout

from django.conf import settings  # noqa: E402

settings.configure(
    SECRET_KEY="of the test",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(folder, "django.db")}},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "oauth2_provider"],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware", f"{__name__}.always_ada"],
    OAUTH2_PROVIDER={
        "OIDC_ENABLED": True,
        "OIDC_RSA_PRIVATE_KEY": key,
        "SCOPES": {"openid": "openid", "read": "read", "write": "write"},
        "ACCESS_TOKEN_EXPIRE_SECONDS": 3600,
        "REFRESH_TOKEN_REUSE_PROTECTION": True,
    },
)

import django  # noqa: E402

django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.urls import include, path  # noqa: E402

urlpatterns = [path("o/", include("oauth2_provider.urls", namespace="oauth2_provider"))]


def always_ada(get_response):
    def handle(request):
        request.user = get_user_model().objects.get(username="ada")
        return get_response(request)

    return handle


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


if __name__ == "__main__":
    sys.modules.setdefault(settings.ROOT_URLCONF, sys.modules["__main__"])
    call_command("migrate", verbosity=0)
    ada = get_user_model().objects.create_user("ada")
    from oauth2_provider.models import Application

    Application.objects.create(
        client_id="cli",
        client_type="public",
        authorization_grant_type="authorization-code",
        redirect_uris="http://127.0.0.1/callback",
        skip_authorization=True,
        algorithm="RS256",
        user=ada,
    )
    server = make_server("127.0.0.1", port, get_wsgi_application(), handler_class=Quiet)
    print("ready", flush=True)
    server.serve_forever()
