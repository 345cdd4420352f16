"""The demonstration: the addon with its demo data, served on this machine."""

import os

from .databases import Databases
from .locking import state_lock
from .report import say
from .server import Server, chosen_port

DATABASE = "demo"
LOGIN = PASSWORD = "admin"

WELCOME = """
Sales Funnel Control runs with demo data:

  address   {url}
  login     {login}
  password  {password}

`make demo` again keeps what you entered, `make stop` ends it.
"""


def start(odoo):
    """Serve the demo database, made on the first run and updated when the code changed."""
    port = chosen_port(os.environ["PORT"]) if os.environ.get("PORT") else None
    server = Server(odoo, DATABASE)
    with state_lock("demo"):
        server.check(port)
        _make_current(Databases(odoo), server)
        server.start(port)
    say(WELCOME.format(url=server.url, login=LOGIN, password=PASSWORD))


def _make_current(databases, server):
    key = databases.key(DATABASE)
    if not key:
        server.stop()
        databases.create(DATABASE, "demo")
    elif key != databases.recipe("demo").key:
        server.stop()
        databases.update(DATABASE, "demo")
