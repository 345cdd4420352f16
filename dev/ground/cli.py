"""The commands of `dev/run`."""

import argparse
import json
import os
import shlex

from . import bench, cleaning, demo, linting, odoo, process, stock, testing, translations
from .databases import RECIPES, Databases
from .paths import CACHE, CHECKOUT, LOGS, STATE, make_folders
from .report import Problem, note, say
from .server import Server, chosen_port, keep_cluster


def main(arguments):
    """Run one command; problems come out as one line and exit code 1."""
    # The user who runs PostgreSQL for root must get at what we make.
    os.umask(0o022)
    try:
        options = _parser().parse_args(arguments)
        make_folders()
        return options.run(options) or 0
    except Problem as problem:
        note(f"error: {problem}")
        return 1
    except KeyboardInterrupt:
        note("stopped")
        return 130


def _parser():
    parser = argparse.ArgumentParser(prog="dev/run", description="Development of the addon.")
    command = _adder(parser)
    command("setup", _setup, "fetch Odoo, its Python and PostgreSQL, and start the database server")
    command("demo", _demo, "serve the addon with demo data (PORT=n chooses the port)")
    command("stop", _stop, "stop what runs")
    clean = command("clean", _clean, "stop what runs and remove what was made outside the checkout")
    clean.add_argument("--keep-cache", action="store_true", help="leave the downloads")
    _passes_on(command("test", _test, "run all tests; arguments after -- go to pytest"))
    _passes_on(command("proof", _proof, "run the long tests of scale, load and faults"))
    _passes_on(command("test-stock", _test_stock, "run the suites of Odoo's own CRM beside ours"))
    lint = command("lint", _lint, "check code, views, scripts and translations")
    lint.add_argument("--fix", action="store_true", help="let the formatters repair instead")
    command("pot", _pot, "export the texts to translate, and carry the translations over")
    _passes_on(command("bench", _bench, "run the benchmark; arguments after -- go to it"))
    shell = command("shell", _shell, "open Odoo's shell on a database")
    shell.add_argument("database", nargs="?", default=demo.DATABASE)
    _passes_on(command("odoo", _odoo, "run Odoo with our configuration: odoo -- -d x -u y"))
    env = command("env", _env, "print where things are, for a shell to eval")
    env.add_argument("--json", action="store_true", help="print JSON instead")
    _add_db(command("db", None, "make and drop databases"))
    _add_server(command("server", None, "serve a database in the background"))
    return parser


def _adder(parser):
    """A function that adds a command to `parser`."""
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def add(name, run, text):
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(run=run)
        return added

    return add


def _add_db(parser):
    command = _adder(parser)
    create = command("create", _db_create, "make a database anew from a template")
    create.add_argument("name")
    create.add_argument("--template", default="addon", choices=RECIPES)
    command("drop", _db_drop, "drop a database").add_argument("name")
    command("list", _db_list, "list the databases")


def _add_server(parser):
    command = _adder(parser)
    start = command("start", _server_start, "start it and print its address")
    start.add_argument("database")
    start.add_argument("--port", type=chosen_port)
    command("stop", _server_stop, "stop it").add_argument("database")


def _passes_on(parser):
    parser.add_argument("arguments", nargs=argparse.REMAINDER)


def _passed_on(options):
    arguments = options.arguments
    return arguments[1:] if arguments[:1] == ["--"] else arguments


def _ready():
    """Odoo with its database server up."""
    ready = odoo.get()
    keep_cluster(ready)
    return ready


def _setup(_options):
    _ready()


def _demo(_options):
    demo.start(_ready())


def _stop(_options):
    cleaning.stop()


def _clean(options):
    cleaning.clean(options.keep_cache)


def _test(options):
    return testing.run(odoo.get(), _passed_on(options))


def _proof(options):
    return testing.run_proof(odoo.get(), _passed_on(options))


def _test_stock(options):
    return stock.run(odoo.get(), _passed_on(options))


def _lint(options):
    if options.fix:
        return linting.repair(odoo.get())
    return linting.run(odoo.get())


def _pot(_options):
    translations.refresh(odoo.get())


def _bench(options):
    return bench.run(odoo.get(), _passed_on(options))


def _shell(options):
    ready = _ready()
    process.become(ready.command("shell", "--no-http", database=options.database), ready.env)


def _odoo(options):
    ready = _ready()
    process.become(ready.command(*_passed_on(options)), ready.env)


def _env(options):
    ready = odoo.get()
    places = {
        "SFC_CHECKOUT": CHECKOUT,
        "SFC_CACHE": CACHE,
        "SFC_STATE": STATE,
        "SFC_LOGS": LOGS,
        "SFC_PYTHON": ready.venv.python,
        "SFC_ADDONS_PATH": ",".join(map(str, ready.addons_paths)),
        "ODOO_RC": ready.config(),
        **ready.env_changes,
    }
    places = {name: str(value) for name, value in places.items()}
    if options.json:
        say(json.dumps(places, indent=2))
        return
    for name, value in places.items():
        say(f"export {name}={shlex.quote(value)}")


def _db_create(options):
    Databases(_ready()).create(options.name, options.template)


def _db_drop(options):
    Databases(_ready()).drop(options.name)


def _db_list(_options):
    for name in Databases(_ready()).names():
        say(name)


def _server_start(options):
    server = Server(_ready(), options.database)
    server.start(options.port)
    say(server.url)


def _server_stop(options):
    Server(odoo.get(), options.database).stop()
