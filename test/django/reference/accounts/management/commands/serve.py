from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.core.servers.basehttp import (
    ThreadedWSGIServer,
    WSGIRequestHandler,
    get_internal_wsgi_application,
)


class Handler(WSGIRequestHandler):
    # Headers and body leave in two writes; the second one would wait for the acknowledgement of the first.
    disable_nagle_algorithm = True


class Command(BaseCommand):
    help = "Migrates the database, serves on a free port of the loopback address, and prints where."
    requires_system_checks = []

    def handle(self, **options):
        call_command("migrate", verbosity=0)
        server = ThreadedWSGIServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        server.set_app(get_internal_wsgi_application())
        print(f"http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()
