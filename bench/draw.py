"""Two years of a large team's work, as stock Odoo holds them: drawn in SQL, in minutes."""

import chatter
import databases
import supply

import odoo
from odoo.modules.registry import Registry
from odoo.tools import SQL

YEARS = 2
SALESPEOPLE = 30
TEAM = "Benchmark"
HEAD = "benchmark_head"
SALESPERSON = "benchmark_1"
# Of the stages before the won one, in order: how many advance, and after how many days on average.
PASSING = (0.97, 0.80, 0.80, 0.93)
DAYS = (5, 9, 14, 10)
SPAM = 0.05
SPAM_REASON = "Benchmark: Spam"
# One opportunity of so many is handed over in the second stage.
HANDED_OVER = 33
LEADS_PER_CLIENT = 5
WITH_ACTIVITY = 0.5
# What every stage asks for once the addon is there.
TARGET_RATE = 80


def fill(name, count):
    """Fill a stock database with ``count`` opportunities of one team, and all that hangs on them.

    Beside them stand the leads that the operations work on.
    """
    with Registry(name).cursor() as cr:
        env = odoo.api.Environment(cr, odoo.api.SUPERUSER_ID, {"tracking_disable": True})
        databases.check_stock(env)
        supply.fill(env(context={}))
        team = _team(env)
        env.flush_all()
        # Checking every row's references takes longer than all the rest.
        cr.execute("SET LOCAL session_replication_role = replica")
        cr.execute("SET LOCAL maintenance_work_mem = '512MB'")
        cr.execute("SELECT setseed(0.5)")
        _draw_clients(env, count // LEADS_PER_CLIENT)
        _draw_stays(env, team, count)
        with databases.unindexed(cr, "crm_lead", "sale_order", "mail_activity"):
            _fill_leads(env, team)
            _fill_orders(env, team)
            _plan_activities(env, team)
        chatter.fill(env, won_stage=stages(env)[-1])
    databases.close(name)
    databases.vacuum(name)


def team(env):
    """The team that :func:`fill` made."""
    return env["crm.team"].search([("name", "=", TEAM)])


def stages(env):
    """The stages of its funnel: those that all teams share."""
    return env["crm.stage"].search([("team_ids", "=", False)])


def _team(env):
    won = stages(env).filtered("is_won")
    env["crm.stage"].create({"name": "Contract", "sequence": won.sequence - 1})
    env["crm.lost.reason"].create({"name": SPAM_REASON})
    env["ir.config_parameter"].set_param(
        "sales_funnel_control.default_target_rate", str(TARGET_RATE)
    )
    groups = {
        login: env.ref(f"sales_team.group_sale_{group}").ids
        for login, group in [
            (HEAD, "manager"),
            *((f"benchmark_{number}", "salesman") for number in range(SALESPEOPLE)),
        ]
    }
    users = env["res.users"].create(
        [
            {"name": login, "login": login, "group_ids": [odoo.fields.Command.link(group_id)]}
            for login, [group_id] in groups.items()
        ]
    )
    team = env["crm.team"].create(
        {"name": TEAM, "use_opportunities": True, "company_id": False, "user_id": users[0].id}
    )
    env["crm.team.member"].create(
        [{"crm_team_id": team.id, "user_id": user.id} for user in users[1:]]
    )
    return team


def _draw_clients(env, count):
    """Organisations, numbered in a temporary table."""
    env.cr.execute(
        SQL(
            """
            CREATE TEMPORARY TABLE drawn_client ON COMMIT DROP AS
            SELECT number AS client_number, (SELECT MAX(id) FROM res_partner) + number AS id
              FROM generate_series(1, %s) AS number
            """,
            count,
        )
    )
    env.cr.execute(
        """
        INSERT INTO res_partner (
            id, name, complete_name, ref, active, is_company, type, autopost_bills,
            commercial_partner_id, create_date
        )
        SELECT id, 'Client ' || client_number, 'Client ' || client_number, 'benchmark', TRUE, TRUE,
               'contact', 'ask', id, NOW() AT TIME ZONE 'UTC'
          FROM drawn_client
        """
    )
    env.cr.execute("SELECT setval('res_partner_id_seq', MAX(id)) FROM res_partner")


def _draw_stays(env, team, count):
    """Let the opportunities walk along the funnel: one row per stay, in a temporary table."""
    env.cr.execute(
        SQL(
            """
            CREATE TEMPORARY TABLE drawn_stay ON COMMIT DROP AS
            WITH member AS (
                SELECT row_number() OVER place - 1 AS place,
                       user_id,
                       COALESCE(LEAD(user_id) OVER place, MIN(user_id) OVER ()) AS successor_id
                  FROM crm_team_member
                 WHERE crm_team_id = %(team)s
                WINDOW place AS (ORDER BY user_id)
            ),
            opportunity AS (
                SELECT number, place, user_id,
                       CASE WHEN number %% %(handed_over)s = 0 THEN successor_id END
                       AS successor_id,
                       (SELECT MAX(id) FROM crm_lead) + number AS lead_id,
                       client.id AS client_id,
                       date_trunc(
                           'second',
                           %(now)s - (1 - number::float8 / %(count)s) * %(years)s
                           * INTERVAL '1 year'
                       ) AS begun_at,
                       1000 + number %% 50 * 100 AS amount,
                       CASE WHEN random() < %(spam)s THEN %(spam_reason)s
                            ELSE (%(reasons)s)[1 + (random() * %(last_reason)s)::int]
                       END AS lost_reason_id
                  FROM generate_series(1, %(count)s) AS number
                  JOIN member ON member.place = number %% %(members)s
                  JOIN drawn_client client ON client_number = 1 + number %% %(clients)s
            ),
            way AS (
                SELECT opportunity.*,
                       step.*,
                       random() < step.passing * (0.9 + 0.2 * opportunity.place / %(members)s)
                       AS passes,
                       -ln(1 - random()) * step.mean_days AS days
                  FROM opportunity
            CROSS JOIN unnest(%(stages)s::int[], %(next_stages)s::int[],
                              %(passing)s::float8[], %(days)s::float8[])
                       WITH ORDINALITY
                       AS step(stage_id, next_stage_id, passing, mean_days, rank)
            ),
            walked AS (
                SELECT way.*,
                       COALESCE(BOOL_AND(passes) OVER earlier, TRUE) AS comes_here,
                       begun_at + COALESCE(SUM(days) OVER earlier, 0) * INTERVAL '1 day'
                       AS entered_at
                  FROM way
                WINDOW earlier AS (
                    PARTITION BY lead_id
                        ORDER BY rank
                    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
                )
            )
            SELECT lead_id, client_id, begun_at, amount, lost_reason_id, rank,
                   stage_id, next_stage_id, user_id, successor_id, entered_at, left_at,
                   CASE WHEN rank = 2 AND successor_id IS NOT NULL AND handed_at <= %(now)s
                        THEN handed_at
                   END AS handed_at,
                   CASE WHEN left_at IS NULL THEN 'still_there'
                        WHEN passes THEN 'advanced'
                        ELSE 'refused'
                   END AS exit
              FROM (
                    SELECT walked.*,
                           date_trunc('second', entered_at + days / 2 * INTERVAL '1 day')
                           AS handed_at,
                           CASE WHEN next_stage_id IS NOT NULL
                                 AND entered_at + days * INTERVAL '1 day' <= %(now)s
                                THEN date_trunc('second', entered_at + days * INTERVAL '1 day')
                           END AS left_at
                      FROM walked
                     WHERE comes_here AND entered_at <= %(now)s
                   ) stay
            """,
            team=team.id,
            now=odoo.fields.Datetime.now(),
            years=YEARS,
            count=count,
            clients=max(count // LEADS_PER_CLIENT, 1),
            members=SALESPEOPLE,
            handed_over=HANDED_OVER,
            spam=SPAM,
            **_reasons(env),
            **_steps(env),
        )
    )


def _reasons(env):
    reasons = env["crm.lost.reason"].search(odoo.fields.Domain.TRUE)
    spam = reasons.filtered(lambda reason: reason.name == SPAM_REASON)
    return {
        "reasons": (reasons - spam).ids,
        "last_reason": len(reasons - spam) - 1,
        "spam_reason": spam.id,
    }


def _steps(env):
    funnel = stages(env)
    return {
        "stages": funnel.ids,
        "next_stages": [*funnel[1:].ids, None],
        "passing": [*PASSING, 1],
        "days": [*DAYS, 1],
    }


def _fill_leads(env, team):
    """The opportunities as their last stay left them."""
    env.cr.execute(
        SQL(
            """
            INSERT INTO crm_lead (
                id, name, type, active, team_id, user_id, company_id, partner_id, stage_id,
                expected_revenue, probability, automated_probability, won_status, lost_reason_id,
                priority, create_date, write_date, date_open, date_last_stage_update, date_closed
            )
            SELECT lead_id, 'Opportunity ' || lead_id, 'opportunity', exit <> 'refused', %(team)s,
                   owner_id, %(company)s, client_id, stage_id, amount,
                   chance, chance, won_status,
                   CASE WHEN exit = 'refused' THEN lost_reason_id END,
                   '0', begun_at, COALESCE(left_at, entered_at), begun_at, entered_at,
                   CASE WHEN next_stage_id IS NULL THEN entered_at ELSE left_at END
              FROM (
                    SELECT last_stay.*,
                           CASE WHEN next_stage_id IS NULL THEN 100
                                WHEN exit = 'refused' THEN 0
                                ELSE 30
                           END AS chance,
                           CASE WHEN next_stage_id IS NULL THEN 'won'
                                WHEN exit = 'refused' THEN 'lost'
                                ELSE 'pending'
                           END AS won_status
                      FROM (
                            SELECT DISTINCT ON (lead_id) *,
                                   CASE WHEN MAX(handed_at) OVER (PARTITION BY lead_id) IS NULL
                                        THEN user_id
                                        ELSE successor_id
                                   END AS owner_id
                              FROM drawn_stay
                          ORDER BY lead_id, rank DESC
                           ) last_stay
                   ) lead
            """,
            team=team.id,
            company=env.company.id,
        )
    )
    env.cr.execute("SELECT setval('crm_lead_id_seq', MAX(id)) FROM crm_lead")


def _fill_orders(env, team):
    """A confirmed order of every opportunity that was won."""
    env.cr.execute(
        SQL(
            """
            INSERT INTO sale_order (
                name, partner_id, partner_invoice_id, partner_shipping_id, company_id, currency_id,
                opportunity_id, team_id, user_id, state, date_order, create_date,
                amount_untaxed, amount_total, currency_rate
            )
            SELECT 'B' || id, partner_id, partner_id, partner_id, company_id, %(currency)s,
                   id, team_id, user_id, 'sale', date_closed, date_closed,
                   expected_revenue, expected_revenue, 1
              FROM crm_lead
             WHERE team_id = %(team)s
               AND won_status = 'won'
            """,
            currency=env.company.currency_id.id,
            team=team.id,
        )
    )


def _plan_activities(env, team):
    """Plan a next step with some of the clients in work."""
    env.cr.execute(
        SQL(
            """
            INSERT INTO mail_activity (
                res_model_id, res_model, res_id, activity_type_id, user_id, date_deadline, active
            )
            SELECT %(model)s, 'crm.lead', id, %(type)s, user_id, CURRENT_DATE + 7, TRUE
              FROM crm_lead
             WHERE team_id = %(team)s
               AND won_status = 'pending'
               AND random() < %(share)s
            """,
            model=env["ir.model"]._get_id("crm.lead"),
            type=env.ref("mail.mail_activity_data_todo").id,
            team=team.id,
            share=WITH_ACTIVITY,
        )
    )
