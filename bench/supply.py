"""Leads in the first stage, for the operations to work on, with all that Odoo keeps of a lead."""

import odoo
from odoo.tools import SQL

LEAD_NAME = "Benchmark"
# For all operations together, with those that are not in the first stage.
LEADS = 12_000
# Of a hundred leads; the others are in the first stage, ready to be moved.
LOST, WON, FURTHER = 5, 5, 10


def fill(env):
    """Fill a database with leads, and the scoring table with what Odoo makes of them."""
    _multiply(env, _patterns(env), LEADS)
    _finish_some(env)
    env["crm.lead"]._rebuild_pls_frequency_table()


def _patterns(env):
    """One lead per membership of a sales team, made the ordinary way."""
    members = env["crm.team.member"].search([("user_id.share", "=", False)])
    countries = env["res.country"].search([("code", "in", ("DE", "FR", "BE", "US"))])
    return (
        env["crm.lead"]
        .with_context(mail_auto_subscribe_no_notify=True)
        .create(
            [
                {
                    "name": LEAD_NAME,
                    "type": "opportunity",
                    "partner_name": "A Company",
                    "contact_name": "A Client",
                    "email_from": f"client{number}@example.com",
                    "phone": "+32 475 12 34 56",
                    "country_id": countries[number % len(countries)].id,
                    "expected_revenue": 1000 + number,
                    "team_id": member.crm_team_id.id,
                    "user_id": member.user_id.id,
                }
                for number, member in enumerate(members)
            ]
        )
    )


def _multiply(env, patterns, count):
    """Copy the leads in SQL, their followers and their first message included."""
    env.flush_all()
    env.cr.execute("SELECT MAX(id) FROM crm_lead")
    [last] = env.cr.fetchone()
    columns = _columns(env, "crm_lead")
    env.cr.execute(
        SQL(
            "INSERT INTO crm_lead (id, %s) SELECT %s + row_number() OVER (), %s"
            " FROM generate_series(1, %s) JOIN crm_lead ON id = ANY(%s)",
            columns,
            last,
            columns,
            -(-count // len(patterns)),
            patterns.ids,
        )
    )
    env.cr.execute("SELECT setval('crm_lead_id_seq', MAX(id)) FROM crm_lead")
    _multiply_attached(env, "mail_followers", SQL("res_model = 'crm.lead'"), patterns)
    _multiply_attached(env, "mail_message", SQL("model = 'crm.lead'"), patterns)
    env.cr.execute(
        SQL(
            """
            INSERT INTO mail_followers_mail_message_subtype_rel
            SELECT follower.id, pattern_subtype.mail_message_subtype_id
              FROM mail_followers follower
              JOIN mail_followers pattern
                ON pattern.res_id = ANY(%s)
               AND pattern.res_model = follower.res_model
               AND pattern.partner_id = follower.partner_id
              JOIN mail_followers_mail_message_subtype_rel pattern_subtype
                ON pattern_subtype.mail_followers_id = pattern.id
       ON CONFLICT DO NOTHING
            """,
            patterns.ids,
        )
    )


def _multiply_attached(env, table, condition, patterns):
    """Copy the rows of ``table`` that belong to the patterns to their copies."""
    columns = _columns(env, table, without=("res_id",))
    env.cr.execute(
        SQL(
            """
            INSERT INTO %(table)s (res_id, %(columns)s)
            SELECT copy_id, %(columns)s
              FROM %(table)s
              JOIN (
                    SELECT pattern.id AS pattern_id, lead.id
                      FROM crm_lead pattern
                      JOIN crm_lead lead
                        ON lead.email_from = pattern.email_from AND lead.id <> pattern.id
                     WHERE pattern.id = ANY(%(patterns)s)
                   ) AS copies(pattern_id, copy_id)
                ON res_id = pattern_id
             WHERE %(condition)s
            """,
            table=SQL.identifier(table),
            columns=columns,
            patterns=patterns.ids,
            condition=condition,
        )
    )


def _columns(env, table, without=()):
    names = odoo.tools.sql.table_columns(env.cr, table)
    return SQL(", ").join(
        SQL.identifier(name)
        for name in names
        # Two messages may not have one id.
        if name not in ("id", "message_id", *without)
    )


def _finish_some(env):
    """Let some leads be lost, won, or on their way."""
    env.invalidate_all()
    stages = env["crm.stage"].search([("team_ids", "=", False)])
    assignments = (
        (0, LOST, SQL("active = FALSE, probability = 0, won_status = 'lost'")),
        (
            LOST,
            LOST + WON,
            SQL(
                "stage_id = %s, probability = 100, won_status = 'won'",
                stages.filtered("is_won")[:1].id,
            ),
        ),
        (LOST + WON, LOST + WON + FURTHER, SQL("stage_id = %s", stages[1].id)),
    )
    for low, high, assignment in assignments:
        env.cr.execute(
            SQL(
                "UPDATE crm_lead SET %s, date_closed = create_date"
                " WHERE name = %s AND id %% 100 >= %s AND id %% 100 < %s",
                assignment,
                LEAD_NAME,
                low,
                high,
            )
        )


def lead_ids(name):
    """Leads of these that are still in the first stage."""
    with odoo.sql_db.db_connect(name).cursor() as cr:
        cr.execute(
            "SELECT id FROM crm_lead WHERE name = %s AND active AND stage_id ="
            " (SELECT id FROM crm_stage ORDER BY sequence, id LIMIT 1) ORDER BY id",
            [LEAD_NAME],
        )
        return [lead_id for (lead_id,) in cr.fetchall()]
