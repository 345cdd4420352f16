"""The board's figures as one would write them by hand, without rules, verdicts or maturity."""

from odoo.tools import SQL

FLOW_WEEKS = 8


def figures(env, team, period):
    """One statement for each figure of the board; the conversion, which is the main one, first.

    :param dict period: the board's own ``period``
    :rtype: list[SQL]
    """
    given = {
        "team": team.id,
        "begin": _midnight(env, SQL("%s::date", period["date_from"])),
        "end": _midnight(env, SQL("%s::date + 1", period["date_to"])),
        "first_week": _midnight(
            env,
            SQL("date_trunc('week', %s::date)::date - %s", period["date_to"], 7 * (FLOW_WEEKS - 1)),
        ),
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
    return [SQL(text, **given) for text in (_CONVERSION, _STANDING, _FLOW, _REFUSALS)]


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
           COUNT(*) FILTER (WHERE entered_at < NOW() AT TIME ZONE 'UTC' - INTERVAL '14 days')
      FROM crm_lead_stage_history
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
