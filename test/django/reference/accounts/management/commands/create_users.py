import json
import sys

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, User
from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils.module_loading import import_string


class Command(BaseCommand):
    help = (
        "Creates users from a JSON list on stdin: username, password (null is unusable) with hasher (its short name, or "
        "a class by its path), or encoded; groups; any other field of auth_user. Prints a JSON list of their ids."
    )
    requires_system_checks = []

    @transaction.atomic
    def handle(self, **options):
        print(json.dumps([create(**user) for user in json.load(sys.stdin)]))


def create(username, password=None, hasher="default", encoded=None, groups=(), **fields):
    by = import_string(hasher)() if "." in hasher else hasher
    user = User(username=username, password=encoded or make_password(password, hasher=by), **fields)
    user.save()
    if groups:
        user.groups.set([Group.objects.get_or_create(name=name)[0] for name in groups])
    return user.id
