"""What stock Odoo notes in the chatter of the drawn opportunities, and the best SQL over that."""

import databases

from odoo.tools import SQL

# Covering indexes: PostgreSQL reads of them all that the figure needs of a tracked change.
_INDEXES = {
    "bench_tracking_idx": SQL(
        "mail_tracking_value (field_id, mail_message_id)"
        " INCLUDE (new_value_integer, old_value_integer, create_date)"
    ),
    "bench_message_idx": SQL("mail_message (id) INCLUDE (res_id) WHERE model = 'crm.lead'"),
}


def fill(env, won_stage):
    """The messages of the drawn stays, and the changes they track, as Odoo would have them."""
    with databases.unindexed(env.cr, "mail_message", "mail_tracking_value"):
        _draw_messages(env, won_stage)
        _fill_messages(env)
        _fill_tracking(env)
    for table in ("mail_message", "mail_tracking_value"):
        env.cr.execute(
            SQL(
                "SELECT setval(%s, MAX(id)) FROM %s",
                f"{table}_id_seq",
                SQL.identifier(table),
            )
        )


def _draw_messages(env, won_stage):
    """One row per message, in a temporary table: its lead, moment, kind and what changed."""
    env.cr.execute(
        SQL(
            """
            CREATE TEMPORARY TABLE drawn_message ON COMMIT DROP AS
            SELECT (SELECT MAX(id) FROM mail_message) + row_number() OVER (ORDER BY at, lead_id)
                   AS id,
                   event.*
              FROM (
                    SELECT lead_id, begun_at AS at, 'create' AS kind, user_id, successor_id,
                           stage_id, next_stage_id, lost_reason_id
                      FROM drawn_stay
                     WHERE rank = 1
                     UNION ALL
                    SELECT lead_id, left_at,
                           CASE WHEN exit = 'refused' THEN 'lost'
                                WHEN next_stage_id = %(won_stage)s THEN 'won'
                                ELSE 'stage'
                           END,
                           user_id, successor_id, stage_id, next_stage_id, lost_reason_id
                      FROM drawn_stay
                     WHERE left_at IS NOT NULL
                     UNION ALL
                    SELECT lead_id, handed_at, 'handed', user_id, successor_id,
                           stage_id, next_stage_id, lost_reason_id
                      FROM drawn_stay
                     WHERE handed_at IS NOT NULL
                   ) event
            """,
            won_stage=won_stage.id,
        )
    )


def _fill_messages(env):
    kinds = {kind: env.ref(f"crm.mt_lead_{kind}").id for kind in ("create", "stage", "won", "lost")}
    kinds["handed"] = env.ref("mail.mt_note").id
    env.cr.execute(
        SQL(
            """
            INSERT INTO mail_message (
                id, res_id, model, message_type, subtype_id, record_company_id, author_id,
                email_from, reply_to, message_id, body, is_internal, email_add_signature,
                date, create_date, write_date, create_uid, write_uid
            )
            SELECT message.id, message.lead_id, 'crm.lead', 'notification', kind.subtype_id,
                   %(company)s, users.partner_id, users.login, users.login,
                   '<' || message.id || '-openerp-' || message.lead_id || '-crm.lead@benchmark>',
                   CASE WHEN message.kind = 'create' THEN '<p>Opportunity created</p>' ELSE '' END,
                   message.kind = 'handed', TRUE,
                   message.at, message.at, message.at, message.user_id, message.user_id
              FROM drawn_message message
              JOIN res_users users ON users.id = message.user_id
              JOIN unnest(%(kinds)s, %(subtypes)s) AS kind(name, subtype_id)
                ON kind.name = message.kind
            """,
            company=env.company.id,
            kinds=list(kinds),
            subtypes=list(kinds.values()),
        )
    )


