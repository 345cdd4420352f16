from odoo import api, fields, models

from ..tools.contacts import is_full_name
from .crm_team_member import GRADES, SALES_ROLES


class CrmContactLog(models.Model):
    """The circumstances a contact is judged by.

    The manager's team and role, the person's position and the like are those of the moment: they
    are taken down when a contact is logged, and anew when it is edited.
    """

    _inherit = "crm.contact.log"

    company_id = fields.Many2one(
        "res.company",
        compute="_compute_company_id",
        store=True,
        precompute=True,
        required=True,
    )
    team_id = fields.Many2one(
        "crm.team",
        "Sales Team",
        compute="_compute_team_id",
        store=True,
        precompute=True,
        ondelete="set null",
        help="The team the manager worked for: the deal's, or the manager's own.",
    )
    sales_role = fields.Selection(
        SALES_ROLES, "Role", compute="_compute_role", store=True, precompute=True
    )
    grade = fields.Selection(GRADES, compute="_compute_role", store=True, precompute=True)
    stage_id = fields.Many2one(
        "crm.stage",
        compute="_compute_stage_id",
        store=True,
        precompute=True,
        ondelete="set null",
        help="The stage the deal stood on when the contact was logged.",
    )
    day = fields.Date(
        compute="_compute_day",
        store=True,
        precompute=True,
        help="The day of the contact in the company's time zone.",
    )
    week_start = fields.Date(
        "Week",
        compute="_compute_day",
        store=True,
        precompute=True,
        help="Monday of the week of the contact, in the company's time zone.",
    )
    organisation_id = fields.Many2one(
        "res.partner",
        "Organisation at the Time",
        compute="_compute_person",
        store=True,
        precompute=True,
        ondelete="set null",
        help="The company the person belonged to at the time.",
    )
    position = fields.Char(
        "Position at the Time",
        compute="_compute_person",
        store=True,
        precompute=True,
        help="The person's position at the time.",
    )
    was_decision_maker = fields.Boolean(compute="_compute_person", store=True, precompute=True)
    had_full_name = fields.Boolean(compute="_compute_person", store=True, precompute=True)
    person_key = fields.Integer(
        compute="_compute_person",
        store=True,
        precompute=True,
        aggregator=None,
        help="Tells persons apart, also after they were deleted.",
    )
    had_deal = fields.Boolean(compute="_compute_had_questionnaire", store=True, precompute=True)
    had_questionnaire = fields.Boolean(
        compute="_compute_had_questionnaire", store=True, precompute=True
    )
    was_client = fields.Boolean(compute="_compute_was_client", store=True, precompute=True)

    # -- computes -----------------------------------------------------------------------------

    @api.depends("lead_id", "user_id", "team_id")
    def _compute_company_id(self):
        """The deal's, else the one the manager works for, as in ledger and norms."""
        for log in self:
            works_for = log.team_id.company_id or log.user_id.sudo().company_id
            is_open = works_for in self.env.companies
            log.company_id = log.lead_id.company_id or (works_for if is_open else self.env.company)

    @api.depends("lead_id", "user_id")
    def _compute_team_id(self):
        for log in self:
            user, team = log.user_id, log.lead_id.team_id
            is_own = team and team in user.sudo().crm_team_ids
            log.team_id = team if is_own else user.sudo().sale_team_id or team

    @api.depends("user_id", "team_id", "company_id")
    def _compute_role(self):
        keys = {log: (log.team_id.id, log.user_id.id, log.company_id.id or None) for log in self}
        found = self.env["crm.lead.stage.history"].sudo()._circumstances(list(keys.values()))
        for log, key in keys.items():
            log.sales_role, log.grade = found[key].sales_role, found[key].grade

    @api.depends("lead_id")
    def _compute_stage_id(self):
        for log in self:
            log.stage_id = log.lead_id.stage_id

    @api.depends("date", "company_id")
    def _compute_day(self):
        for log in self:
            log.day = log.date and (log.company_id or self.env.company)._funnel_date(log.date)
            log.week_start = log.day and fields.Date.start_of(log.day, "week")

    @api.depends("contact_id", "partner_id")
    def _compute_person(self):
        for log in self:
            person = log.contact_id
            log.organisation_id = (person or log.partner_id).commercial_partner_id
            log.position = person.function
            log.was_decision_maker = person.is_decision_maker
            log.had_full_name = is_full_name(person.name)
            log.person_key = person.id

    @api.depends("lead_id")
    def _compute_had_questionnaire(self):
        for log in self:
            log.had_deal = bool(log.lead_id)
            log.had_questionnaire = log.lead_id.is_questionnaire_complete

    @api.depends("organisation_id", "date", "company_id")
    def _compute_was_client(self):
        firsts = self.env["res.partner"]._first_sales(self.organisation_id, self.company_id)
        for log in self:
            first = firsts.get((log.organisation_id.id, log.company_id.id))
            log.was_client = bool(first and log.date and first <= log.date)
