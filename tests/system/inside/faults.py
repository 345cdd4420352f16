"""Work that is killed at one statement or another, taken up again, and what it leaves."""

import os
import signal

from clock import Clock
from people import make_user

import odoo
from odoo.fields import Command, Datetime
from odoo.modules.registry import Registry
from odoo.tools import SQL

from odoo.addons.sales_funnel_control.models import crm_client_nightly, crm_program_launch

START = "2026-03-02 08:00:00"
# A Monday morning, two weeks later.
LATER = "2026-03-16 07:00:00"
CLIENTS = 18
PURCHASES = 6
SMALL = 5
# Where in the statements of the whole work each attempt ends.
ENDS = (0.1, 0.5, 0.9, 0.3, 0.7, 0.2, 0.45)

# Whatever has another number, or another time, after an attempt that came to nothing.
_PASSING = {
    *("id", "create_date", "write_date", "code", "access_token", "last_id", "last_lead_id"),
    *("res_id", "message_id", "__last_update", "duration_tracking"),
}
# Rows whose ids do not change from one database to the other.
_KEPT = ("res_", "crm_team", "crm_stage", "crm_lost_reason", "utm_", "product_", "loyalty_program")
_BESIDE = ("crm_lead", "mail_activity", "loyalty_card", "res_partner")


def prepare(env):
    """Two weeks of a team with clients that buy, a loyalty program and a special one."""
    # pylint: disable=invalid-commit
    clock = Clock(START)
    seller = make_user(env, "Ivanov", "sales_team.group_sale_manager")
    team = env["crm.team"].create({"name": "Faults", "user_id": seller.id})
    env["crm.team.member"].create({"crm_team_id": team.id, "user_id": seller.id})
    tag = env["res.partner.category"].create({"name": "Club"})
    partners = env["res.partner"].create(
        [
            {
                "name": f"Client {number:02}",
                "is_company": True,
                "farmer_id": seller.id,
                "category_id": [Command.set(tag.ids if number % 2 else [])],
            }
            for number in range(CLIENTS)
        ]
    )
    _make_programs(env, tag)
    stages = env["crm.stage"].search([("team_ids", "=", False)], limit=3)
    leads = env["crm.lead"].create(
        [
            {
                "name": f"Deal with {partner.name}",
                "type": "opportunity",
                "partner_id": partner.id,
                "user_id": seller.id,
                "team_id": team.id,
                "stage_id": stages[0].id,
            }
            for partner in partners
        ]
    )
    env.cr.commit()
    for stage in stages[1:]:
        clock.move_on(days=2)
        leads[::2].stage_id = stage
        env.cr.commit()
    product = env["product.product"].create({"name": "Pipes", "type": "service"})
    for partner in partners:
        _buy(env, partner, product)
    reason = env["crm.lost.reason"].create({"name": "No budget (faults)"})
    return {
        "leads": leads.ids,
        "reason": reason.id,
        "campaign": env["utm.campaign"].search([("title", "=", "Seminar")]).id,
    }


def _make_programs(env, tag):
    env["loyalty.program"].create(
        {
            "name": "Club",
            "company_id": env.company.id,
            "program_type": "loyalty",
            "applies_on": "both",
            "trigger": "auto",
            "is_by_right": True,
            "is_automatic": True,
            "entitled_tag_ids": [Command.set(tag.ids)],
            "rule_ids": [Command.create({"reward_point_mode": "order", "minimum_qty": 0})],
            "reward_ids": [
                Command.create(
                    {
                        "reward_type": "discount",
                        "discount_mode": "percent",
                        "discount": 5,
                        "discount_applicability": "order",
                        "required_points": 1,
                    }
                )
            ],
            "communication_plan_ids": [Command.clear()],
        }
    )
    env["utm.campaign"].create(
        {
            "title": "Seminar",
            "is_special_program": True,
            "program_kind": "seminar",
            "company_id": env.company.id,
            "client_domain": "[('category', '!=', False)]",
        }
    )


def _buy(env, partner, product):
    for months in range(1, PURCHASES + 1):
        day = Datetime.subtract(Datetime.now(), days=30 * months)
        line = {"product_id": product.id, "price_unit": 100.0 + partner.id, "tax_ids": False}
        order = env["sale.order"].create(
            {"partner_id": partner.id, "order_line": [Command.create(line)]}
        )
        order.write({"state": "sale", "date_order": day})


# -- the work ---------------------------------------------------------------------------------


def rebuild(env, _world):
    env["crm.ledger.rebuild"]._cron_rebuild()


def weekly(env, _world):
    env["crm.weekly.review"]._cron_make()


