from datetime import datetime, timedelta
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL, split_every

from ..tools import stays

_STAGE_MOVES = ("advanced", "skipped", "moved_back")
_MEND_BATCH = 2000
_CATCH_UP_BATCH = 10_000
_NOTED = "sales_funnel_control.noted_leads"


class _Difference(NamedTuple):
    """A lead whose latest stay does not mirror it, as the database tells it."""

    lead_id: int
    lead: stays.Lead
    company_id: int | None
    snapshot: tuple  # as _lead_snapshot_sql has it
    at: datetime
    stay_id: int | None
    stay: stays.Stay | None
    visits: list
    came_back: bool  # to where it was within the grace time
    undone_stay_id: int | None = None


class CrmLeadStageHistory(models.Model):
    """Keeps the ledger in step with the leads.

    Leads that changed are noted, with the moment, and the ledger follows once for all of them:
    before the transaction is committed, or as soon as somebody reads the ledger. It asks only
    how the leads are now: it does not matter through which writes they came there. One query
    finds the leads whose latest stay does not mirror them, one statement writes what
    :mod:`~..tools.stays` says.
    """

    _inherit = "crm.lead.stage.history"

    def _note_changed(self, leads):
        """Remember that ``leads`` changed just now, for :meth:`_catch_up`."""
        precommit = self.env.cr.precommit
        noted = precommit.data.setdefault(_NOTED, {})
        if not noted:
            precommit.add(self._catch_up)
        noted.update(dict.fromkeys(leads.ids, fields.Datetime.now()))
        self._forget_rows()

    def _is_noted(self, leads):
        return not self.env.cr.precommit.data.get(_NOTED, {}).keys().isdisjoint(leads.ids)

    @api.model
    def _catch_up(self):
        """Bring the stays of the leads noted in step with them, as of the noted moments."""
        noted = self.env.cr.precommit.data.pop(_NOTED, None)
        if not noted:
            return
        # All fields at once: what is left behind would be a second UPDATE of the same rows.
        self.env["crm.lead"].browse(noted).flush_recordset()
        for batch in split_every(_CATCH_UP_BATCH, noted.items()):
            lead_ids, moments = map(list, zip(*batch, strict=True))
            changed = SQL(
                """
                crm_lead lead
                JOIN unnest(%s::int[], %s::timestamp[]) AS noted(lead_id, at)
                  ON noted.lead_id = lead.id
                """,
                lead_ids,
                moments,
            )
            changes = self._apply(self._differences(changed, SQL("noted.at"), self._undo_grace()))
            self.env["crm.lead.refusal"]._follow(changes)
            self._announce(changes)

    def _sync(self, leads):
        """Bring the stays of ``leads`` in step with them, as of now."""
        self._note_changed(leads)
        self._catch_up()

    def _mend(self, condition, limit=None):
        """Bring leads in step that changed behind the ledger's back.

        What happened and when is not known, so the moment is the best the lead itself tells and
        the rows are marked as reconstructed.

        :param SQL condition: on the alias ``lead``
        :return: how many leads were mended
        """
        changed = SQL("crm_lead lead WHERE %s", condition)
        differences = self._differences(changed, self._known_moment_sql(), limit=limit)
        changes = self._apply([diff for diff in differences if diff.stay], reconstructed=True)
        self.env["crm.lead.refusal"]._follow(changes)
        self._backfill([diff.lead_id for diff in differences if not diff.stay])
        return len(differences)

    def _known_moment_sql(self):
        """When a change nobody saw came about, as far as the lead tells."""
        return SQL(
            """
            date_trunc('second', LEAST(
                CASE WHEN lead.active
                     THEN COALESCE(lead.date_last_stage_update, lead.create_date)
                     ELSE COALESCE(lead.date_closed, lead.write_date)
                 END,
                %s
            ))
            """,
            fields.Datetime.now(),
        )

    @api.model
    def _cron_mend(self):
        """Nightly: find leads whose stays no longer mirror them, and mend them."""
        cron = self.env["ir.cron"]
        self.env["crm.lead"].flush_model()
        while mended := self._mend(SQL("TRUE"), limit=_MEND_BATCH):
            if not cron._commit_progress(mended, remaining=mended == _MEND_BATCH):
                break
            if mended < _MEND_BATCH:
                break

    # -- what differs -------------------------------------------------------------------------

    def _differences(self, changed, moment, grace=0, limit=None):
        """Leads whose latest stay does not mirror them.

        :param SQL changed: what stands behind FROM, with the alias ``lead``
        :param SQL moment: when the difference came about, clamped to the stay's beginning
        :param int grace: minutes within which a drag can be undone
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT lead.id,
                       lead.company_id,
                       GREATEST(lead.changed_at, stay.entered_at),
                       stay.id,
                       stay.visits,
                       lead.in_funnel AND stay.left_at IS NULL AND stay.came_back,
                       lead.stage_id, lead.team_id, lead.user_id,
                       lead.in_funnel, lead.is_lost, lead.lost_reason_id,
                       stay.stage_id, stay.team_id, stay.user_id, stay.exit, stay.lost_reason_id,
                       %(snapshot)s
                  FROM (
                        SELECT lead.*, %(moment)s AS changed_at,
                               lead.active AND lead.type = 'opportunity'
                               AND lead.stage_id IS NOT NULL AS in_funnel,
                               NOT lead.active
                               AND COALESCE(lead.probability, 0) = 0 AS is_lost
                          FROM %(changed)s
                       ) lead
             LEFT JOIN LATERAL (
                        SELECT visit.*,
                               json_agg(
                                   json_build_array(
                                       visit.id, visit.stage_id, visit.exit, visit.is_cohort,
                                       visit.reached_next
                                   )
                               ) FILTER (
                                   WHERE visit.team_id IS NOT DISTINCT FROM lead.team_id
                               ) OVER way AS visits,
                               BOOL_OR(
                                   visit.left_at >= lead.changed_at - %(grace)s
                                   AND (visit.stage_id, visit.team_id, visit.user_id)
                                       IS NOT DISTINCT FROM
                                       (lead.stage_id, lead.team_id, lead.user_id)
                               ) OVER way AS came_back
                          FROM crm_lead_stage_history visit
                         WHERE visit.lead_id = lead.id
                        WINDOW way AS ()
                      ORDER BY visit.entered_at DESC, visit.left_at DESC, visit.id DESC
                         LIMIT 1
                       ) stay ON TRUE
                 WHERE CASE
                       WHEN lead.in_funnel
                       THEN stay.left_at IS NOT NULL OR stay.id IS NULL
                            OR (lead.stage_id, lead.team_id, lead.user_id)
                               IS DISTINCT FROM (stay.stage_id, stay.team_id, stay.user_id)
                       WHEN stay.id IS NULL
                       THEN lead.is_lost AND lead.type = 'opportunity'
                            AND lead.stage_id IS NOT NULL
                       ELSE stay.exit = 'still_there'
                            OR lead.is_lost
                            AND stay.exit IN ('refused', 'withdrawn')
                            AND (stay.exit, stay.lost_reason_id)
                                IS DISTINCT FROM ('refused', lead.lost_reason_id)
                       END
              ORDER BY lead.id
                 LIMIT %(limit)s
                """,
                moment=moment,
                changed=changed,
                grace=timedelta(minutes=grace),
                snapshot=self._lead_snapshot_sql(),
                limit=limit,
            )
        )
        differences = [
            _Difference(
                lead_id,
                stays.Lead(*row[:6]),
                company_id,
                row[11:],
                at,
                stay_id,
                stays.Stay(*row[6:11]) if stay_id else None,
                [stays.Visit(*visit) for visit in visits or ()],
                came_back,
            )
            for lead_id, company_id, at, stay_id, visits, came_back, *row in rows
        ]
        return self._with_undone(differences, grace) if grace else differences

    def _with_undone(self, differences, grace):
        """The same, with the stay to which a drag within the grace time leads back."""
        back = {diff.lead_id: diff.at for diff in differences if diff.came_back}
        if not back:
            return differences
        undone = dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT DISTINCT ON (former.lead_id) former.lead_id, former.id
                      FROM unnest(%(leads)s::int[], %(moments)s::timestamp[])
                           AS back(lead_id, at)
                      JOIN crm_lead lead ON lead.id = back.lead_id
                      JOIN crm_lead_stage_history former
                        ON former.lead_id = back.lead_id
                       AND former.left_at >= back.at - %(grace)s
                       AND former.origin <> 'skipped'
                       AND former.exit IN ('advanced', 'moved_back')
                       AND (former.stage_id, former.team_id, former.user_id)
                           IS NOT DISTINCT FROM (lead.stage_id, lead.team_id, lead.user_id)
                     WHERE NOT EXISTS (
                            SELECT FROM crm_lead_stage_history later
                             WHERE later.lead_id = former.lead_id
                               AND %(is_later)s
                               AND later.origin NOT IN %(moves)s
                           )
                  ORDER BY former.lead_id, former.entered_at, former.left_at, former.id
                    """,
                    leads=list(back),
                    moments=list(back.values()),
                    grace=timedelta(minutes=grace),
                    is_later=self._is_later_sql(),
                    moves=_STAGE_MOVES,
                )
            )
        )
        return [
            diff._replace(undone_stay_id=undone.get(diff.lead_id)) if diff.came_back else diff
            for diff in differences
        ]

    def _is_later_sql(self):
        """Whether the stay ``later`` comes after ``former``, in the order of the model."""
        return SQL(
            "(later.entered_at, COALESCE(later.left_at, 'infinity'), later.id)"
            " > (former.entered_at, COALESCE(former.left_at, 'infinity'), former.id)"
        )

    @api.model
    def _undo_grace(self):
        """Minutes within which a drag that is undone leaves no trace."""
        value = (
            self.env["ir.config_parameter"]
            .sudo()
            .get_param("sales_funnel_control.undo_grace_minutes", "5")
        )
        return int(value or 0)
