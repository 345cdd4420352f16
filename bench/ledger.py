"""The database of the control board: a team whose ledger tells two years of a large company."""

import odoo
from odoo.modules.registry import Registry
from odoo.tools import SQL

YEARS = 2
SALESPEOPLE = 30
TEAM = "Benchmark"
# Of the stages before the won one, in order: how many advance, and after how many days on average.
PASSING = (0.97, 0.80, 0.80, 0.93)
DAYS = (5, 9, 14, 10)
SPAM = 0.05
WITH_ACTIVITY = 0.5


def fill(name, count):
    """Build a team with the reference funnel, and a ledger of ``count`` opportunities of it."""
    with Registry(name).cursor() as cr:
        env = odoo.api.Environment(cr, odoo.api.SUPERUSER_ID, {"tracking_disable": True})
        team = _team(env)
        env.flush_all()
        # Checking every row's references takes longer than all the rest.
        cr.execute("SET LOCAL session_replication_role = replica")
        cr.execute("SELECT setseed(0.5)")
        _draw_stays(env, team, count)
        _fill_leads(env, team)
        _fill_ledger(env, team)
        _fill_register(env)
        _plan_activities(env, team)


def _fill_register(env):
    env.cr.execute(env["crm.lead.refusal"]._insert_sql(SQL("TRUE"), False))


def team(env):
    """The team that :func:`fill` made."""
    return env["crm.team"].search([("name", "=", TEAM)])


def _team(env):
    team = env["crm.team"].create({"name": TEAM, "use_opportunities": True, "company_id": False})
    env["crm.funnel.builder"].create({"team_id": team.id}).action_build()
    users = env["res.users"].create(
        [
            {
                "name": f"Salesperson {number}",
                "login": f"salesperson{number}",
                "group_ids": [(4, env.ref("sales_team.group_sale_salesman").id)],
            }
            for number in range(SALESPEOPLE)
        ]
    )
    env["crm.team.member"].create(
        [
            {
                "crm_team_id": team.id,
                "user_id": user.id,
                "sales_role": "hunter" if place % 3 else "trainee",
            }
            for place, user in enumerate(users)
        ]
    )
    env["crm.lost.reason"].create({"name": "Spam", "is_spam_or_duplicate": True})
    return team


def _draw_stays(env, team, count):
    """Let the opportunities walk along the funnel: one row per stay, in a temporary table."""
    env.cr.execute(
        SQL(
            """
            CREATE TEMPORARY TABLE drawn_stay ON COMMIT DROP AS
            WITH member AS (
                SELECT row_number() OVER (ORDER BY id) - 1 AS place,
                       user_id, sales_role, grade
                  FROM crm_team_member
                 WHERE crm_team_id = %(team)s
            ),
            opportunity AS (
                SELECT number, member.*,
                       (SELECT MAX(id) FROM crm_lead) + number AS lead_id,
                       %(now)s - (1 - number::float8 / %(count)s) * %(years)s * INTERVAL '1 year'
                       AS begun_at,
                       (ARRAY['a', 'b', 'c'])[1 + number %% 7 / 3] AS lead_class,
                       (%(reasons)s)[1 + (random() * %(last_reason)s)::int] AS lost_reason_id,
                       random() < %(spam)s AS is_spam
                  FROM generate_series(1, %(count)s) AS number
                  JOIN member ON member.place = number %% %(members)s
            ),
            way AS (
                SELECT opportunity.*,
                       step.*,
                       random() < step.passing * (0.9 + 0.2 * opportunity.place / %(members)s)
                       AS passes,
                       -ln(1 - random()) * step.mean_days AS days
                  FROM opportunity
            CROSS JOIN unnest(%(stages)s::int[], %(next_stages)s::int[],
                              %(targets)s::float8[], %(passing)s::float8[], %(days)s::float8[])
                       WITH ORDINALITY
                       AS step(stage_id, next_stage_id, target_rate, passing, mean_days, rank)
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
            ),
            stay AS (
                SELECT lead_id, user_id, sales_role, grade, lead_class, begun_at, rank, passes,
                       stage_id, next_stage_id, NULLIF(target_rate, 0) AS target_rate,
                       CASE WHEN is_spam THEN %(spam_reason)s ELSE lost_reason_id END
                       AS lost_reason_id,
                       date_trunc('second', entered_at) AS entered_at,
                       CASE WHEN next_stage_id IS NOT NULL
                             AND entered_at + days * INTERVAL '1 day' <= %(now)s
                            THEN date_trunc('second', entered_at + days * INTERVAL '1 day')
                       END AS left_at
                  FROM walked
                 WHERE comes_here AND entered_at <= %(now)s
            )
            SELECT stay.*,
                   CASE WHEN left_at IS NULL THEN 'still_there'
                        WHEN passes THEN 'advanced'
                        ELSE 'refused'
                   END AS exit
              FROM stay
            """,
            team=team.id,
            now=odoo.fields.Datetime.now(),
            years=YEARS,
            count=count,
            members=SALESPEOPLE,
            spam=SPAM,
            **_reasons(env),
            **_steps(env, team),
        )
    )


