"""The addon's life in a database of many opportunities: in, updated, out, and in again."""

import databases
import draw
import results
from apart import apart
from ground.traces import LEFT, TRACES
from measure import memory_from_here, peak_memory, worked_in_cluster

import odoo
from odoo.modules.module import initialize_sys_path
from odoo.modules.registry import Registry

TITLE = "Installed, updated, uninstalled, installed again"
INTRODUCTION = """Written by `make bench ARGS="--life"`: in databases of {sizes} opportunities with
their chatter. *Of the installation* compares the processor time, of Odoo and of the whole database
server, with that of the first installation; *growth* is the time in the larger database over that
in the smaller one, by the number of opportunities: 1 is linear, less is better. Nothing may be left
after the uninstallation but what Odoo itself leaves of any addon, and the second installation must
come to the figures of the first.

"""
# The conversion of every manager at every transition, week by week.
_FIGURES = """
    SELECT md5(string_agg(line, '|' ORDER BY line))
      FROM (
            SELECT concat_ws(
                       ' ', user_id, stage_id, next_stage_id, week_start,
                       COUNT(*), COUNT(*) FILTER (WHERE reached_next), SUM(amount)
                   ) AS line
              FROM crm_lead_stage_history
             WHERE is_cohort IS TRUE
          GROUP BY user_id, stage_id, next_stage_id, week_start
           ) figure
"""


def run(pristine, options):
    """Live through it in a database of each size, and print what each step took."""
    steps = {}
    remarks = []
    for size in options.sizes:
        name = f"{pristine}_life"
        databases.copy(pristine, name)
        draw.fill(name, size)
        databases.without_demo(name)
        for title, work, memory in _live(name, remarks):
            steps.setdefault(title, {})[size] = (work, memory)
        databases.drop(name)
    first = steps[next(iter(steps))]
    rows = [["step", *(f"{size:,}" for size in options.sizes), "memory, MB", "growth"]]
    rows += [_row(title, by_size, first) for title, by_size in steps.items()]
    text = results.aligned(rows) + "\n\n" + "\n".join(remarks)
    print(text)
    if not options.dry:
        sizes = " and ".join(f"{size:,}" for size in options.sizes)
        results.keep(TITLE, INTRODUCTION.format(sizes=sizes) + text)


def _row(title, by_size, first):
    small, large = min(by_size), max(by_size)
    growth = by_size[large][0] / by_size[small][0] / (large / small)
    return [
        title,
        *(f"{work / first[size][0]:.2f}" for size, (work, _memory) in by_size.items()),
        " / ".join(f"{memory:.0f}" for _work, memory in by_size.values()),
        f"{growth:.2f}" if large > small else "",
    ]


def _live(name, remarks):
    """Yield each step's title, seconds and MB; what is to be told goes into ``remarks``."""
    before = _traces(name)
    for title, step in (
        ("installation", _install),
        ("update", _update),
        ("uninstallation", _uninstall),
        ("installation again", _install),
    ):
        answer = apart(step, name)
        if answer is None:
            raise SystemExit(f"the {title} failed")
        yield title, *answer
        if title == "installation":
            figures = _query(name, _FIGURES)
        elif title == "uninstallation":
            left = _left(before, _traces(name))
            remarks.append(f"* Left behind: {left or 'nothing'}.")
        elif title == "installation again":
            same = figures == _query(name, _FIGURES)
            remarks.append(f"* The figures after it: {'the same' if same else 'OTHERS'}.")


def _install(name):
    return _loaded(name, install_modules=[databases.ADDON])


def _update(name):
    return _loaded(name, upgrade_modules=[databases.ADDON])


def _loaded(name, **what):
    with odoo.sql_db.db_connect(name).cursor() as cr:
        backend = cr._cnx.info.backend_pid
        initialize_sys_path()
        before, begin = memory_from_here(), worked_in_cluster(backend)
        Registry.new(name, update_module=True, **what)
        return worked_in_cluster(backend) - begin, peak_memory() - before


def _uninstall(name):
    registry = Registry(name)
    with odoo.sql_db.db_connect("postgres").cursor() as watch, registry.cursor() as cr:
        backend = watch._cnx.info.backend_pid
        env = odoo.api.Environment(cr, odoo.api.SUPERUSER_ID, {})
        before, begin = memory_from_here(), worked_in_cluster(backend)
        module = env["ir.module.module"].search([("name", "=", databases.ADDON)])
        module.button_immediate_uninstall()
        return worked_in_cluster(backend) - begin, peak_memory() - before


def _traces(name):
    return {kind: {row[0] for row in _query(name, query)} for kind, query in TRACES.items()}


def _left(before, after):
    """What is there that was not, but for what Odoo leaves of any addon."""
    left = {kind: after[kind] - before[kind] - LEFT.get(kind, set()) for kind in TRACES}
    return ", ".join(
        f"{kind}: {' '.join(sorted(map(str, names)))}" for kind, names in left.items() if names
    )


def _query(name, query):
    with odoo.sql_db.db_connect(name).cursor() as cr:
        cr.execute(query)
        rows = cr.fetchall()
    databases.close(name)
    return rows