def _fill_tracking(env):
    fields = {
        name: env["ir.model.fields"]._get("crm.lead", name).id
        for name in ("stage_id", "user_id", "active", "won_status", "lost_reason_id")
    }
    env.cr.execute(
        SQL(
            """
            INSERT INTO mail_tracking_value (
                mail_message_id, field_id, old_value_integer, new_value_integer,
                old_value_char, new_value_char, create_date, write_date, create_uid, write_uid
            )
            SELECT message.id, change.field_id, change.old, change.new,
                   change.old_name, change.new_name,
                   message.at, message.at, message.user_id, message.user_id
              FROM drawn_message message
         LEFT JOIN crm_stage stage ON stage.id = message.stage_id
         LEFT JOIN crm_stage next_stage ON next_stage.id = message.next_stage_id
         LEFT JOIN crm_lost_reason reason ON reason.id = message.lost_reason_id
         LEFT JOIN res_users users ON users.id = message.user_id
         LEFT JOIN res_users successor ON successor.id = message.successor_id
              JOIN LATERAL (
                    VALUES
                    (ARRAY['stage', 'won'], %(stage_id)s, stage.id, next_stage.id,
                     stage.name->>'en_US', next_stage.name->>'en_US'),
                    (ARRAY['won'], %(won_status)s, NULL, NULL, 'Pending', 'Won'),
                    (ARRAY['lost'], %(active)s, 1, 0, NULL, NULL),
                    (ARRAY['lost'], %(lost_reason_id)s, 0, reason.id, '', reason.name->>'en_US'),
                    (ARRAY['lost'], %(won_status)s, NULL, NULL, 'Pending', 'Lost'),
                    (ARRAY['handed'], %(user_id)s, users.id, successor.id,
                     users.login, successor.login)
                   ) AS change(kinds, field_id, old, new, old_name, new_name)
                ON message.kind = ANY(change.kinds)
            """,
            **fields,
        )
    )


def index(env):
    """Make the indexes without which the SQL over the chatter would be slower still."""
    for name, index in _INDEXES.items():
        env.cr.execute(SQL("CREATE INDEX IF NOT EXISTS %s ON %s", SQL.identifier(name), index))


def unindex(env):
    """Drop these indexes: stock Odoo does not keep them up."""
    for name in _INDEXES:
        env.cr.execute(SQL("DROP INDEX %s", SQL.identifier(name)))


def figures(env, team, stages, spam, period):
    """One statement for each figure of the board, from what stock Odoo keeps.

    :param dict period: ``begin`` and ``end``, and the ``first_week`` of the flow, UTC
    :rtype: dict[str, SQL]
    """
    fields = ("stage_id", "user_id", "active", "lost_reason_id")
    given = {
        **{name: env["ir.model.fields"]._get("crm.lead", name).id for name in fields},
        "team": team.id,
        "stages": stages.ids,
        "zone": env.company.funnel_tz if "funnel_tz" in env.company else "UTC",
        **period,
    }
    return {
        "conversion": _conversion(given, stages, spam),
        "standing": SQL(_STANDING, **given),
        "flow": SQL(_FLOW, **given),
        "refusals": SQL(_REFUSALS, **given),
    }


def _conversion(given, stages, spam):
    """Entries and passages by manager and rank of the stage entered.

    Each lead's first moment in each stage is gathered in one pass. An entry counts for whom the
    lead belonged to as it left the stage, and from the moment that it did.
    """
    ranks = range(2, len(stages))
    left_at = SQL("COALESCE(entry.left_at, 'infinity')")
    return SQL(
        """
        WITH way AS (
            SELECT message.res_id AS lead_id,
                   MAX(array_position(%(stages)s, value.new_value_integer)) AS furthest,
                   %(moments)s
              FROM mail_tracking_value value
              JOIN mail_message message
                ON message.id = value.mail_message_id AND message.model = 'crm.lead'
             WHERE value.field_id = %(stage_id)s
          GROUP BY message.res_id
        ),
        handed AS (
            SELECT message.res_id AS lead_id,
                   array_agg(value.create_date ORDER BY value.create_date) AS moments,
                   array_agg(value.old_value_integer ORDER BY value.create_date) AS former_ids
              FROM mail_tracking_value value
              JOIN mail_message message
                ON message.id = value.mail_message_id AND message.model = 'crm.lead'
             WHERE value.field_id = %(user_id)s
          GROUP BY message.res_id
        )
        SELECT CASE WHEN handed.lead_id IS NULL THEN lead.user_id
                    ELSE COALESCE(%(owner)s, lead.user_id)
               END AS owner_id,
               entry.rank,
               COUNT(*), COUNT(*) FILTER (WHERE way.furthest > entry.rank)
          FROM crm_lead lead
     LEFT JOIN way ON way.lead_id = lead.id
     LEFT JOIN handed ON handed.lead_id = lead.id
    CROSS JOIN LATERAL (VALUES %(entries)s) AS entry(rank, at, left_at)
         WHERE lead.team_id = %(team)s
           AND lead.type = 'opportunity'
           AND CASE WHEN handed.lead_id IS NULL THEN entry.at
                    ELSE GREATEST(entry.at, %(taken_over)s)
               END >= %(begin)s
           AND CASE WHEN handed.lead_id IS NULL THEN entry.at
                    ELSE GREATEST(entry.at, %(taken_over)s)
               END < %(end)s
           AND (
               lead.lost_reason_id IS DISTINCT FROM %(spam)s
               OR way.furthest > entry.rank
           )
      GROUP BY owner_id, entry.rank
        """,
        **given,
        spam=spam.id,
        moments=SQL(", ").join(
            SQL(
                "MIN(value.create_date) FILTER (WHERE value.new_value_integer = %s) AS %s",
                stages[rank - 1].id,
                SQL.identifier(f"at_{rank}"),
            )
            for rank in (*ranks, len(stages))
        ),
        entries=SQL(", ").join(
            [
                SQL("(1, lead.create_date, way.at_2)"),
                *(
                    SQL(
                        "(%s, %s, %s)",
                        rank,
                        SQL.identifier("way", f"at_{rank}"),
                        SQL.identifier("way", f"at_{rank + 1}"),
                    )
                    for rank in ranks
                ),
            ]
        ),
        owner=SQL(
            """
            (
                SELECT former_id
                  FROM unnest(handed.moments, handed.former_ids) AS handover(at, former_id)
                 WHERE handover.at >= %s
              ORDER BY handover.at
                 LIMIT 1
            )
            """,
            left_at,
        ),
        taken_over=SQL(
            "(SELECT MAX(at) FROM unnest(handed.moments) AS at WHERE at > entry.at AND at < %s)",
            left_at,
        ),
    )


