from datetime import datetime, timedelta
from operator import itemgetter
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL, groupby, split_every

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
    change: stays.Change
    came_back: bool  # to where it was within the grace time
    undone_stay_id: int | None = None


class _Told(NamedTuple):
    """A stay as the ledger tells it."""

    stay_id: int
    stage_id: int | None
    team_id: int | None
    user_id: int | None
    exit: str
    lost_reason_id: int | None
    counts: bool
    reached_next: bool
    entered_at: datetime
    left_at: datetime | None

    @property
    def stay(self):
        return stays.Stay(*self[1:6])

    def visit(self, is_spam):
        return stays.Visit(
            self.stay_id,
            self.stage_id,
            self.exit,
            self.counts,
            self.reached_next,
            is_spam,
        )


# Where in a row of _differences the lead begins, its stay, and what else of the lead is kept.
_LEAD = 2
_STAY = _LEAD + len(stays.Lead._fields)
_SNAPSHOT = _STAY + len(_Told._fields)


class CrmLeadStageHistory(models.Model):
    """Keeps the ledger in step with the leads.

    Leads that changed are noted, with the moment, and the ledger follows once for all of them:
    before the transaction is committed, or as soon as somebody reads the ledger. It asks only
    how the leads are now: it does not matter through which writes they came there. One query
    reads them with their stays, one statement writes what :mod:`~..tools.stays` says.
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
        for batch in split_every(_CATCH_UP_BATCH, noted.items(), dict):
            differences = self._differences(batch, self._undo_grace())
            changes = self._apply(differences)
            self.env["crm.lead.refusal"]._follow(changes)
            self.env["crm.lead.refusal"]._follow_undone(
                [difference for difference in differences if difference.undone_stay_id]
            )
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
        differences = self._differences(self._differing(condition, limit))
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

    def _differing(self, condition, limit=None):
        """Leads whose latest stay does not mirror them, told apart without reading all of them.

        :param SQL condition: on the alias ``lead``
        :return: when each came to differ, as far as the lead tells, by lead id
        """
        return dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT lead.id, %(moment)s
                      FROM (
                            SELECT *,
                                   active AND type = 'opportunity' AND stage_id IS NOT NULL
                                   AS in_funnel,
                                   NOT active AND COALESCE(probability, 0) = 0 AS is_lost
                              FROM crm_lead
                           ) lead
                 LEFT JOIN LATERAL (
                            SELECT *
                              FROM crm_lead_stage_history visit
                             WHERE visit.lead_id = lead.id
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
                       AND (%(condition)s)
                  ORDER BY lead.id
                     LIMIT %(limit)s
                    """,
                    moment=self._known_moment_sql(),
                    condition=condition,
                    limit=limit,
                )
            )
        )

    def _differences(self, moments, grace=0):
        """What the latest stays of some leads do not mirror.

        The stays are looked up by the index, which ``OFFSET 0`` sees to: to weigh another way
        PostgreSQL would take several times as long as the query itself.

        :param dict moments: when each lead came to differ, by lead id
        :param grace: minutes within which a drag can be undone
        :return: list of :class:`_Difference`, its moment not before the stay's beginning
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT lead.id, lead.company_id,
                       lead.stage_id, lead.team_id, lead.user_id,
                       lead.active AND lead.type = 'opportunity' AND lead.stage_id IS NOT NULL,
                       NOT lead.active AND COALESCE(lead.probability, 0) = 0,
                       lead.lost_reason_id,
                       stay.id, stay.stage_id, stay.team_id, stay.user_id, stay.exit,
                       stay.lost_reason_id, stay.is_cohort, stay.reached_next,
                       stay.entered_at, stay.left_at,
                       %(snapshot)s
                  FROM crm_lead lead
             LEFT JOIN LATERAL (
                        SELECT id, stage_id, team_id, user_id, exit, lost_reason_id,
                               is_cohort, reached_next, entered_at, left_at
                          FROM crm_lead_stage_history
                         WHERE lead_id = lead.id
                        OFFSET 0
                       ) stay ON TRUE
                 WHERE lead.id = ANY(%(leads)s)
                   AND (lead.type = 'opportunity' OR stay.id IS NOT NULL)
              ORDER BY lead.id, stay.entered_at, stay.left_at, stay.id
                """,
                snapshot=self._lead_snapshot_sql(),
                leads=list(moments),
            )
        )
        differences = [
            self._difference(of_lead, moments[lead_id], timedelta(minutes=grace))
            for lead_id, of_lead in groupby(rows, itemgetter(0))
        ]
        differences = [difference for difference in differences if difference.change]
        return self._with_undone(differences, grace) if grace else differences

    def _difference(self, rows, at, grace):
        """What has become of one lead since its latest stay.

        :param rows: the lead beside each of its stays, in their order; or beside none
        """
        lead_id, company_id = rows[-1][:_LEAD]
        lead = stays.Lead(*rows[-1][_LEAD:_STAY])
        told = [_Told(*row[_STAY:_SNAPSHOT]) for row in rows if row[_STAY]]
        last = told[-1] if told else None
        return _Difference(
            lead_id,
            lead,
            company_id,
            rows[-1][_SNAPSHOT:],
            max(at, last.entered_at) if last else at,
            last and last.stay_id,
            last and last.stay,
            [
                stay.visit(self._is_spam(stay.lost_reason_id))
                for stay in told
                if stay.team_id == lead.team_id
            ],
            stays.changes(lead, last and last.stay, self.env["crm.stage"]._funnel(lead.team_id)),
            came_back=lead.in_funnel
            and last is not None
            and last.left_at is None
            and any(
                stay.left_at
                and stay.left_at >= at - grace
                and (stay.stage_id, stay.team_id, stay.user_id) == lead[:3]
                for stay in told
            ),
        )

    def _is_spam(self, reason_id):
        """Whether a stay that was lost for this reason never was a client's.

        Most stays have none: leads that were never lost cost no look at the reasons.
        """
        return reason_id is not None and reason_id in self.env["crm.lost.reason"]._spam_ids()

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
        return SQL("%s > %s", self._place_sql(SQL("later")), self._place_sql(SQL("former")))

    @api.model
    def _undo_grace(self):
        """Minutes within which a drag that is undone leaves no trace."""
        value = (
            self.env["ir.config_parameter"]
            .sudo()
            .get_param("sales_funnel_control.undo_grace_minutes", "5")
        )
        return int(value or 0)
