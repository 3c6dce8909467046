"""Prints one hash of the password in the first argument for each of Django's hashers, at the least cost that each has."""

import base64
import hashlib
import sys
import warnings

warnings.simplefilter("ignore")

from django.conf import settings

MODULE = "django.contrib.auth.hashers."
settings.configure(PASSWORD_HASHERS=[MODULE + "PBKDF2PasswordHasher"])

from django.contrib.auth import hashers

password = sys.argv[1]
made = []
for name, cost in [
    ("PBKDF2PasswordHasher", {"iterations": 1000}),
    ("PBKDF2SHA1PasswordHasher", {"iterations": 1000}),
    ("Argon2PasswordHasher", {"memory_cost": 1024}),
    ("BCryptSHA256PasswordHasher", {"rounds": 4}),
    ("BCryptPasswordHasher", {"rounds": 4}),
    ("ScryptPasswordHasher", {"work_factor": 1024}),
]:
    if not hasattr(hashers, name):
        continue
    hasher = type(name, (getattr(hashers, name),), cost)()
    made.append(hasher.encode(password, hasher.salt()))

if not hasattr(hashers, "ScryptPasswordHasher"):
    # Django before 4.0: put together as later versions do it.
    digest = hashlib.scrypt(password.encode(), salt=b"u7GqLw2XnPz4", n=1024, r=8, p=5, dklen=64)
    made.append("scrypt$1024$u7GqLw2XnPz4$8$5$" + base64.b64encode(digest).decode())

print("\n".join(made))