def _reasons(env):
    reasons = env["crm.lost.reason"].search([])
    spam = reasons.filtered("is_spam_or_duplicate")
    return {
        "reasons": (reasons - spam).ids,
        "last_reason": len(reasons - spam) - 1,
        "spam_reason": spam[:1].id,
    }


def _steps(env, team):
    stages = env["crm.stage"].search([("team_ids", "in", team.ids)])
    return {
        "stages": stages.ids,
        "next_stages": [*stages[1:].ids, None],
        "targets": [*stages[1:].mapped("target_rate"), None],
        "passing": [*PASSING, 1],
        "days": [*DAYS, 1],
    }


def _fill_leads(env, team):
    """The opportunities as their last stay left them."""
    env.cr.execute(
        SQL(
            """
            INSERT INTO crm_lead (
                id, name, type, active, team_id, user_id, company_id, stage_id, lead_class,
                expected_revenue, probability, won_status, lost_reason_id,
                create_date, date_open, date_last_stage_update, date_closed
            )
            SELECT lead_id, %(name)s, 'opportunity', exit <> 'refused', %(team)s, user_id,
                   %(company)s, stage_id, lead_class, 1000,
                   CASE WHEN next_stage_id IS NULL THEN 100
                        WHEN exit = 'refused' THEN 0
                        ELSE 30
                   END,
                   CASE WHEN next_stage_id IS NULL THEN 'won'
                        WHEN exit = 'refused' THEN 'lost'
                        ELSE 'pending'
                   END,
                   CASE WHEN exit = 'refused' THEN lost_reason_id END,
                   begun_at, begun_at, entered_at,
                   CASE WHEN next_stage_id IS NULL THEN entered_at ELSE left_at END
              FROM (
                    SELECT DISTINCT ON (lead_id) *
                      FROM drawn_stay
                  ORDER BY lead_id, rank DESC
                   ) AS last_stay
            """,
            name=TEAM,
            team=team.id,
            company=env.company.id,
        )
    )
    env.cr.execute("SELECT setval('crm_lead_id_seq', MAX(id)) FROM crm_lead")


def _fill_ledger(env, team):
    """The stays, in the order in which they would have been written."""
    env.cr.execute(
        SQL(
            """
            INSERT INTO crm_lead_stage_history (
                lead_id, stage_id, next_stage_id, team_id, user_id, sales_role, grade,
                company_id, currency_id, amount, lead_class,
                entered_at, left_at, days, week_start, origin, exit, lost_reason_id,
                is_cohort, reached_next, target_rate, is_skipped, is_reconstructed
            )
            SELECT lead_id, stage_id, next_stage_id, %(team)s, user_id, sales_role, grade,
                   %(company)s, %(currency)s, 1000, lead_class,
                   entered_at, left_at, %(days)s, %(week)s,
                   CASE WHEN rank = 1 THEN 'created' ELSE 'advanced' END,
                   exit,
                   CASE WHEN exit = 'refused' THEN lost_reason_id END,
                   TRUE, exit = 'advanced', target_rate, FALSE, FALSE
              FROM drawn_stay
          ORDER BY entered_at
            """,
            team=team.id,
            company=env.company.id,
            currency=env.company.currency_id.id,
            days=SQL("EXTRACT(EPOCH FROM left_at - entered_at) / 86400"),
            week=SQL(
                "date_trunc('week', entered_at AT TIME ZONE 'UTC' AT TIME ZONE %s)::date",
                env.company.funnel_tz,
            ),
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


def sizes(env):
    """How many opportunities the team has, and how many stays."""
    [sizes] = env.execute_query(
        SQL(
            "SELECT COUNT(DISTINCT lead_id), COUNT(*) FROM crm_lead_stage_history"
            " WHERE team_id = %s",
            team(env).id,
        )
    )
    return sizes