def nightly(env, _world):
    """With it come the signals, and the cards of who has a right to one."""
    env["crm.client.run"]._cron_nightly()


def launch(env, _world):
    env["crm.program.launch"]._cron_launch()


def begin(env, world):
    """Start the runs that people start."""
    admin = env(user=env.ref("base.user_admin"))
    admin["utm.campaign"].browse(world["campaign"]).action_launch()
    admin["crm.ledger.rebuild"].create({}).action_start()


WORK = (rebuild, weekly, nightly, launch)


def do_all(env, world, killed=False):
    """Do all the work, in small batches, at a time that stands still.

    :param killed: each work is killed at one statement after the other, and taken up again
    :return: ``facts``: of every table, how many rows and what is in them; ``deaths``: how many
        attempts were killed, by work; ``again``: what a second run changed
    """
    # pylint: disable=invalid-commit
    Clock(LATER)
    crm_client_nightly._BATCH = crm_program_launch._BATCH = SMALL
    env.registry["crm.lead.stage.history"]._BACKFILL_BATCH = SMALL
    deaths = {}
    nightly(env, world)
    _age(env)
    begin(env, world)
    env.cr.commit()
    for work in WORK:
        if killed:
            deaths[work.__name__] = _suffer(env, work, world)
        env.cr.commit()
        env.invalidate_all()
        work(env, world)
        env.cr.commit()
    facts = _facts(env)
    for work in WORK:
        work(env, world)
        env.cr.commit()
    after = _facts(env)
    return {
        "facts": facts,
        "deaths": deaths,
        "again": [table for table in facts if facts[table] != after[table]],
    }


def _age(env):
    """As if the base had been gone over yesterday, and everybody had bought more since."""
    env.cr.execute(SQL("UPDATE crm_client_run SET day = day - 1"))
    env.cr.execute(SQL("UPDATE sale_order SET amount_untaxed = amount_untaxed * 3"))
    env.cr.execute(SQL("UPDATE sale_order SET date_order = date_order - INTERVAL '30 days'"))
    env.invalidate_all()


def _suffer(env, work, world):
    """Begin work in processes that are killed; return how many were."""
    # How many statements there are is known once it was done, and undone.
    whole = _attempt(env.cr.dbname, work, world, end=None)
    return sum(
        _attempt(env.cr.dbname, work, world, end=max(1, int(whole * part))) is None for part in ENDS
    )


def _attempt(name, work, world, end):
    """Do work in a process of its own.

    :param end: the statement at which it is killed; without it nothing is committed
    :return: how many statements it took; None where it was killed
    """
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            os.write(writer, str(_in_child(name, work, world, end)).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        answer = pipe.read()
    _pid, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        return None
    return int(answer)


def _in_child(name, work, world, end):
    # Those of the parent must not be touched: psycopg2 leaves connections of others alone.
    odoo.sql_db._Pool = None
    statements = []
    cursor = odoo.sql_db.Cursor
    execute, commit = cursor.execute, cursor.commit

    def counted(self, *args, **kwargs):
        statements.append(1)
        if len(statements) == end:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(self, *args, **kwargs)

    cursor.execute = counted
    cursor.commit = commit if end else lambda self: self.flush()
    with Registry(name).cursor() as cr:
        work(odoo.api.Environment(cr, odoo.SUPERUSER_ID, {}), world)
        if not end:
            cr.rollback()
    return len(statements)


# -- what is there ----------------------------------------------------------------------------


def _facts(env):
    """Of each table of ours, and those we write to: rows, and a digest of what is in them."""
    env.flush_all()
    tables = {
        model._table
        for model in env.registry.values()
        if model._original_module == "sales_funnel_control" and model._auto and not model._abstract
        if not model._transient
    }
    return {table: _digest(env, table) for table in sorted(tables | set(_BESIDE))}


def _digest(env, table):
    rows = env.execute_query(
        SQL(
            """
            SELECT a.attname, target.relname
              FROM pg_attribute a
         LEFT JOIN pg_constraint link
                ON link.conrelid = a.attrelid AND link.contype = 'f' AND a.attnum = link.conkey[1]
         LEFT JOIN pg_class target ON target.oid = link.confrelid
             WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped
          ORDER BY 1
            """,
            table,
        )
    )
    columns = [
        SQL.identifier(column)
        for column, target in rows
        if column not in _PASSING and (not target or target.startswith(_KEPT))
    ]
    return env.execute_query(
        SQL(
            """
            SELECT COUNT(*), md5(COALESCE(string_agg(line, '|' ORDER BY line), ''))
              FROM (SELECT ROW(%s)::text AS line FROM %s) told
            """,
            SQL(", ").join(columns),
            SQL.identifier(table),
        )
    )[0]
