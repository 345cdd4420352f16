from odoo import api, fields, models
from odoo.tools import SQL, split_every
from odoo.tools.sql import column_exists

from ..tools import questionnaire

_BATCH = 10_000
_PENDING = "pending"
_PROPERTIES = "properties"
_REOPENING_FIELDS = {"active", "probability", "stage_id"}


class CrmLead(models.Model):
    """The client's needs: the questions of the team, answered on the lead."""

    _inherit = "crm.lead"

    # Whenever a lead changes teams, tracking reads both: together, they cost one query.
    lead_properties = fields.Properties(prefetch=_PROPERTIES)
    questionnaire = fields.Properties(
        "Needs Questionnaire",
        definition="team_id.questionnaire_definition",
        prefetch=_PROPERTIES,
        copy=True,
        help="What the client needs. A number of 0 counts as not answered; a checkbox is "
        "answered either way.",
    )
    is_questionnaire_complete = fields.Boolean(
        "Questionnaire Complete",
        compute="_compute_is_questionnaire_complete",
        store=True,
        help="Every question of the team is answered. A team without questions has none open. "
        "A number of 0 counts as not answered; a checkbox is answered either way.",
    )
    questionnaire_progress = fields.Char(
        "Questions Answered",
        compute="_compute_questionnaire_progress",
        help="How many of the team's questions are answered.",
    )
    has_questionnaire = fields.Boolean(compute="_compute_questionnaire_progress")

    # -- computes -----------------------------------------------------------------------------

    @api.depends("questionnaire", "team_id")
    def _compute_is_questionnaire_complete(self):
        """Deals in work follow their team's questions, see :meth:`_refresh_questionnaires`."""
        for lead in self:
            lead.is_questionnaire_complete = not lead._open_questions()

    @api.depends("questionnaire", "team_id.questionnaire_definition")
    def _compute_questionnaire_progress(self):
        for lead in self:
            total = len(questionnaire.questions(lead._questions()))
            lead.has_questionnaire = bool(lead._questions())
            lead.questionnaire_progress = (
                self.env._(
                    "%(answered)s of %(total)s",
                    answered=total - len(lead._open_questions()),
                    total=total,
                )
                if total
                else False
            )

    def _questions(self):
        return self.team_id.sudo().questionnaire_definition or []

    def _open_questions(self):
        """Definitions of the questions that are not answered."""
        definition = self._questions()
        # Reading one answer by its name would convert all of them each time.
        return definition and questionnaire.gaps(definition, self.questionnaire._values)

    def _questionnaire_gaps(self):
        """Questions of the team that are not answered on the lead, as people read them."""
        self.ensure_one()
        return [question.get("string") or question["name"] for question in self._open_questions()]

    # -- ORM ----------------------------------------------------------------------------------

    def _auto_init(self):
        """Add the columns without a look at every lead: no team has questions yet."""
        cr = self.env.cr
        if not column_exists(cr, "crm_lead", "is_questionnaire_complete"):
            cr.execute(
                SQL(
                    """
                    ALTER TABLE crm_lead
                     ADD COLUMN questionnaire jsonb,
                     ADD COLUMN is_questionnaire_complete boolean DEFAULT TRUE
                    """
                )
            )
            cr.execute(
                SQL("ALTER TABLE crm_lead ALTER COLUMN is_questionnaire_complete DROP DEFAULT")
            )
        return super()._auto_init()

    def write(self, vals):
        if _REOPENING_FIELDS.isdisjoint(vals) or not self.env["crm.team"]._teams_with_questions():
            return super().write(vals)
        closed = self.filtered(lambda lead: lead.won_status != _PENDING)
        result = super().write(vals)
        reopened = closed.filtered(lambda lead: lead.won_status == _PENDING)
        if reopened:
            self.env.add_to_compute(self._fields["is_questionnaire_complete"], reopened)
        return result

    @api.model
    def _refresh_questionnaires(self, teams):
        """Let deals in work follow changed questions; those closed keep what they had.

        :param teams: sales teams whose questions changed
        """
        self.flush_model(["team_id", "won_status", "questionnaire", "is_questionnaire_complete"])
        for team in teams:
            rows = self.env.execute_query(
                SQL(
                    """
                    SELECT id, questionnaire, COALESCE(is_questionnaire_complete, FALSE)
                      FROM crm_lead
                     WHERE team_id = %s AND COALESCE(won_status, %s) = %s
                    """,
                    team.id,
                    _PENDING,
                    _PENDING,
                )
            )
            definition = team.sudo().questionnaire_definition
            for is_complete in (True, False):
                changed = [
                    lead_id
                    for lead_id, answers, was_complete in rows
                    if was_complete != is_complete
                    and (not questionnaire.gaps(definition, answers)) == is_complete
                ]
                self._set_questionnaire_complete(changed, is_complete)

    def _set_questionnaire_complete(self, lead_ids, is_complete):
        for batch in split_every(_BATCH, lead_ids):
            self.env.cr.execute(
                SQL(
                    "UPDATE crm_lead SET is_questionnaire_complete = %s WHERE id = ANY(%s)",
                    is_complete,
                    list(batch),
                )
            )
        leads = self.browse(lead_ids)
        leads.invalidate_recordset(["is_questionnaire_complete"])
        leads.modified(["is_questionnaire_complete"])