_STANDING = """
    SELECT stage_id, user_id,
           COUNT(*),
           COUNT(*) FILTER (
               WHERE NOT EXISTS (
                         SELECT FROM mail_activity
                          WHERE res_model = 'crm.lead' AND res_id = lead.id AND active
                     )
                 AND NOT EXISTS (
                         SELECT FROM calendar_event
                          WHERE opportunity_id = lead.id AND active AND start >= NOW()
                     )
           ),
           COUNT(*) FILTER (
               WHERE date_last_stage_update < NOW() AT TIME ZONE 'UTC' - INTERVAL '14 days'
           ),
           COUNT(*) FILTER (
               WHERE create_date < NOW() AT TIME ZONE 'UTC' - INTERVAL '90 days'
           )
      FROM crm_lead lead
     WHERE active
       AND type = 'opportunity'
       AND team_id = %(team)s
       AND stage_id IN (SELECT id FROM crm_stage WHERE is_won IS NOT TRUE)
  GROUP BY stage_id, user_id
"""

# A lead that is lost leaves the stage on which it stands.
_FLOW = """
    SELECT stage_id,
           date_trunc('week', at AT TIME ZONE 'UTC' AT TIME ZONE %(zone)s) AS week,
           COUNT(*), COUNT(*) FILTER (WHERE is_advanced)
      FROM (
            SELECT CASE WHEN value.field_id = %(stage_id)s THEN value.old_value_integer
                        ELSE lead.stage_id
                   END AS stage_id,
                   value.create_date AS at,
                   value.field_id = %(stage_id)s
                   AND array_position(%(stages)s, value.new_value_integer)
                       > array_position(%(stages)s, value.old_value_integer) AS is_advanced
              FROM mail_tracking_value value
              JOIN mail_message message
                ON message.id = value.mail_message_id AND message.model = 'crm.lead'
              JOIN crm_lead lead ON lead.id = message.res_id AND lead.team_id = %(team)s
             WHERE value.field_id IN (%(stage_id)s, %(active)s)
               AND value.create_date >= %(first_week)s
               AND value.create_date < %(end)s
           ) passage
  GROUP BY stage_id, week
"""

_REFUSALS = """
    SELECT value.new_value_integer, COUNT(*)
      FROM mail_tracking_value value
      JOIN mail_message message
        ON message.id = value.mail_message_id AND message.model = 'crm.lead'
      JOIN crm_lead lead ON lead.id = message.res_id AND lead.team_id = %(team)s
     WHERE value.field_id = %(lost_reason_id)s
       AND value.create_date >= %(begin)s
       AND value.create_date < %(end)s
  GROUP BY value.new_value_integer
"""
