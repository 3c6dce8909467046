"""A service of Django REST framework that accepts the access tokens of Postern. Only settings make it do so."""
import os

POSTERN = os.environ.get("POSTERN_URL", "http://127.0.0.1:8000")  # PUBLIC_URL of Postern
WHO = os.environ.get("WHO", "imported")

SECRET_KEY = "signs nothing here; set one of your own all the same"
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
ROOT_URLCONF = "urls"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "rest_framework"]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("DATABASE", "db.sqlite3"),
    }
}

SIMPLE_JWT = {
    "JWK_URL": POSTERN + "/.well-known/jwks.json",
    "ALGORITHM": "ES256",  # AUTH_KEY_ALGORITHM
    "ISSUER": POSTERN,
    "AUDIENCE": POSTERN,  # AUTH_AUDIENCE
    "TOKEN_TYPE_CLAIM": "token_type",
    "JTI_CLAIM": "jti",
}

if WHO == "imported":
    # The rows of auth_user stay what they were: Postern knows the number of each user that it imported.
    SIMPLE_JWT |= {"USER_ID_CLAIM": "user_id", "USER_ID_FIELD": "id"}
elif WHO == "username":
    SIMPLE_JWT |= {"USER_ID_CLAIM": "username", "USER_ID_FIELD": "username"}
else:
    # No table of users, and here no database at all: request.user is made of the token.
    SIMPLE_JWT |= {"USER_ID_CLAIM": "sub"}
    DATABASES = {}

AUTHENTICATION = "JWTStatelessUserAuthentication" if WHO == "stateless" else "JWTAuthentication"
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework_simplejwt.authentication." + AUTHENTICATION],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated", "permissions.IsUser"],
}
