from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .crm_team_member import GRADES, SALES_ROLES

KINDS = [
    ("outgoing_call", "Outgoing Call"),
    ("incoming_call", "Incoming Call"),
    ("meeting", "Meeting"),
    ("visit", "Visit"),
    ("warm_contact", "Warm Contact"),
    ("material", "Material Sent"),
]
CALLS = ("outgoing_call", "incoming_call")

COUNTS_AS = [
    ("effective_call", "Effective Call"),
    ("held_meeting", "Held Meeting"),
    ("productive_meeting", "Productive Meeting"),
    ("warm_contact", "Warm Contact"),
    ("visit", "Visit"),
]


class CrmContactLog(models.Model):
    """Contacts with clients: who talked to whom, what was agreed, and what it counts as.

    What a contact counts as is decided by the system, see :mod:`.crm_contact_log_count`.
    """

    _name = "crm.contact.log"
    _description = "Contact with a Client"
    _order = "date desc, id desc"
    _check_company_auto = True

    kind = fields.Selection(KINDS, required=True, default="outgoing_call")
    date = fields.Datetime(
        "When", required=True, default=fields.Datetime.now, help="When you talked to the client."
    )
    user_id = fields.Many2one(
        "res.users",
        "Manager",
        required=True,
        default=lambda self: self.env.user,
        ondelete="restrict",
    )
    lead_id = fields.Many2one("crm.lead", "Deal", ondelete="set null", check_company=True)
    partner_id = fields.Many2one(
        "res.partner",
        "Client",
        compute="_compute_partner_id",
        store=True,
        readonly=False,
        precompute=True,
        ondelete="set null",
        help="The organisation, or the person who is a client.",
    )
    contact_id = fields.Many2one(
        "res.partner",
        "With Whom",
        compute="_compute_contact_id",
        store=True,
        readonly=False,
        precompute=True,
        ondelete="set null",
        help="The person you talked to.",
    )
    is_in_person = fields.Boolean(
        "Talked to Them",
        default=True,
        help="You talked to the person themselves, not to somebody who answered for them.",
    )
    result = fields.Char(help="What came out of it, in one sentence.")
    is_interested = fields.Boolean("Client Interested")
    progress = fields.Char(
        "Progress Agreed",
        help="The joint next action the client agreed to: a proposal, a survey on site, "
        "a commercial offer, another meeting.",
    )
    progress_date = fields.Date("Progress Due")
    state = fields.Selection(
        [("to_confirm", "To Be Confirmed"), ("done", "Logged")],
        "Status",
        default="done",
        required=True,
        help="Calls and meetings that Odoo knows of wait to be confirmed; they count from then on.",
    )

    company_id = fields.Many2one(
        "res.company",
        compute="_compute_company_id",
        store=True,
        precompute=True,
        required=True,
    )
    organisation_id = fields.Many2one(
        "res.partner",
        readonly=True,
        ondelete="set null",
        help="The company the person belonged to at the time.",
    )
    position = fields.Char(readonly=True, help="The person's position at the time.")
    day = fields.Date(readonly=True, help="The day of the contact in the company's time zone.")
    week_start = fields.Date(
        "Week",
        readonly=True,
        help="Monday of the week of the contact, in the company's time zone.",
    )
    team_id = fields.Many2one("crm.team", "Sales Team", readonly=True, ondelete="set null")
    sales_role = fields.Selection(SALES_ROLES, "Role", readonly=True)
    grade = fields.Selection(GRADES, readonly=True)
    stage_id = fields.Many2one(
        "crm.stage",
        readonly=True,
        ondelete="set null",
        help="The stage the deal stood on at the time.",
    )
    counts_as = fields.Selection(
        COUNTS_AS,
        readonly=True,
        help="What the contact counts as towards the norms. Decided by the system.",
    )

    # -- computes -----------------------------------------------------------------------------

    @api.depends("contact_id", "lead_id")
    def _compute_partner_id(self):
        for log in self:
            person = log.contact_id or log.lead_id.partner_id
            log.partner_id = person.commercial_partner_id or log.partner_id

    @api.depends("lead_id")
    def _compute_contact_id(self):
        for log in self:
            person = log.lead_id.partner_id
            if not log.contact_id and person and not person.is_company:
                log.contact_id = person

    @api.depends("lead_id", "user_id")
    def _compute_company_id(self):
        for log in self:
            log.company_id = log.lead_id.company_id or log.company_id or self.env.company

    @api.constrains("date")
    def _check_date(self):
        now = fields.Datetime.now()
        if any(log.state == "done" and log.date > now for log in self):
            raise ValidationError(
                self.env._("A contact is logged when it has happened. Plan an activity instead.")
            )
