"""The board's figures as one would write them by hand, without rules, verdicts or maturity."""

from odoo.tools import SQL

FLOW_WEEKS = 8


def figures(env, team, period):
    """One statement for each figure of the board.

    :param dict period: ``date_from`` and ``date_to``, as the board has them
    :rtype: dict[str, SQL]
    """
    given = {
        "team": team.id,
        **_bounds(env, period),
        "counts": SQL(
            """
            exit <> 'transferred'
            AND (
                lost_reason_id IS NULL
                OR lost_reason_id NOT IN (SELECT id FROM crm_lost_reason WHERE is_spam_or_duplicate)
            )
            """
        ),
        "zone": env.company.funnel_tz,
    }
    texts = {
        "conversion": _CONVERSION,
        "standing": _STANDING,
        "flow": _FLOW,
        "refusals": _REFUSALS,
    }
    return {name: SQL(text, **given) for name, text in texts.items()}


def bounds(env, period):
    """Moments in UTC: the first of a period, the first after it, the first of the flow's weeks."""
    given = _bounds(env, period)
    [moments] = env.execute_query(SQL("SELECT %s", SQL(", ").join(given.values())))
    return dict(zip(given, moments, strict=True))


def contacts(team, first_week):
    """The statements of contacts and norms by manager and kind, from a week on."""
    return [
        SQL(
            """
            SELECT user_id, counts_as, COUNT(*)
              FROM crm_contact_log
             WHERE team_id = %s AND week_start >= %s AND state = 'done' AND counts_as IS NOT NULL
          GROUP BY user_id, counts_as
            """,
            team.id,
            first_week,
        ),
        SQL(
            """
            SELECT user_id, kind, SUM(norm)
              FROM crm_contact_norm_week
             WHERE team_id = %s AND week_start >= %s AND week_start <= CURRENT_DATE
          GROUP BY user_id, kind
            """,
            team.id,
            first_week,
        ),
    ]


def _bounds(env, period):
    return {
        "begin": _midnight(env, SQL("%s::date", period["date_from"])),
        "end": _midnight(env, SQL("%s::date + 1", period["date_to"])),
        "first_week": _midnight(
            env,
            SQL("date_trunc('week', %s::date)::date - %s", period["date_to"], 7 * (FLOW_WEEKS - 1)),
        ),
    }


def _midnight(env, day):
    return SQL("(%s)::timestamp AT TIME ZONE %s AT TIME ZONE 'UTC'", day, env.company.funnel_tz)


_CONVERSION = """
    SELECT user_id, next_stage_id,
           COUNT(*), COUNT(*) FILTER (WHERE reached_next), AVG(target_rate)
      FROM crm_lead_stage_history
     WHERE is_cohort IS TRUE
       AND next_stage_id IS NOT NULL
       AND team_id = %(team)s
       AND entered_at >= %(begin)s
       AND entered_at < %(end)s
       AND %(counts)s
  GROUP BY user_id, next_stage_id
"""

_STANDING = """
    SELECT stage_id, user_id,
           COUNT(*),
           COUNT(*) FILTER (
               WHERE NOT EXISTS (
                         SELECT FROM mail_activity
                          WHERE res_model = 'crm.lead' AND res_id = lead_id AND active
                     )
                 AND NOT EXISTS (
                         SELECT FROM calendar_event
                          WHERE opportunity_id = lead_id AND active AND start >= NOW()
                     )
           ),
           COUNT(*) FILTER (WHERE entered_at < NOW() AT TIME ZONE 'UTC' - INTERVAL '14 days'),
           COUNT(*) FILTER (
               WHERE (
                         SELECT MIN(past.entered_at)
                           FROM crm_lead_stage_history past
                          WHERE past.lead_id = stay.lead_id
                     ) < NOW() AT TIME ZONE 'UTC' - INTERVAL '90 days'
           )
      FROM crm_lead_stage_history stay
     WHERE left_at IS NULL
       AND team_id = %(team)s
       AND stage_id IN (SELECT id FROM crm_stage WHERE is_won IS NOT TRUE)
  GROUP BY stage_id, user_id
"""

_FLOW = """
    SELECT next_stage_id,
           date_trunc('week', left_at AT TIME ZONE 'UTC' AT TIME ZONE %(zone)s) AS week,
           COUNT(*), COUNT(*) FILTER (WHERE exit = 'advanced')
      FROM crm_lead_stage_history
     WHERE team_id = %(team)s
       AND next_stage_id IS NOT NULL
       AND left_at >= %(first_week)s
       AND left_at < %(end)s
       AND %(counts)s
  GROUP BY next_stage_id, week
"""

_REFUSALS = """
    SELECT lost_reason_id, COUNT(*)
      FROM crm_lead_refusal
     WHERE team_id = %(team)s
       AND refused_at >= %(begin)s
       AND refused_at < %(end)s
  GROUP BY lost_reason_id
"""
