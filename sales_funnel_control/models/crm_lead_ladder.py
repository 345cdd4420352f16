from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

LADDER_RUNGS = [
    ("1_opportunity", "Opportunity"),
    ("2_appointment", "First Appointment"),
    ("3_in_work", "In Work № 3"),
    ("4_in_work", "In Work № 2"),
    ("5_in_work", "In Work № 1"),
    ("6_deal", "Deal"),
]


class CrmLead(models.Model):
    """The ladder: from a mere opportunity to a deal, by facts alone.

    A client is in work only with a next step that was agreed with them and whose day has not
    passed; on which of the three rungs is said by the work block of the stage. A first meeting in
    cold work is an appointment: the client is not in work before it took place.
    """

    _inherit = "crm.lead"

    ladder_rung = fields.Selection(
        LADDER_RUNGS,
        compute="_compute_ladder_rung",
        search="_search_ladder_rung",
        help="Opportunity: nothing is agreed with the client. First appointment: the first meeting "
        "is planned. In work: a dated next step is agreed with the client; № 3 in cold work, № 2 "
        "in negotiations, № 1 in closing, by the work block of the stage. Deal: won. "
        "Empty for what is lost or archived.",
    )

    @api.depends("next_step_state", "next_step_is_agreed", "stage_id", "type", "won_status")
    def _compute_ladder_rung(self):
        rungs = {}
        if self._origin:
            self._flush_for_ladder()
            rungs = dict(
                self.env.execute_query(
                    SQL(
                        "SELECT ladder.id, ladder.rung FROM (%s) ladder WHERE ladder.id = ANY(%s)",
                        self._ladder_sql(),
                        self._origin.ids,
                    )
                )
            )
        for lead in self:
            lead.ladder_rung = rungs.get(lead._origin.id)

    @api.model
    def _search_ladder_rung(self, operator, value):
        if operator != "in":
            return NotImplemented
        self._flush_for_ladder()
        rungs = [rung for rung in value if rung]
        found = self._rung_domain(SQL("ladder.rung = ANY(%s)", rungs))
        if False in value:
            found |= ~self._rung_domain(SQL("TRUE"))
        return found

    def _rung_domain(self, condition):
        self.env["crm.lead.stage.history"]._interpret()
        ladder = self._ladder_sql()
        return Domain(
            "id", "in", SQL("(SELECT ladder.id FROM (%s) ladder WHERE %s)", ladder, condition)
        )

    def _flush_for_ladder(self):
        self._flush_for_steps()
        self.env["crm.stage"].flush_model(["work_block"])

    @api.model
    def _ladder_sql(self):
        """Every opportunity on the ladder: its ``id`` and ``rung``."""
        return SQL(
            """
            SELECT lead.id, %(rung)s AS rung
              FROM %(open_leads)s
         LEFT JOIN crm_stage stage ON stage.id = lead.stage_id
        CROSS JOIN LATERAL (
                    SELECT EXISTS (
                        SELECT FROM crm_contact_log log
                         WHERE log.lead_id = lead.id
                           AND log.kind IN ('meeting', 'visit')
                           AND log.state = 'done'
                    ) AS has_met
                   ) past
        CROSS JOIN LATERAL (
                    SELECT COALESCE(BOOL_OR(step.is_visit AND NOT past.has_met), FALSE)
                           AS has_appointment,
                           COALESCE(
                               BOOL_OR(
                                   (past.has_met OR NOT step.is_visit OR stage.work_block > '1')
                                   AND %(is_agreed)s
                               ),
                               FALSE
                           ) AS is_in_work
                      FROM (%(steps)s) step
                     WHERE step.day >= today.day
                   ) planned
             WHERE lead.type = 'opportunity'
         UNION ALL
            SELECT won.id, '6_deal'
              FROM crm_lead won
             WHERE won.type = 'opportunity'
               AND won.won_status = 'won'
               AND won.active
            """,
            rung=SQL(
                """
                CASE WHEN planned.is_in_work
                     THEN CASE stage.work_block WHEN '3' THEN '5_in_work'
                                                WHEN '2' THEN '4_in_work'
                                                ELSE '3_in_work'
                          END
                     WHEN planned.has_appointment THEN '2_appointment'
                     ELSE '1_opportunity'
                END
                """
            ),
            open_leads=self._open_leads_from_sql(),
            is_agreed=self._step_is_agreed_sql(),
            steps=self._steps_sql(SQL("lead.id"), SQL("company.funnel_tz")),
        )
