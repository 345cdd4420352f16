"""What stock Odoo notes in the chatter of the drawn opportunities, and the best SQL over that."""

import databases

from odoo.tools import SQL

# Covering indexes: PostgreSQL reads of them all that the figure needs of a tracked change.
_INDEXES = {
    "bench_tracking_idx": SQL(
        "mail_tracking_value (field_id, mail_message_id) INCLUDE (new_value_integer, create_date)"
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


def conversion(env, team, stages, spam_reason, period):
    """Entries and passages by manager and transition, from the chatter alone.

    Each lead's first moment in each stage is gathered in one pass. Handovers are left out of
    account: a lead counts for its present manager, which makes this faster than it should be.

    :param dict period: the board's own ``period``
    """
    return SQL(
        """
        WITH way AS (
            SELECT message.res_id AS lead_id,
                   MAX(array_position(%(stages)s, value.new_value_integer)) AS furthest,
                   %(moments)s
              FROM mail_tracking_value value
              JOIN mail_message message
                ON message.id = value.mail_message_id AND message.model = 'crm.lead'
             WHERE value.field_id = %(field)s
          GROUP BY message.res_id
        )
        SELECT lead.user_id, entry.rank,
               COUNT(*), COUNT(*) FILTER (WHERE way.furthest > entry.rank)
          FROM crm_lead lead
     LEFT JOIN way ON way.lead_id = lead.id
    CROSS JOIN LATERAL (VALUES (1, lead.create_date), %(entries)s) AS entry(rank, at)
         WHERE lead.team_id = %(team)s
           AND lead.type = 'opportunity'
           AND entry.at >= %(begin)s
           AND entry.at < %(end)s
           AND (
               lead.lost_reason_id IS DISTINCT FROM %(spam)s
               OR way.furthest > entry.rank
           )
      GROUP BY lead.user_id, entry.rank
        """,
        stages=stages.ids,
        moments=SQL(", ").join(
            SQL(
                "MIN(value.create_date) FILTER (WHERE value.new_value_integer = %s) AS %s",
                stage.id,
                SQL.identifier(f"at_{rank}"),
            )
            for rank, stage in enumerate(stages[1:-1], 2)
        ),
        entries=SQL(", ").join(
            SQL("(%s, %s)", rank, SQL.identifier("way", f"at_{rank}"))
            for rank in range(2, len(stages))
        ),
        field=env["ir.model.fields"]._get("crm.lead", "stage_id").id,
        team=team.id,
        spam=spam_reason.id,
        **period,
    )
