from odoo import models
from odoo.tools import SQL

_UNCHANGED = SQL("NULL::int[]")


class CrmLeadStageHistory(models.Model):
    """What the chatter tells of a lead: its values before, at and after each change."""

    _inherit = "crm.lead.stage.history"

    def _story_cte(self, lead_ids):
        """CTEs ``story``, ``point``: what was known of each lead before, at and after each change.

        The ``merged`` leads, whose changes are more than one story, are left out.
        ``story`` is one row per lead: its values before the first tracked change of each field
        (else the present ones), the beginning and the end of what is to be rebuilt.
        ``point`` is one row per lead and moment at which something changed; its changes are arrays
        of the event and the new value, NULL where there was none. A lead that was born
        lost (an import of old leads, say) was in the funnel for no time at all. A change of the
        won status tells that the lead was lost, but for one that comes with a change of stage:
        that is a won lead moved out of the won stage.
        """
        return SQL(
            """
            told AS (
                SELECT lead.id AS lead_id, lead.company_id, lead.lost_reason_id,
                       NOT lead.active AND COALESCE(lead.probability, 0) = 0 AS is_lost,
                       %(stage)s AS stage_id,
                       %(team)s AS team_id,
                       %(user)s AS user_id,
                       %(active)s AS active,
                       BOOL_OR(event.field IN ('stage_id', 'user_id', 'team_id', 'active')) IS TRUE
                           AS is_tracked,
                       LEAST(
                           date_trunc('second', CASE
                               WHEN COUNT(*) FILTER (WHERE event.field = 'type') = 0
                               THEN COALESCE(lead.date_conversion, lead.create_date)
                               ELSE lead.create_date
                           END),
                           MIN(event.at) FILTER (WHERE event.field <> 'lost_reason_id')
                       ) AS began_at,
                       date_trunc('second', COALESCE(
                           lead.date_last_stage_update, lead.create_date
                       )) AS staged_at,
                       CASE WHEN NOT lead.active
                             AND COUNT(*) FILTER (WHERE event.field = 'active') = 0
                             AND (COUNT(event.id) = 0 OR lead.date_closed IS NOT NULL)
                            THEN date_trunc('second', COALESCE(
                                lead.date_closed, lead.date_last_stage_update, lead.write_date
                            ))
                       END AS archived_at,
                       MIN(event.at) FILTER (WHERE event.field = 'active') AS toggled_at
                  FROM crm_lead lead
             LEFT JOIN event ON event.lead_id = lead.id
                 WHERE lead.id = ANY(%(leads)s)
                   AND lead.id NOT IN (SELECT lead_id FROM merged)
                   AND lead.type = 'opportunity'
                   AND lead.stage_id IS NOT NULL
              GROUP BY lead.id
            ),
            story AS (
                SELECT told.*,
                       told.active OR told.is_born_lost AS began_active,
                       live.entered_at AS live_at,
                       live.origin AS live_origin,
                       live.stage_id AS live_stage_id,
                       live.team_id AS live_team_id,
                       live.user_id AS live_user_id
                  FROM (
                        SELECT told.*,
                               NOT told.active AND (
                                   told.is_lost AND told.toggled_at IS NULL
                                   OR EXISTS (
                                       SELECT FROM event
                                        WHERE event.lead_id = told.lead_id
                                          AND event.at <= told.toggled_at
                                          AND event.field = 'won_status'
                                   )
                               ) AS is_born_lost
                          FROM told
                       ) told
             LEFT JOIN LATERAL (
                        SELECT *
                          FROM crm_lead_stage_history stay
                         WHERE stay.lead_id = told.lead_id
                      ORDER BY stay.entered_at, stay.left_at, stay.id
                         LIMIT 1
                       ) live ON TRUE
            ),
            point AS (
                SELECT event.lead_id, event.at,
                       %(changes)s,
                       BOOL_OR(event.field = 'type') AS is_converted,
                       BOOL_OR(event.field = 'won_status')
                       AND NOT BOOL_OR(event.field = 'stage_id') AS is_judged,
                       (%(reason)s)[2] AS lost_reason_id
                  FROM event
                  JOIN story ON story.lead_id = event.lead_id
                 WHERE event.at < COALESCE(story.live_at, 'infinity')
              GROUP BY event.lead_id, event.at
                 UNION ALL
                SELECT story.lead_id, story.began_at, %(nothing)s
                  FROM story
                 WHERE story.began_at < COALESCE(story.live_at, 'infinity')
                   AND NOT EXISTS (
                        SELECT FROM event
                         WHERE event.lead_id = story.lead_id AND event.at = story.began_at
                   )
                 UNION ALL
                SELECT story.lead_id,
                       GREATEST(story.archived_at, story.began_at + INTERVAL '1 microsecond'),
                       %(archived)s
                  FROM story
                 WHERE story.archived_at < COALESCE(story.live_at, 'infinity')
                 UNION ALL
                SELECT story.lead_id, story.began_at + INTERVAL '1 microsecond', %(born_lost)s
                  FROM story
                 WHERE story.is_born_lost
                   AND story.began_at < COALESCE(story.live_at, 'infinity')
            )
            """,
            leads=lead_ids,
            stage=self._before_sql("stage_id"),
            team=self._before_sql("team_id"),
            user=self._before_sql("user_id"),
            active=self._before_active_sql(),
            changes=SQL(", ").join(
                SQL("%s AS %s", self._latest_sql(name), SQL.identifier(name))
                for name in ("stage_id", "team_id", "user_id", "active")
            ),
            reason=self._latest_sql("lost_reason_id"),
            nothing=SQL("%s, FALSE, FALSE, NULL::int", SQL(", ").join([_UNCHANGED] * 4)),
            archived=SQL(
                "%s, ARRAY[0, NULL::int], FALSE, FALSE, NULL::int",
                SQL(", ").join([_UNCHANGED] * 3),
            ),
            born_lost=SQL(
                "%s, ARRAY[0, NULL::int], FALSE, TRUE, NULL::int",
                SQL(", ").join([_UNCHANGED] * 3),
            ),
        )

    def _latest_sql(self, name):
        """The last change of a field among events of one moment: the event and the new value.

        The greatest array is that of the greatest id; to sort for each group takes much longer.
        """
        return SQL(
            "MAX(ARRAY[event.id, event.new]) FILTER (WHERE event.field = %s)",
            name,
        )

    def _before_sql(self, name):
        """The value of a field before its first tracked change, else the present one."""
        return SQL(
            "CASE WHEN COUNT(*) FILTER (WHERE event.field = %(name)s) > 0"
            " THEN (ARRAY_AGG(event.old ORDER BY event.at, event.id)"
            " FILTER (WHERE event.field = %(name)s))[1]"
            " ELSE %(present)s END",
            name=name,
            present=SQL.identifier("lead", name),
        )

    def _before_active_sql(self):
        """Whether the lead began active; one that the chatter says nothing of is taken to.

        Losing a lead sets its closing date, creating it as lost does not.
        """
        return SQL(
            "CASE WHEN COUNT(event.id) = 0 THEN TRUE"
            " WHEN COUNT(*) FILTER (WHERE event.field = 'active') = 0"
            " THEN lead.active OR lead.date_closed IS NOT NULL"
            " ELSE (ARRAY_AGG(event.old ORDER BY event.at, event.id)"
            " FILTER (WHERE event.field = 'active'))[1] IS NOT NULL END"
        )
